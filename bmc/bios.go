package bmc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

const (
	opBIOS      = "read BIOS attributes"
	opSetBIOS   = "change BIOS attributes"
	opClearBIOS = "clear pending BIOS changes"
	opResetBIOS = "reset the BIOS to its defaults"

	jobTypeBIOS = "BIOSConfiguration"
	onReset     = "OnReset"
)

// BIOS holds the BIOS attributes. Their values are text, numbers (float64) or booleans.
type BIOS struct {
	// Attributes are as the server runs with them.
	Attributes map[string]any
	// Pending are the changes that wait for a restart.
	Pending map[string]any
}

// Differing lists, sorted, which of these attributes are applied with another value or do
// not exist. Use it after the restart to confirm a change.
func (s BIOS) Differing(want map[string]any) []string {
	return differing(s.Attributes, want)
}

func differing(is, want map[string]any) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if value, there := is[name]; !there || !sameValue(value, conform(want[name], value)) {
			names = append(names, name)
		}
	}
	return names
}

// effective is what holds after the next restart.
func (s BIOS) effective() map[string]any {
	all := maps.Clone(s.Attributes)
	if all == nil {
		all = make(map[string]any)
	}
	maps.Copy(all, s.Pending)
	return all
}

func sameValue(a, b any) bool {
	x, errA := json.Marshal(a)
	y, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(x, y)
}

// conform turns text, which templates make of everything, into the kind of value that the
// attribute has.
func conform(value, like any) any {
	text, ok := value.(string)
	if !ok {
		return value
	}
	switch like.(type) {
	case float64:
		if number, err := strconv.ParseFloat(text, 64); err == nil {
			return number
		}
	case bool:
		if truth, err := strconv.ParseBool(text); err == nil {
			return truth
		}
	}
	return value
}

type biosDoc struct {
	Attributes        map[string]any
	AttributeRegistry string
	// ResetPending tells that the next restart resets all to the defaults.
	ResetPending bool `json:"ResetBiosToDefaultsPending"`
	Settings     struct {
		Object     link     `json:"SettingsObject"`
		ApplyTimes []string `json:"SupportedApplyTimes"`
	} `json:"@Redfish.Settings"`
	Actions struct {
		Reset struct {
			Target string `json:"target"`
		} `json:"#Bios.ResetBios"`
		Oem dellLinks
	}

	etag string
}

// bios reads the BIOS and its settings, which hold what is pending.
func (b *BMC) bios(ctx context.Context, op string) (applied, settings *biosDoc, err error) {
	system, err := b.system(ctx, op)
	if err != nil {
		return nil, nil, err
	}
	applied, settings = new(biosDoc), new(biosDoc)
	if applied.etag, err = b.get(ctx, op, system.Bios.URI, applied); err != nil {
		return nil, nil, err
	}
	settings.etag, err = b.get(ctx, op, applied.Settings.Object.URI, settings)
	return applied, settings, err
}

// BIOS reads the BIOS attributes, applied and pending.
func (b *BMC) BIOS(ctx context.Context) (BIOS, error) {
	applied, settings, err := b.bios(ctx, opBIOS)
	if err != nil {
		return BIOS{}, err
	}
	return biosOf(applied, settings), nil
}

// biosOf leaves out of the pending ones what some firmware repeats there unchanged.
func biosOf(applied, settings *biosDoc) BIOS {
	pending := make(map[string]any)
	for name, value := range settings.Attributes {
		if !sameValue(applied.Attributes[name], value) {
			pending[name] = value
		}
	}
	return BIOS{Attributes: applied.Attributes, Pending: pending}
}

// BIOSChange is what [BMC.StartSetBIOS] did.
type BIOSChange struct {
	// JobID is the job that applies the change with the server's next restart. It is empty
	// when everything is applied already.
	JobID string
	// Changed are the attributes that the call itself changed, Previous their values
	// before. Both are empty when they were pending already.
	Changed, Previous map[string]any
}

