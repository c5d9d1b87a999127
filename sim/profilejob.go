package sim

import (
	"cmp"
	"net/http"
	"strings"
)

// Values of ShutdownType.
var shutdownTypes = []string{"Graceful", "Forced", "NoReboot"}

// profileAction is where one of the actions on configuration profiles is.
func (g *generation) profileAction(name string) string {
	return managerURI + "/Actions/Oem/" + g.oem + "." + name
}

func (t table) addProfiles(g *generation) {
	t[g.profileAction("ExportSystemConfiguration")] = jobAction((*Server).exportAction)
	t[g.profileAction("ImportSystemConfiguration")] = jobAction((*Server).importAction)
	t[g.profileAction("ImportSystemConfigurationPreview")] = jobAction((*Server).previewAction)
}

func (g *generation) exportFormats() []string {
	if g.profileJSON {
		return []string{"XML", "JSON"}
	}
	return []string{"XML"}
}

// profileActions describes the actions in the manager.
func (s *Server) profileActions() doc {
	target := func(name string) string { return s.gen.profileAction(name) }
	share := []string{"LOCAL"}
	return doc{
		"#" + s.gen.oem + ".ExportSystemConfiguration": doc{
			"target":                                  target("ExportSystemConfiguration"),
			"ExportFormat@Redfish.AllowableValues":    s.gen.exportFormats(),
			"ExportUse@Redfish.AllowableValues":       []string{"Default", "Clone", "Replace"},
			"IncludeInExport@Redfish.AllowableValues": []string{"Default", "IncludeReadOnly", "IncludePasswordHashValues"},
			"ShareParameters":                         doc{"ShareType@Redfish.AllowableValues": share},
		},
		"#" + s.gen.oem + ".ImportSystemConfiguration": doc{
			"target":                                 target("ImportSystemConfiguration"),
			"ShutdownType@Redfish.AllowableValues":   shutdownTypes,
			"HostPowerState@Redfish.AllowableValues": []string{stateOn, stateOff},
			"ShareParameters":                        doc{"ShareType@Redfish.AllowableValues": share},
		},
		"#" + s.gen.oem + ".ImportSystemConfigurationPreview": doc{
			"target":          target("ImportSystemConfigurationPreview"),
			"ShareParameters": doc{"ShareType@Redfish.AllowableValues": share},
		},
	}
}

// shareTarget reads ShareParameters, of which only the local share is simulated.
func shareTarget(body doc) (func(fqdd string) bool, error) {
	share, ok := body["ShareParameters"].(doc)
	if !ok {
		return nil, refuseMissingProperty("ShareParameters")
	}
	if _, err := oneOf(share, "ShareType", []string{"LOCAL"}); err != nil {
		return nil, err
	}
	return parseTargets(share["Target"])
}

func (s *Server) exportAction(_ *http.Request, body doc) (*job, error) {
	format, err := oneOf(body, "ExportFormat", s.gen.exportFormats())
	if err != nil {
		return nil, err
	}
	wanted, err := shareTarget(body)
	if err != nil {
		return nil, err
	}
	if s.busy(jobExport, jobImport) {
		return nil, refuseRunning()
	}
	j := &job{Job: Job{Name: "Export: Server Configuration Profile", Type: jobExport}}
	j.do = func() jobResult {
		components := s.exportProfile(wanted)
		write, contentType := s.profileXML, "application/xml"
		if format == "JSON" {
			write, contentType = s.profileJSON, "application/json"
		}
		document, err := write(components)
		if err != nil {
			return failJob("SYS042", "Unable to export Server Configuration Profile: %v.", err)
		}
		return jobResult{
			key: "SYS043", text: "Successfully exported Server Configuration Profile", body: document, contentType: contentType,
		}
	}
	return j, s.addJob(j)
}

func refuseRunning() *refusal {
	return dellRefusal(http.StatusServiceUnavailable, "RAC0679",
		"Unable to run the operation because another job is running.",
		"Wait until the current job has completed, and retry the operation.")
}

func refusePending() *refusal {
	return dellRefusal(http.StatusBadRequest, "LC068",
		"Unable to import or export Server Configuration Profile, because configuration changes are pending.",
		"Restart the server or clear what is pending, and retry the operation.")
}

// profileFree refuses an import while something else configures the server.
func (s *Server) profileFree() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, j := range s.jobs {
		switch {
		case j.ended():
		case j.staged:
			return refusePending()
		default:
			return refuseRunning()
		}
	}
	if len(s.pendingBIOS) > 0 {
		return refusePending()
	}
	return nil
}

// profileRequest is what an import and its preview have in common.
type profileRequest struct {
	text     string
	wanted   func(fqdd string) bool
	shutdown string
}

func (s *Server) parseImport(body doc) (profileRequest, error) {
	var request profileRequest
	var err error
	if request.text, err = text(body, "ImportBuffer"); err != nil {
		return request, err
	}
	if request.text == "" {
		return request, refuseMissingProperty("ImportBuffer")
	}
	if request.shutdown, err = oneOf(body, "ShutdownType", shutdownTypes); err != nil {
		return request, err
	}
	request.shutdown = cmp.Or(request.shutdown, "Graceful")
	if _, err := oneOf(body, "HostPowerState", []string{stateOn, stateOff}); err != nil {
		return request, err
	}
	request.wanted, err = shareTarget(body)
	return request, err
}

