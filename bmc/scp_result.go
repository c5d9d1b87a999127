package bmc

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// maxFailures bounds how many failed lines an error names.
const maxFailures = 5

// ProfileResult is what an import or its preview did.
type ProfileResult struct {
	Job Job
	// Lines are the single settings and components, as far as the BMC still told when the
	// job had ended.
	Lines []ProfileLine
}

// ProfileLine is what became of one setting or component of a profile.
type ProfileLine struct {
	// Name is the attribute, such as Users.6#Enable, or the component's FQDD. Title is its
	// name for people.
	Name, Title string
	// Old and New are its values. iDRACs mask passwords here.
	Old, New string
	// Failed tells that it was not applied. MessageID and Message say why.
	Failed             bool
	MessageID, Message string
}

// profileLineDoc is Dell's ServerConfigurationProfileResults.
type profileLineDoc struct {
	Severity string
	Oem      struct {
		Dell struct {
			Name         string
			DisplayValue string
			OldValue     json.RawMessage
			NewValue     json.RawMessage
			ErrCode      json.RawMessage
			Status       string
			Severity     string
			MessageID    string
			Message      string
		}
	}
}

func (b *BMC) profileLine(d profileLineDoc) ProfileLine {
	f, dell := b.failure(opImport), d.Oem.Dell
	return ProfileLine{
		Name: dell.Name, Title: dell.DisplayValue, Old: scalar(dell.OldValue), New: scalar(dell.NewValue),
		Failed:    d.failed(),
		MessageID: f.redact(messageKey(dell.MessageID)), Message: clean(f.redact(dell.Message)),
	}
}

// failed goes by whichever of the signs the firmware gives.
func (d profileLineDoc) failed() bool {
	code := scalar(d.Oem.Dell.ErrCode)
	return code != "" && code != "0" ||
		strings.HasPrefix(strings.ToLower(d.Oem.Dell.Status), "fail") ||
		slices.Contains([]string{"Critical", "Error"}, cmp.Or(d.Oem.Dell.Severity, d.Severity))
}

// scalar is a JSON string's or number's text.
func scalar(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// WaitProfile waits for an import or a preview. A job that completed with a failed line has
// failed: iDRACs call that a success. The result comes with such an error too.
func (b *BMC) WaitProfile(ctx context.Context, jobID string) (ProfileResult, error) {
	job, failed := b.WaitJob(ctx, jobID, nil)
	result := ProfileResult{Job: job}
	if !job.State.Ended() {
		return result, failed
	}
	var err error
	result.Lines, err = b.profileLines(ctx, jobID)
	if err != nil {
		return result, errors.Join(failed, err)
	}
	return result, b.profileFailure(result, failed)
}

// profileLines reads them off the task, which some firmware removes a minute after its end.
func (b *BMC) profileLines(ctx context.Context, jobID string) ([]ProfileLine, error) {
	var task struct{ Messages []json.RawMessage }
	if _, err := b.get(ctx, opImport, tasksURI+"/"+jobID, &task); err != nil {
		if hasStatus(err, http.StatusNotFound) {
			return nil, nil
		}
		return nil, err
	}
	var lines []ProfileLine
	for _, raw := range task.Messages {
		var doc profileLineDoc
		if lenient(json.Unmarshal(raw, &doc)) == nil && doc.Oem.Dell.Name != "" {
			lines = append(lines, b.profileLine(doc))
		}
	}
	return lines, nil
}

func (b *BMC) profileFailure(result ProfileResult, failed error) error {
	var names []string
	for _, line := range result.Lines {
		if line.Failed {
			names = append(names, strings.TrimSpace(line.Name+" "+line.MessageID))
		}
	}
	if len(names) == 0 {
		return failed
	}
	shown := strings.Join(names[:min(len(names), maxFailures)], ", ")
	return &Error{
		Outcome: Permanent, Op: opImport, Server: b.cfg.Server, MessageID: result.Job.MessageID,
		Message: fmt.Sprintf("%s: %d of %d settings were not applied: %s", result.Job.ID, len(names), len(result.Lines), shown),
		Hint:    "correct these in the profile; the others may have been applied",
	}
}
