package sim

import (
	"net/http"
	"strings"
	"time"
)

const managerResetAt = "/Actions/Manager.Reset"

var managerResetTypes = []string{"GracefulRestart", "ForceRestart"}

func (t table) addManager() {
	t[managersURI] = resource{get: (*Server).managers}
	t[managerURI] = resource{get: (*Server).manager}
	t[managerURI+managerResetAt] = action((*Server).managerReset)
}

func (s *Server) managers() doc {
	return collection(managersURI, "Manager", "Manager", managerURI)
}

func (s *Server) manager() doc {
	body := described(managerURI, "Manager", "v1_17_0", "iDRAC.Embedded.1", "Manager")
	body["Description"] = "BMC"
	body["ManagerType"] = "BMC"
	body["Manufacturer"] = "Dell"
	body["Model"] = s.gen.hardware
	body["FirmwareVersion"] = s.firmwareVersion(idracFirmware)
	body["UUID"] = systemUUID(s.tag)
	body["ServiceIdentification"] = s.tag
	body["DateTime"] = time.Now().Format(time.RFC3339)
	body["DateTimeLocalOffset"] = time.Now().Format("-07:00")
	body["LastResetTime"] = s.upSince().Format(time.RFC3339)
	body["PowerState"] = stateOn
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	body["Actions"] = doc{"#Manager.Reset": doc{
		"target":                            managerURI + managerResetAt,
		"ResetType@Redfish.AllowableValues": managerResetTypes,
	}, "Oem": s.profileActions()}
	if s.gen.mediaHome == managerURI {
		body["VirtualMedia"] = ref(s.gen.mediaURI())
	}
	body["LogServices"] = ref(logServicesURI)
	body["EthernetInterfaces"] = ref(managerNicsURI)
	body["NetworkProtocol"] = ref(networkProtocolURI)
	body["Links"] = doc{
		"ManagerForServers": []doc{ref(systemURI)}, "ManagerForServers@odata.count": 1,
		"ManagerForChassis": []doc{ref(chassisURI)}, "ManagerForChassis@odata.count": 1,
		"ManagerInChassis": ref(chassisURI),
		"Oem":              doc{"Dell": s.dellLinks()},
	}
	return body
}

// managerMAC is the server's with the last-but-three byte changed, so that the iDRAC's
// address differs from the host's.
func (s *Server) managerMAC() string { return strings.Replace(s.mac, "02:53:4d", "02:53:4e", 1) }

func (s *Server) managerReset(_ *http.Request, body doc) error {
	kind, err := oneOf(body, "ResetType", managerResetTypes)
	if err != nil {
		return err
	}
	if kind == "" {
		return refuseMissingProperty("ResetType")
	}
	s.restartManager(restartGrace)
	return nil
}
