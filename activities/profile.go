package activities

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/store"
)

// profileLimit is how long the import of a profile may take, restarts included.
const profileLimit = 2 * time.Hour

// keptProfile is a server configuration profile in a catalog.
type keptProfile struct {
	Targets []string `json:"targets,omitempty"`
	Use     string   `json:"use,omitempty"`
	Content string   `json:"content"`
}

type exportOptions struct {
	Targets []string `json:"targets"`
	Format  string   `json:"format"`
	Use     string   `json:"use"`
	// KeepAs is the source of the catalog.
	KeepAs string `json:"keepAs"`
}

// profileExport keeps the server's configuration as a catalog.
func profileExport(ctx context.Context, c *call, t machine, o exportOptions) (any, error) {
	content, err := awaited(ctx, profileLimit, func(ctx context.Context) ([]byte, error) {
		return t.ExportProfile(ctx, bmc.ProfileExport{Targets: o.Targets, Format: o.Format, Use: o.Use})
	})
	if err != nil {
		return nil, err
	}
	source := cmp.Or(o.KeepAs, sourceProfile)
	catalog, err := c.keep(ctx, t, source, keptProfile{Targets: o.Targets, Use: o.Use, Content: string(content)})
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	return map[string]any{"catalog": catalog.ID, "source": source, "bytes": len(content), "sha256": hex.EncodeToString(sum[:])}, nil
}

// profileOptions say which profile is meant: a catalog, one of another server, a text,
// or single attributes.
type profileOptions struct {
	// Catalog is the id of one; Source names the latest of this server, or of server From.
	Catalog string `json:"catalog"`
	Source  string `json:"source"`
	From    string `json:"from"`
	// Content is the document itself. Its option is named a secret, for a profile may hold
	// passwords.
	Content string `json:"secretContent"`
	// Attributes are values by component and name.
	Attributes map[string]map[string]any `json:"attributes"`

	Targets  []string `json:"targets"`
	Shutdown string   `json:"shutdown"`
}

func (c *call) profile(ctx context.Context, t machine, o profileOptions) (bmc.ProfileImport, error) {
	content, err := c.profileContent(ctx, t, o)
	return bmc.ProfileImport{Profile: content, Targets: o.Targets, Shutdown: o.Shutdown}, err
}

func (c *call) profileContent(ctx context.Context, t machine, o profileOptions) ([]byte, error) {
	switch {
	case o.Content != "":
		return []byte(o.Content), nil
	case len(o.Attributes) > 0:
		return attributeProfile(o.Attributes)
	case o.Catalog != "":
		catalog, err := c.Store.CatalogByID(ctx, o.Catalog)
		if err != nil {
			return nil, err
		}
		return keptContent(catalog)
	case o.Source != "":
		return c.latestProfile(ctx, t, o)
	}
	return nil, permanent(errors.New("which profile? Give option catalog (an id), source (with from, a server), secretContent or attributes"))
}

func (c *call) latestProfile(ctx context.Context, t machine, o profileOptions) ([]byte, error) {
	from := t.server
	if o.From != "" {
		var err error
		if from, err = c.Store.Server(ctx, o.From); err != nil {
			return nil, err
		}
	}
	catalog, err := c.Store.Catalog(ctx, from.ID, o.Source)
	if err != nil {
		return nil, err
	}
	return keptContent(catalog)
}

func keptContent(catalog store.Catalog) ([]byte, error) {
	var kept keptProfile
	if err := json.Unmarshal(catalog.Data, &kept); err != nil || kept.Content == "" {
		return nil, permanent(fmt.Errorf("catalog %s (%s) holds no server configuration profile: make one with Graph.Profile.Export", catalog.ID, catalog.Source))
	}
	return []byte(kept.Content), nil
}

// attributesDocument is a profile as all generations read it; older ones know no JSON.
type attributesDocument struct {
	XMLName    xml.Name `xml:"SystemConfiguration"`
	Components []profileComponent
}

