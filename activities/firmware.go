package activities

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
	"time"

	"github.com/rackflow/rackflow/bmc"
)

// firmwareLimit is how long an update may take, restarts of the BMC included.
const firmwareLimit = 2 * time.Hour

type firmwareOptions struct {
	// Source is image:<name>, blob:<key> or a URL that the BMC can reach.
	Source string `json:"source"`
	// Push uploads a file of ours instead of having the BMC fetch it.
	Push bool `json:"push"`
	// Component and Version say what the update is for, and what it has to lead to.
	Component string `json:"component"`
	Version   string `json:"version"`
	// OnReset leaves it to the next restart, which the graph has to see to.
	OnReset bool `json:"onReset"`
}

func (o firmwareOptions) apply() bmc.ApplyTime {
	if o.OnReset {
		return bmc.ApplyOnReset
	}
	return bmc.ApplyImmediate
}

// ours tells whether rackflow hands the file out itself.
func (o firmwareOptions) ours() bool {
	return strings.HasPrefix(o.Source, imageSource) || strings.HasPrefix(o.Source, blobSource)
}

// firmwareUpdate installs an update package, unless the component has the version
// already, and proves that it has it afterwards. With options.onReset its result has the
// id of the BMC's job that the next restart carries out.
func firmwareUpdate(ctx context.Context, c *call, t machine, o firmwareOptions) (any, error) {
	if o.Source == "" {
		return nil, permanent(errors.New("option source is required: image:<name>, blob:<key> or a URL"))
	}
	if (o.Version != "") && o.Component == "" {
		return nil, permanent(errors.New("option version needs option component: whose version is it?"))
	}
	before, err := findFirmware(ctx, t, o.Component)
	if err != nil {
		return nil, err
	}
	if o.Version != "" && upToDate(before, o.Version) {
		return firmwareResult("", before, before), nil
	}
	job, err := c.follow(ctx, t.BMC, deviceWork{
		what: "update its firmware", kind: "FirmwareUpdate", staged: o.OnReset, limit: firmwareLimit,
		start: func(ctx context.Context) (string, error) { return c.startUpdate(ctx, t, o, uris(before)) },
	})
	if err != nil {
		return nil, err
	}
	if o.OnReset {
		return firmwareResult(job.ID, before, before), t.CheckStaged(ctx, job.ID)
	}
	if o.Version == "" {
		after, err := findFirmware(ctx, t, o.Component)
		return firmwareResult("", before, after), err
	}
	return c.proveFirmware(ctx, t, o, before)
}

// firmwareSettle is how long a component may take to show what it runs after its update:
// a BMC restarts, and more than once.
const firmwareSettle = 20 * time.Minute

func (c *call) proveFirmware(ctx context.Context, t machine, o firmwareOptions, before []bmc.Firmware) (any, error) {
	limited, cancel := context.WithTimeout(ctx, firmwareSettle)
	defer cancel()
	err := t.AwaitFirmware(limited, before[0].ComponentID, o.Version)
	if err != nil && (ctx.Err() != nil || limited.Err() == nil) {
		return nil, err
	}
	after, lost := findFirmware(ctx, t, o.Component)
	if lost != nil {
		return nil, lost
	}
	if err != nil {
		return nil, permanent(fmt.Errorf("%s says that the update has succeeded, but %s has %s and not %s: check that the package is for this component",
			t, o.Component, versions(after), o.Version))
	}
	return firmwareResult("", before, after), nil
}

// findFirmware returns what the component runs: one entry, or several of a kind. None is
// asked for without a component.
func findFirmware(ctx context.Context, t machine, component string) ([]bmc.Firmware, error) {
	if component == "" {
		return nil, nil
	}
	all, err := t.FirmwareInventory(ctx)
	if err != nil {
		return nil, err
	}
	var found []bmc.Firmware
	for _, f := range all {
		named := strings.EqualFold(f.Name, component) || f.ID == component || f.ComponentID == component
		if f.Installed && named {
			found = append(found, f)
		}
	}
	if len(found) == 0 {
		return nil, permanent(fmt.Errorf("%s lists no firmware %q: Graph.Server.Catalog shows what there is", t, component))
	}
	return found, nil
}

func upToDate(found []bmc.Firmware, version string) bool {
	for _, f := range found {
		if f.Version != version {
			return false
		}
	}
	return len(found) > 0
}

func uris(found []bmc.Firmware) []string {
	out := make([]string, 0, len(found))
	for _, f := range found {
		out = append(out, f.URI)
	}
	return out
}

func versions(found []bmc.Firmware) string {
	out := make([]string, 0, len(found))
	for _, f := range found {
		out = append(out, f.Version)
	}
	return strings.Join(out, ", ")
}

func firmwareResult(job string, before, after []bmc.Firmware) any {
	return map[string]any{"jobId": job, "before": before, "after": after}
}

func (c *call) startUpdate(ctx context.Context, t machine, o firmwareOptions, targets []string) (string, error) {
	if o.ours() && o.Push {
		file, err := c.firmwareFile(ctx, o.Source)
		if err != nil {
			return "", err
		}
		return t.StartMultipartUpdate(ctx, file, targets, o.apply())
	}
	url := o.Source
	if o.ours() {
		var err error
		if url, err = c.mediaLink(ctx, t.endpoint, o.Source); err != nil {
			return "", err
		}
	}
	return t.StartSimpleUpdate(ctx, bmc.FirmwareUpdate{Image: url, Targets: targets, Apply: o.apply()})
}

// firmwareFile hands the driver one of our files, as often as it has to start again.
func (c *call) firmwareFile(ctx context.Context, source string) (bmc.FirmwareFile, error) {
	open := func() (io.ReadCloser, error) {
		f, err := c.Media.Open(ctx, source)
		if err != nil {
			return nil, err
		}
		return sectionCloser{io.NewSectionReader(f, 0, f.Size), f.Close}, nil
	}
	f, err := c.Media.Open(ctx, source)
	if err != nil {
		return bmc.FirmwareFile{}, err
	}
	return bmc.FirmwareFile{Name: path.Base(source), Size: f.Size, Open: open}, f.Close()
}

type sectionCloser struct {
	io.Reader

	close func() error
}

func (s sectionCloser) Close() error { return s.close() }
