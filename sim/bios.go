package sim

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
)

const (
	biosURI         = systemURI + "/Bios"
	biosSettingsURI = biosURI + "/Settings"
	biosRegistryURI = biosURI + "/BiosRegistry"
	resetBIOSAt     = "/Actions/Bios.ResetBios"
	clearPendingAt  = "/Actions/Oem/DellManager.ClearPending"
)

// applyTimes are when what is written to a settings resource takes effect.
var applyTimes = []string{"OnReset", "AtMaintenanceWindowStart", "InMaintenanceWindowOnReset"}

func (t table) addBIOS() {
	t[biosURI] = resource{get: (*Server).bios}
	t[biosSettingsURI] = resource{get: (*Server).biosSettings, patchJob: (*Server).patchBIOS}
	t[biosURI+resetBIOSAt] = action((*Server).resetBIOS)
	t[biosSettingsURI+clearPendingAt] = action((*Server).clearPendingBIOS)
}

func (s *Server) biosComponent() *component {
	c, _ := s.gen.component(biosFQDD)
	return c
}

func (s *Server) bios() doc {
	body := described(biosURI, "Bios", "v1_2_1", "Bios", "BIOS Configuration Current Settings")
	body["Description"] = "BIOS Configuration Current Settings"
	body["AttributeRegistry"] = biosAttributesID
	body["Attributes"] = s.values(s.biosComponent())
	body["@Redfish.Settings"] = s.settingsLink(biosSettingsURI)
	body["Actions"] = doc{"#Bios.ResetBios": doc{"target": biosURI + resetBIOSAt}}
	body["Links"] = doc{"ActiveSoftwareImage": ref(s.firmwareURI(biosFQDD))}
	return body
}

// settingsLink points to the resource in which a client writes future settings.
func (s *Server) settingsLink(uri string) doc {
	return doc{
		"@odata.type":         "#Settings.v1_3_5.Settings",
		"SettingsObject":      ref(uri),
		"SupportedApplyTimes": applyTimes[:s.gen.applyTimes],
	}
}

func (s *Server) biosSettings() doc {
	body := described(biosSettingsURI, "Bios", "v1_2_1", "Settings", "BIOS Configuration Pending Settings")
	body["Description"] = "BIOS Configuration Pending Settings. These settings will be applied on next system reboot."
	body["AttributeRegistry"] = biosAttributesID
	pending := doc{}
	s.mu.Lock()
	for name, value := range s.pendingBIOS {
		a, _ := s.biosComponent().find(name)
		pending[name] = a.shown(value)
	}
	s.mu.Unlock()
	body["Attributes"] = pending
	body["Actions"] = doc{"Oem": doc{"#DellManager.ClearPending": doc{"target": biosSettingsURI + clearPendingAt}}}
	return body
}

// patchBIOS notes pending values. With an apply time it also makes the job that applies
// them; without one they wait for such a job.
func (s *Server) patchBIOS(body doc) (*job, error) {
	for name := range body {
		if name != "Attributes" && name != "@Redfish.SettingsApplyTime" {
			return nil, refuseUnknownProperty(name)
		}
	}
	sent, ok := body["Attributes"].(doc)
	if !ok {
		return nil, refuseType("Attributes")
	}
	values, err := s.biosComponent().acceptAttributes(sent)
	if err != nil {
		return nil, err
	}
	when, err := s.applyTime(body)
	if err != nil {
		return nil, err
	}
	if when != "" && !s.lifecycleReady() {
		return nil, refuseNotReady()
	}
	if err := s.notePending(values); err != nil {
		return nil, err
	}
	if when == "" {
		return nil, nil //nolint:nilnil // done without a job
	}
	return s.commitBIOS()
}

// applyTime reads @Redfish.SettingsApplyTime; "" is none.
func (s *Server) applyTime(body doc) (string, error) {
	const name = "@Redfish.SettingsApplyTime"
	if _, sent := body[name]; !sent {
		return "", nil
	}
	wanted, ok := body[name].(doc)
	if !ok {
		return "", refuseType(name)
	}
	if s.gen.applyTimes == 0 {
		return "", refuseUnknownProperty(name)
	}
	return oneOf(wanted, "ApplyTime", applyTimes[:s.gen.applyTimes])
}

func (s *Server) notePending(values map[string]string) error {
	if s.targeted(biosFQDD) {
		return refuseCommitted(biosFQDD)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pendingBIOS == nil {
		s.pendingBIOS = map[string]string{}
	}
	maps.Copy(s.pendingBIOS, values)
	return nil
}

// commitBIOS makes the job that applies the pending values when the host boots.
func (s *Server) commitBIOS() (*job, error) {
	j := &job{Job: Job{Name: "Configure: BIOS.Setup.1-1", Type: jobBIOS, Target: biosFQDD}, staged: true, settings: biosSettingsURI}
	j.do = func() jobResult {
		s.mu.Lock()
		values := s.pendingBIOS
		s.pendingBIOS = nil
		s.mu.Unlock()
		s.setAttributes(biosFQDD, values)
		return jobResult{}
	}
	return j, s.addJob(j)
}

// resetBIOS brings back the defaults when the host boots.
func (s *Server) resetBIOS(_ *http.Request, _ doc) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.biosDefaults = true
	return nil
}

// applyBIOSDefaults does what ResetBios asked for.
func (s *Server) applyBIOSDefaults() {
	s.mu.Lock()
	asked := s.biosDefaults
	s.biosDefaults = false
	if asked {
		delete(s.attributes, biosFQDD)
	}
	s.mu.Unlock()
	if asked {
		s.record(AttributesSet, "target", biosFQDD, "all", "default")
	}
}

func (s *Server) clearPendingBIOS(_ *http.Request, _ doc) error {
	if s.targeted(biosFQDD) {
		return refuseCommitted(biosFQDD)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.pendingBIOS)
	return nil
}

// targeted reports whether a job for the component is not yet done.
func (s *Server) targeted(fqdd string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.jobs, func(j *job) bool { return j.Target == fqdd && !j.ended() })
}

func refuseCommitted(target string) *refusal {
	return dellRefusal(http.StatusBadRequest, "SYS011",
		"Pending configuration values are already committed, unable to perform another set operation.",
		"Wait until the scheduled job of "+target+" has completed, or delete it, and retry the operation.")
}

func refuseAttribute(name string, reason error) *refusal {
	return baseRefusal(http.StatusBadRequest, "PropertyValueNotInList",
		"The value for the property "+strconv.Quote(name)+" is not acceptable: "+reason.Error()+".",
		"Read the attribute registry, correct the value and resubmit the request.", name)
}
