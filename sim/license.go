package sim

const (
	licenseServiceURI = rootURI + "/LicenseService"
	licensesURI       = licenseServiceURI + "/Licenses"
)

func (s *Server) licenseID() string { return "FD" + s.serial("license", 14) + "_Datacenter" }

func (t table) addLicenses() {
	t[licenseServiceURI] = resource{get: (*Server).licenseService}
	t[licensesURI] = resource{get: (*Server).licenses, below: func(s *Server, id string) (resource, bool) {
		return resource{get: (*Server).license}, id == s.licenseID()
	}}
}

func (s *Server) licenseService() doc {
	body := described(licenseServiceURI, "LicenseService", "v1_1_0", "LicenseService", "License Service")
	body["Description"] = "License Service"
	body["ServiceEnabled"] = true
	body["LicenseExpirationWarningDays"] = 30
	body["Licenses"] = ref(licensesURI)
	return body
}

func (s *Server) licenses() doc {
	return collection(licensesURI, "License", "License Collection", licensesURI+"/"+s.licenseID())
}

func (s *Server) license() doc {
	id := s.licenseID()
	body := described(licensesURI+"/"+id, "License", "v1_1_1", id, s.gen.hardware+" Datacenter License")
	body["Description"] = "iDRAC Datacenter License"
	body["EntitlementId"] = id
	body["LicenseType"] = "Production"
	body["LicenseOrigin"] = "Installed"
	body["AuthorizationScope"] = "Service"
	body["Manufacturer"] = "Dell"
	body["Removable"] = true
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	body["Links"] = doc{"AuthorizedDevices": []doc{ref(managerURI)}, "AuthorizedDevices@odata.count": 1}
	return body
}
