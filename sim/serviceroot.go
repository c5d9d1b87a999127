package sim

func (t table) addRoot() {
	t["/redfish"] = resource{get: (*Server).versions, public: true}
	t[rootURI] = resource{get: (*Server).serviceRoot, public: true}
	t[rootURI+"/odata"] = resource{get: (*Server).odata, public: true}
}

func (s *Server) versions() doc { return doc{"v1": rootURI + "/"} }

func (s *Server) serviceRoot() doc {
	body := described(rootURI, "ServiceRoot", "v1_15_0", "RootService", "Root Service")
	body["Description"] = "Root Service"
	body["RedfishVersion"] = s.gen.redfish
	body["Vendor"] = "Dell"
	body["Product"] = "Integrated Dell Remote Access Controller"
	body["UUID"] = nil
	body["Systems"] = ref(systemsURI)
	body["Managers"] = ref(managersURI)
	body["Chassis"] = ref(chassisListURI)
	body["SessionService"] = ref(sessionServiceURI)
	body["AccountService"] = ref(accountServiceURI)
	body["EventService"] = ref(eventServiceURI)
	if s.gen.telemetry {
		body["TelemetryService"] = ref(telemetryURI)
	}
	body["Registries"] = ref(registriesURI)
	body["Tasks"] = ref(taskServiceURI)
	body["UpdateService"] = ref(updateServiceURI)
	if s.gen.licenses {
		body["LicenseService"] = ref(licenseServiceURI)
	}
	if s.gen.jobService {
		body["JobService"] = ref(jobServiceURI)
	}
	body["Links"] = doc{"Sessions": ref(sessionsURI)}
	body["Oem"] = doc{"Dell": doc{
		"@odata.type":       "#DellServiceRoot.v1_0_0.DellServiceRoot",
		"IsBranded":         0,
		"ManagerMACAddress": s.managerMAC(),
		"ServiceTag":        s.tag,
	}}
	body["ProtocolFeaturesSupported"] = doc{
		"ExcerptQuery":    false,
		"ExpandQuery":     doc{"ExpandAll": true, "Levels": true, "Links": true, "MaxLevels": 1, "NoLinks": true},
		"FilterQuery":     true,
		"OnlyMemberQuery": false,
		"SelectQuery":     true,
	}
	return body
}

func (s *Server) odata() doc {
	entry := func(name, uri string) doc { return doc{"name": name, "kind": "Singleton", "url": uri} }
	return doc{
		"@odata.context": rootURI + "/$metadata",
		"value": []doc{
			entry("Service", rootURI),
			entry("Systems", systemsURI),
			entry("Chassis", chassisListURI),
			entry("Managers", managersURI),
			entry("SessionService", sessionServiceURI),
			entry("Sessions", sessionsURI),
		},
	}
}
