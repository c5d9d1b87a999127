package bmc

import (
	"cmp"
	"context"
	"net/http"
	"regexp"
	"strings"
)

const (
	opExport  = "export server configuration profile"
	opPreview = "preview server configuration profile"
	opImport  = "import server configuration profile"

	allTargets = "ALL"
)

// ProfileExport says what of a server's configuration to export.
type ProfileExport struct {
	// Targets are ALL, IDRAC, BIOS, NIC, RAID, or FQDDs of components. None means ALL.
	Targets []string
	// Format is XML or JSON. Empty means XML.
	Format string
	// Use is Default for a copy to look at, Clone or Replace for one to import on another
	// or a replaced server. Empty means Default.
	Use string
}

// ProfileImport is a server configuration profile to import.
type ProfileImport struct {
	// Profile is the document, as it was exported. It may hold passwords.
	Profile []byte
	// Targets are as in [ProfileExport].
	Targets []string
	// Shutdown says how to restart the server when a change needs it: NoReboot, Graceful
	// or Forced. Empty means NoReboot: such changes wait for the next restart.
	Shutdown string
}

// StartExportProfile starts to export the configuration and returns the job whose result
// [BMC.FetchProfile] returns. It changes nothing. Busy means that another configuration job
// is running (RAC0679).
func (b *BMC) StartExportProfile(ctx context.Context, export ProfileExport) (jobID string, err error) {
	return b.startProfile(ctx, opExport, "ExportSystemConfiguration", export.Targets, map[string]any{
		"ExportFormat": cmp.Or(export.Format, "XML"),
		"ExportUse":    cmp.Or(export.Use, "Default"),
	})
}

// StartPreviewProfile starts to check a profile against the server, which changes nothing,
// and returns the job for [BMC.WaitProfile].
func (b *BMC) StartPreviewProfile(ctx context.Context, preview ProfileImport) (jobID string, err error) {
	return b.startProfile(ctx, opPreview, "ImportSystemConfigurationPreview", preview.Targets, map[string]any{
		"ImportBuffer": compactProfile(preview.Profile),
	})
}

// StartImportProfile starts to apply a profile and returns the job for [BMC.WaitProfile].
// It is Busy while another job is running (RAC0679) or a change waits for the server to
// restart (LC068). After an Unknown outcome, [NewJob] of type ImportConfiguration finds the
// job: a second import may do other things than the first.
func (b *BMC) StartImportProfile(ctx context.Context, profile ProfileImport) (jobID string, err error) {
	return b.startProfile(ctx, opImport, "ImportSystemConfiguration", profile.Targets, map[string]any{
		"ImportBuffer": compactProfile(profile.Profile),
		"ShutdownType": cmp.Or(profile.Shutdown, "NoReboot"),
	})
}

// betweenElements is white space between elements, and the value of an attribute that is
// nothing else.
var betweenElements = regexp.MustCompile(`>\s+<(/Attribute)?`)

// compactProfile drops the white space between elements, for which older firmware rejects a
// profile, even one that it has exported.
func compactProfile(profile []byte) string {
	text := strings.TrimSpace(string(profile))
	if !strings.HasPrefix(text, "<") {
		return text
	}
	return betweenElements.ReplaceAllStringFunc(text, func(gap string) string {
		if strings.HasSuffix(gap, "<") {
			return "><"
		}
		return gap
	})
}

// startProfile gives the targets as one text and, to firmware that wants a list, as such.
func (b *BMC) startProfile(ctx context.Context, op, action string, targets []string, body map[string]any) (jobID string, err error) {
	manager, err := b.ownManager(ctx, op)
	if err != nil {
		return "", err
	}
	target := manager.oemAction(action)
	if target == "" {
		return "", b.notOffered(op, "the BMC has no "+action)
	}
	if len(targets) == 0 {
		targets = []string{allTargets}
	}
	for _, form := range []any{strings.Join(targets, ","), targets} {
		body["ShareParameters"] = map[string]any{"Target": form}
		jobID, err = b.start(ctx, op, http.MethodPost, target, body)
		if !hasMessage(err, "ActionParameterValueTypeError", "PropertyValueTypeError") {
			break
		}
	}
	if err == nil && jobID == "" {
		return "", &Error{
			Outcome: Unknown, Op: op, Server: b.cfg.Server,
			Message: "the BMC accepted it but names no job", Hint: "look for it in the job queue",
		}
	}
	return jobID, err
}
