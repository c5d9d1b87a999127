package sim

import "net/http"

const (
	secureBootURI = systemURI + "/SecureBoot"
	resetKeysAt   = "/Actions/SecureBoot.ResetKeys"
)

var resetKeysTypes = []string{"ResetAllKeysToDefault", "DeleteAllKeys", "DeletePK"}

func (t table) addSecureBoot() {
	t[secureBootURI] = resource{get: (*Server).secureBoot, patchJob: (*Server).patchSecureBoot}
	t[secureBootURI+resetKeysAt] = action((*Server).resetKeys)
}

func (s *Server) secureBoot() doc {
	state := s.Attribute(biosFQDD, "SecureBoot")
	body := described(secureBootURI, "SecureBoot", "v1_1_0", "SecureBoot", "UEFI Secure Boot")
	body["Description"] = "UEFI Secure Boot"
	body["SecureBootEnable"] = state == "Enabled"
	body["SecureBootCurrentBoot"] = state
	body["SecureBootMode"] = "DeployedMode"
	body["Actions"] = doc{"#SecureBoot.ResetKeys": doc{
		"target": secureBootURI + resetKeysAt, "ResetKeysType@Redfish.AllowableValues": resetKeysTypes,
	}}
	return body
}

// patchSecureBoot changes the BIOS attribute of the same meaning, when the host boots.
func (s *Server) patchSecureBoot(body doc) (*job, error) {
	for name := range body {
		if name != "SecureBootEnable" {
			return nil, refusePatch(name, s.secureBoot())
		}
	}
	enable, err := flag(body, "SecureBootEnable", false)
	if err != nil {
		return nil, err
	}
	value := "Disabled"
	if enable {
		value = "Enabled"
	}
	if err := s.notePending(map[string]string{"SecureBoot": value}); err != nil {
		return nil, err
	}
	return s.commitBIOS()
}

func (s *Server) resetKeys(_ *http.Request, body doc) error {
	kind, err := oneOf(body, "ResetKeysType", resetKeysTypes)
	if err == nil && kind == "" {
		return refuseMissingProperty("ResetKeysType")
	}
	return err
}
