package sim

import (
	"net/http"
	"slices"
	"strings"
)

const (
	remoteServicesAt = "/Actions/DellLCService.GetRemoteServicesAPIStatus"
	systemEraseAt    = "/Actions/DellLCService.SystemErase"
	idracResetAt     = "/Actions/DelliDRACCardService.iDRACReset"
)

// attributeFQDDs are the components whose attributes are resources of the manager.
var attributeFQDDs = []string{idracFQDD, systemFQDD, lifecycleFQDD}

// attributesURI is where a component's attributes are.
func (g *generation) attributesURI(fqdd string) string {
	if g.dellHome == "" {
		return managersURI + "/" + fqdd + "/Attributes"
	}
	return managerURI + "/Oem/Dell/DellAttributes/" + fqdd
}

func (t table) addDell(g *generation) {
	for _, fqdd := range attributeFQDDs {
		t[g.attributesURI(fqdd)] = resource{
			get:   func(s *Server) doc { return s.dellAttributes(fqdd) },
			patch: func(s *Server, body doc) error { return s.patchAttributes(fqdd, body) },
		}
	}
	if g.dellHome == "" {
		return
	}
	uri := g.dellHome + "/DellLCService"
	t[uri] = resource{get: (*Server).lifecycleService}
	t[uri+remoteServicesAt] = resource{action: true, post: (*Server).remoteServices}
	t[uri+systemEraseAt] = jobAction((*Server).systemErase)
	uri = g.dellHome + "/DelliDRACCardService"
	t[uri] = resource{get: (*Server).cardService}
	t[uri+idracResetAt] = action((*Server).idracReset)
}

// dellLinks are the manager's links to what only Dell has.
func (s *Server) dellLinks() doc {
	links := doc{"@odata.type": "#DellManager.v1_3_0.DellManagerLinks", "Jobs": ref(s.gen.jobsURI())}
	var uris []string
	for _, fqdd := range attributeFQDDs {
		uris = append(uris, s.gen.attributesURI(fqdd))
	}
	setLinks(links, "DellAttributes", uris...)
	if s.gen.dellHome != "" {
		for _, name := range []string{"DellJobService", "DellLCService", "DelliDRACCardService"} {
			links[name] = ref(s.gen.dellHome + "/" + name)
		}
	}
	return links
}

func (s *Server) dellAttributes(fqdd string) doc {
	c, _ := s.gen.component(fqdd)
	body := described(s.gen.attributesURI(fqdd), "DellAttributes", "v1_0_0", fqdd, "OEMAttributeRegistry")
	body["Description"] = "This schema provides the oem attributes"
	body["AttributeRegistry"] = managerAttributesID
	body["Attributes"] = s.values(c)
	return body
}

func (s *Server) patchAttributes(fqdd string, body doc) error {
	for name := range body {
		if name != "Attributes" && name != "@Redfish.SettingsApplyTime" {
			return refuseUnknownProperty(name)
		}
	}
	sent, ok := body["Attributes"].(doc)
	if !ok {
		return refuseType("Attributes")
	}
	c, _ := s.gen.component(fqdd)
	values, err := c.acceptAttributes(sent)
	if err != nil {
		return err
	}
	s.setAttributes(fqdd, values)
	return nil
}

func (s *Server) lifecycleService() doc {
	uri := s.gen.dellHome + "/DellLCService"
	body := described(uri, "DellLCService", "v1_5_0", "DellLCService", "DellLCService")
	body["Description"] = "The DellLCService resource provides some actions to support Lifecycle Controller functionality."
	body["Actions"] = doc{
		"#DellLCService.GetRemoteServicesAPIStatus": doc{"target": uri + remoteServicesAt},
		"#DellLCService.SystemErase": doc{
			"target": uri + systemEraseAt, "Component@Redfish.AllowableValues": eraseComponents,
		},
	}
	return body
}

// remoteServices tells which parts of the iDRAC take work.
func (s *Server) remoteServices(w http.ResponseWriter, _ *http.Request) error {
	controller, realTime, status := "Ready", "Ready", "Ready"
	if !s.lifecycleReady() {
		controller, realTime, status = "NotInitialized", "NotReady", "NotReady"
	}
	host := "OutOfPOST"
	switch s.PowerState() {
	case stateOff, statePoweringOff:
		host, realTime = "PoweredOff", "NotReady"
	case statePoweringOn:
		host = "InPOST"
	}
	writeJSON(w, http.StatusOK, doc{
		"LCStatus": controller, "RTStatus": realTime, "ServerStatus": host, "Status": status, "TelemetryStatus": "Ready",
		"@Message.ExtendedInfo": []doc{
			extendedInfo(s.gen.messageID(messageKey{baseRegistry, "Success"}), "The request completed successfully.", "OK", "None.", nil),
		},
	})
	return nil
}

var eraseComponents = []string{
	"AllApps", "BIOS", "CryptographicErasePD", "DIAG", "DPU", "DrvPack", "IDRAC", "LCData", "NonVolatileMemory", "OverwritePD",
	"ReinstallFW", "vFlash",
}

// systemErase has a job switch the host off and erase parts of it.
func (s *Server) systemErase(_ *http.Request, body doc) (*job, error) {
	list, ok := body["Component"].([]any)
	if !ok || len(list) == 0 {
		return nil, refuseMissingProperty("Component")
	}
	var components []string
	for _, entry := range list {
		name, _ := entry.(string)
		if !slices.Contains(eraseComponents, name) {
			return nil, refuseValue(name, "Component", eraseComponents)
		}
		components = append(components, name)
	}
	j := &job{Job: Job{Name: "System_Erase", Type: jobErase, Target: systemFQDD}}
	j.do = func() jobResult { return s.erase(components) }
	return j, s.addJob(j)
}

func (s *Server) erase(components []string) jobResult {
	// A host that is off already, or on its way, is as it should be.
	_ = s.reset("ForceOff")
	has := func(name string) bool { return slices.Contains(components, name) }
	if has("OverwritePD") || has("CryptographicErasePD") {
		for _, v := range s.Volumes() {
			s.dropVolume(v)
		}
	}
	s.mu.Lock()
	if has("BIOS") {
		delete(s.attributes, biosFQDD)
	}
	if has("IDRAC") {
		delete(s.attributes, idracFQDD)
	}
	s.mu.Unlock()
	s.record(SystemErased, "components", strings.Join(components, ","))
	return jobResult{}
}

func (s *Server) cardService() doc {
	uri := s.gen.dellHome + "/DelliDRACCardService"
	body := described(uri, "DelliDRACCardService", "v1_4_0", "DelliDRACCardService", "DelliDRACCardService")
	body["Description"] = "The DelliDRACCardService resource provides some actions to support iDRAC configurations."
	body["Actions"] = doc{"#DelliDRACCardService.iDRACReset": doc{
		"target": uri + idracResetAt, "Force@Redfish.AllowableValues": []string{"Force", "Graceful"},
	}}
	return body
}

func (s *Server) idracReset(_ *http.Request, body doc) error {
	if _, err := oneOf(body, "Force", []string{"Force", "Graceful"}); err != nil {
		return err
	}
	s.restartManager(restartGrace)
	return nil
}