type profileComponent struct {
	XMLName    xml.Name `xml:"Component"`
	FQDD       string   `xml:",attr"`
	Attributes []profileAttribute
}

type profileAttribute struct {
	XMLName xml.Name `xml:"Attribute"`
	Name    string   `xml:",attr"`
	Value   string   `xml:",chardata"`
}

// attributeProfile writes a profile that sets single attributes and leaves all else.
func attributeProfile(attributes map[string]map[string]any) ([]byte, error) {
	var profile attributesDocument
	for _, fqdd := range slices.Sorted(maps.Keys(attributes)) {
		component := profileComponent{FQDD: fqdd}
		for _, name := range slices.Sorted(maps.Keys(attributes[fqdd])) {
			component.Attributes = append(component.Attributes, profileAttribute{Name: name, Value: fmt.Sprint(attributes[fqdd][name])})
		}
		profile.Components = append(profile.Components, component)
	}
	content, err := xml.Marshal(profile)
	if err != nil {
		return nil, permanent(err)
	}
	return content, nil
}

// profilePreview tells what a profile would change, and changes nothing.
func profilePreview(ctx context.Context, c *call, t machine, o profileOptions) (any, error) {
	profile, err := c.profile(ctx, t, o)
	if err != nil {
		return nil, err
	}
	id, err := c.ask(ctx, t.BMC, deviceWork{
		what:  "preview a profile",
		start: func(ctx context.Context) (string, error) { return t.StartPreviewProfile(ctx, profile) },
	})
	if err != nil {
		return nil, err
	}
	return profileResult(ctx, t, id)
}

// profileImport applies a profile. What needs a restart waits for the next one, and the
// result says staged, unless options.shutdown has the BMC restart the server.
func profileImport(ctx context.Context, c *call, t machine, o profileOptions) (any, error) {
	profile, err := c.profile(ctx, t, o)
	if err != nil {
		return nil, err
	}
	id, err := c.ask(ctx, t.BMC, deviceWork{
		what: "import a profile", kind: "ImportConfiguration", once: true,
		start: func(ctx context.Context) (string, error) { return t.StartImportProfile(ctx, profile) },
	})
	if err != nil {
		return nil, err
	}
	job, err := awaited(ctx, profileLimit, func(ctx context.Context) (bmc.Job, error) { return t.WaitStaged(ctx, id) })
	if err == nil && job.Staged {
		return map[string]any{"jobId": id, "staged": true}, nil
	}
	return profileResult(ctx, t, id)
}

// profileRestore brings a configuration back that was kept before a change, with the
// restart of the server that it needs.
func profileRestore(ctx context.Context, c *call, t machine, o struct {
	Backup string `json:"backup"`
},
) (any, error) {
	if o.Backup == "" {
		return nil, permanent(errors.New("option backup is required: the id of the catalog that holds the profile"))
	}
	return profileImport(ctx, c, t, profileOptions{Catalog: o.Backup, Shutdown: "Graceful"})
}

// profileWait waits for an import that a restart of the server carries out.
func profileWait(ctx context.Context, _ *call, t machine, o struct {
	JobID string `json:"jobId"`
},
) (any, error) {
	if o.JobID == "" {
		return nil, permanent(errors.New("option jobId is required: the result of the import has it"))
	}
	return profileResult(ctx, t, o.JobID)
}

// profileLines bounds how many lines of a result are given back.
const profileLines = 200

func profileResult(ctx context.Context, t machine, id string) (any, error) {
	result, err := awaited(ctx, profileLimit, func(ctx context.Context) (bmc.ProfileResult, error) { return t.WaitProfile(ctx, id) })
	if err != nil {
		return nil, err
	}
	changes := []any{}
	for _, line := range result.Lines {
		if line.Old != line.New && len(changes) < profileLines {
			changes = append(changes, map[string]any{"name": line.Name, "old": line.Old, "new": line.New})
		}
	}
	return map[string]any{"jobId": id, "staged": false, "message": result.Job.Message, "lines": len(result.Lines), "changes": changes}, nil
}