// StartSetBIOS stages a change of BIOS attributes for the next restart. It checks the names
// and values against the BIOS's registry first, changes only what is neither applied nor
// pending with the wanted value, and makes a job where the BMC makes none by itself. Called
// again it finds what it did. Restart the server, wait for the job, and confirm with
// [BIOS.Differing].
func (b *BMC) StartSetBIOS(ctx context.Context, want map[string]any) (BIOSChange, error) {
	applied, settings, err := b.bios(ctx, opSetBIOS)
	if err != nil {
		return BIOSChange{}, err
	}
	is := biosOf(applied, settings)
	names := differing(is.effective(), want)
	if len(names) == 0 {
		if len(is.Differing(want)) == 0 {
			return BIOSChange{}, nil
		}
		job, err := b.stagedBIOS(ctx, applied.Settings.Object.URI)
		return BIOSChange{JobID: job}, err
	}
	change := BIOSChange{Changed: make(map[string]any), Previous: make(map[string]any)}
	for _, name := range names {
		change.Previous[name] = is.Attributes[name]
		change.Changed[name] = conform(want[name], is.Attributes[name])
	}
	if err := b.checkBIOS(ctx, applied, change.Changed); err != nil {
		return BIOSChange{}, err
	}
	change.JobID, err = b.patchBIOS(ctx, applied, settings.etag, change.Changed)
	return change, err
}

// patchBIOS lets the change be applied with the next restart: said with the change where the
// BMC takes that, else by a job of its own.
func (b *BMC) patchBIOS(ctx context.Context, applied *biosDoc, etag string, attributes map[string]any) (jobID string, err error) {
	body := map[string]any{"Attributes": attributes}
	if slices.Contains(applied.Settings.ApplyTimes, onReset) {
		body["@Redfish.SettingsApplyTime"] = map[string]string{"ApplyTime": onReset}
	}
	settings := applied.Settings.Object.URI
	jobID, err = b.startPatch(ctx, opSetBIOS, settings, etag, body)
	if err != nil || jobID != "" {
		return jobID, err
	}
	return b.stagedBIOS(ctx, settings)
}

// stagedBIOS returns the job that applies the pending changes and makes it if there is none.
func (b *BMC) stagedBIOS(ctx context.Context, settings string) (jobID string, err error) {
	jobs, err := b.Jobs(ctx)
	if err != nil {
		return "", err
	}
	for _, job := range slices.Backward(jobs) {
		if job.Type == jobTypeBIOS && !job.State.Ended() {
			return job.ID, nil
		}
	}
	queue, err := b.jobQueue(ctx, opSetBIOS)
	if err != nil {
		return "", err
	}
	return b.start(ctx, opSetBIOS, http.MethodPost, queue, map[string]string{"TargetSettingsURI": settings})
}

// ClearPendingBIOS drops the changes that wait for a restart. A BMC refuses that once they
// have a job; [BMC.ClearJobs] removes it.
func (b *BMC) ClearPendingBIOS(ctx context.Context) error {
	applied, settings, err := b.bios(ctx, opClearBIOS)
	if err != nil || len(biosOf(applied, settings).Pending) == 0 {
		return err
	}
	target := settings.Actions.Oem.action("ClearPending")
	if target == "" {
		return b.notOffered(opClearBIOS, "the BMC has no ClearPending")
	}
	asked := b.post(ctx, opClearBIOS, target, struct{}{})
	w := wait{op: opClearBIOS, what: "no BIOS change is pending", every: b.pace.poll, limit: b.pace.attribute}
	return b.confirm(ctx, asked, w, func(ctx context.Context) (bool, error) {
		applied, settings, err := b.bios(ctx, opClearBIOS)
		return err == nil && len(biosOf(applied, settings).Pending) == 0, err
	})
}

// ResetBIOS lets the next restart reset every BIOS attribute to its default, the boot mode
// and order among them. Once accepted it cannot be confirmed before that.
func (b *BMC) ResetBIOS(ctx context.Context) error {
	applied, _, err := b.bios(ctx, opResetBIOS)
	if err != nil || applied.ResetPending {
		return err
	}
	if applied.Actions.Reset.Target == "" {
		return b.notOffered(opResetBIOS, "the BMC has no ResetBios")
	}
	return b.post(ctx, opResetBIOS, applied.Actions.Reset.Target, struct{}{})
}

// String names the attributes without their values, which may be secrets.
func (c BIOSChange) String() string {
	return fmt.Sprintf("job %q changes %v", c.JobID, slices.Sorted(maps.Keys(c.Changed)))
}