func (s *Server) importAction(_ *http.Request, body doc) (*job, error) {
	request, err := s.parseImport(body)
	if err != nil {
		return nil, err
	}
	if err := s.profileFree(); err != nil {
		return nil, err
	}
	j := &job{Job: Job{Name: "Configure: Import Server Configuration Profile", Type: jobImport, Target: "SCP"}}
	j.do = func() jobResult { return s.importProfile(request) }
	return j, s.addJob(j)
}

func (s *Server) previewAction(_ *http.Request, body doc) (*job, error) {
	request, err := s.parseImport(body)
	if err != nil {
		return nil, err
	}
	if err := s.profileFree(); err != nil {
		return nil, err
	}
	j := &job{Job: Job{Name: "Preview Configuration", Type: "ImportConfigurationPreview"}}
	j.do = func() jobResult {
		plan, failed := s.planImport(request)
		if failed != nil {
			return *failed
		}
		return plan.result("SYS081", "Successfully previewed Server Configuration Profile import operation.")
	}
	return j, s.addJob(j)
}

// importPlan is what an import changes, and what became of each setting.
type importPlan struct {
	changes map[string]map[string]string // by FQDD and attribute
	lines   []doc
	failed  int
}

// planImport compares a profile with the server.
func (s *Server) planImport(request profileRequest) (*importPlan, *jobResult) {
	parsed, err := s.gen.readProfile(request.text)
	if err != nil {
		failed := failJob("SYS046", "Unable to import the Server Configuration Profile: %v.", err)
		return nil, &failed
	}
	plan := &importPlan{changes: map[string]map[string]string{}}
	for _, c := range parsed.components {
		if !request.wanted(c.fqdd) {
			continue
		}
		for _, setting := range c.settings {
			plan.add(s, c.fqdd, setting)
		}
	}
	return plan, nil
}

// readProfile is parseProfile with what this generation minds.
func (g *generation) readProfile(text string) (profile, error) {
	if !g.profileJSON && strings.Contains(strings.TrimSpace(text), ">\n") {
		return profile{}, errNotAProfile // this firmware takes no white space between elements
	}
	if !g.profileJSON && strings.HasPrefix(strings.TrimSpace(text), "{") {
		return profile{}, errNotAProfile
	}
	return parseProfile(text)
}

func (p *importPlan) add(s *Server, fqdd string, setting profileSetting) {
	name := attributeName(setting.name)
	old := s.Attribute(fqdd, name)
	c, ok := s.gen.component(fqdd)
	if !ok {
		p.fail(s, fqdd, setting, "SYS402", "The component is not on this server.")
		return
	}
	a, ok := c.find(name)
	if !ok {
		p.fail(s, fqdd, setting, "SYS409", "The attribute is not known.")
		return
	}
	value, err := a.accept(setting.value)
	switch {
	case err != nil:
		p.fail(s, fqdd, setting, "RAC015", err.Error())
	case value != old:
		if p.changes[fqdd] == nil {
			p.changes[fqdd] = map[string]string{}
		}
		p.changes[fqdd][name] = value
		p.lines = append(p.lines, profileLine(fqdd, setting, old, "Success", "0", s.gen.messageID(messageKey{dellRegistry, "PR19"}), "Job completed successfully."))
	}
}

func (p *importPlan) fail(s *Server, fqdd string, setting profileSetting, key, reason string) {
	p.failed++
	p.lines = append(p.lines, profileLine(fqdd, setting, "", "Failure", "9217", s.gen.messageID(messageKey{dellRegistry, key}), reason))
}

// profileLine is what a task says of one setting.
func profileLine(fqdd string, setting profileSetting, old, status, code, messageID, message string) doc {
	severity := "OK"
	if status != "Success" {
		severity = "Critical"
	}
	return doc{
		"Message": message, "MessageId": messageID, "MessageArgs": []string{}, "Severity": severity,
		"Oem": doc{"Dell": doc{
			"@odata.type": "#DellManager.v1_0_0.ServerConfigurationProfileResults",
			"FQDD":        fqdd, "Name": setting.name, "DisplayValue": setting.name, "OldValue": old, "NewValue": setting.value,
			"Status": status, "ErrCode": code, "MessageID": messageID, "Message": message, "Severity": severity,
		}},
	}
}

// result is how a job ends that was to change this.
func (p *importPlan) result(key, text string) jobResult {
	switch {
	case p.failed > 0 && len(p.changes) == 0:
		return jobResult{state: jobFailed, key: "SYS054", text: "Unable to import Server Configuration Profile.", details: p.lines}
	case p.failed > 0:
		return jobResult{state: jobCompletedWithErrors, key: "SYS055", text: "Import of Server Configuration Profile operation completed with errors.", details: p.lines}
	case len(p.changes) == 0:
		return jobResult{key: "SYS069", text: "No changes were applied since the current component configuration matched the requested configuration."}
	default:
		return jobResult{key: key, text: text, details: p.lines}
	}
}

// importProfile changes what can be changed at once; the BIOS changes when the host boots.
func (s *Server) importProfile(request profileRequest) jobResult {
	plan, failed := s.planImport(request)
	if failed != nil {
		return *failed
	}
	const done = "Successfully imported and applied Server Configuration Profile."
	for fqdd, values := range plan.changes {
		if fqdd != biosFQDD {
			s.setAttributes(fqdd, values)
		}
	}
	bios := plan.changes[biosFQDD]
	if len(bios) == 0 {
		return plan.result("SYS053", done)
	}
	if request.shutdown != "NoReboot" {
		s.running.Go(s.restartForJob)
	}
	return jobResult{next: func() jobResult {
		s.setAttributes(biosFQDD, bios)
		return plan.result("SYS053", done)
	}}
}
