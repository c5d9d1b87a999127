package sim

const systemSettingsURI = systemURI + "/Settings"

func (t table) addSystemSettings() {
	t[systemSettingsURI] = resource{get: (*Server).systemSettings, patch: (*Server).patchSystemSettings}
}

// systemSettings shows what the next boot will use.
func (s *Server) systemSettings() doc {
	body := described(systemSettingsURI, "ComputerSystem", "v1_20_1", "Settings", "System Settings")
	body["Description"] = "Settings that apply when the system is reset next"
	body["Boot"] = s.system()["Boot"]
	return body
}

func (s *Server) patchSystemSettings(body doc) error {
	for name := range body {
		if name != "Boot" && name != "@Redfish.SettingsApplyTime" {
			return refusePatch(name, s.system())
		}
	}
	if _, err := s.applyTime(body); err != nil {
		return err
	}
	boot, ok := body["Boot"].(doc)
	if !ok {
		return refuseType("Boot")
	}
	return s.setOverride(boot)
}
