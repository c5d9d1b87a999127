package sim

import (
	"net/http"
	"strings"
	"time"
)

const (
	firmwareVersion = "7.10.50.00"
	managerResetAt  = "/Actions/Manager.Reset"
)

var managerResetTypes = []string{"GracefulRestart", "ForceRestart"}

func (s *Server) managers() doc {
	return collection(managersURI, "Manager", "Manager", managerURI)
}

func (s *Server) manager() doc {
	body := described(managerURI, "Manager", "v1_17_0", "iDRAC.Embedded.1", "Manager")
	body["Description"] = "BMC"
	body["ManagerType"] = "BMC"
	body["Manufacturer"] = "Dell"
	body["Model"] = "16G Monolithic"
	body["FirmwareVersion"] = firmwareVersion
	body["UUID"] = systemUUID(s.tag)
	body["ServiceIdentification"] = s.tag
	body["DateTime"] = time.Now().Format(time.RFC3339)
	body["DateTimeLocalOffset"] = time.Now().Format("-07:00")
	body["PowerState"] = stateOn
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	body["Actions"] = doc{"#Manager.Reset": doc{
		"target":                            managerURI + managerResetAt,
		"ResetType@Redfish.AllowableValues": managerResetTypes,
	}}
	body["Links"] = doc{
		"ManagerForServers": []doc{ref(systemURI)}, "ManagerForServers@odata.count": 1,
		"ManagerForChassis": []doc{ref(chassisURI)}, "ManagerForChassis@odata.count": 1,
		"ManagerInChassis": ref(chassisURI),
	}
	return body
}

// managerMAC is the server's with the last-but-three byte changed, so that the iDRAC's
// address differs from the host's.
func (s *Server) managerMAC() string { return strings.Replace(s.mac, "02:53:4d", "02:53:4e", 1) }

// managerReset restarts the iDRAC, which forgets all sessions; the host is not affected.
func (s *Server) managerReset(_ *http.Request, body doc) error {
	kind, err := oneOf(body, "ResetType", managerResetTypes)
	if err != nil {
		return err
	}
	if kind == "" {
		return refuseMissingProperty("ResetType")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.sessions)
	return nil
}
