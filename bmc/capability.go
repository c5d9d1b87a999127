package bmc

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/stmcginnis/gofish"
)

const opProbe = "probe capabilities"

// Capabilities is what one BMC can do and where it has it, found by following its links and
// actions. It is made to be kept and shown: the operations look for themselves.
type Capabilities struct {
	// BMCModel is as the BMC names itself, such as "16G Monolithic"; Generation is iDRAC7 to
	// iDRAC10, or empty for others.
	BMCModel   string `json:"bmcModel"`
	Generation string `json:"generation,omitempty"`
	Firmware   string `json:"firmware"`
	// Licences are the descriptions of the installed ones, Licence is the highest level
	// among them: Datacenter, Enterprise, Express, Basic, or empty when it is not known.
	Licences []string `json:"licences,omitempty"`
	Licence  string   `json:"licence,omitempty"`
	// Expand and Select tell which query parameters the BMC takes.
	Expand bool `json:"expand"`
	Select bool `json:"select"`

	ResetTypes []ResetType `json:"resetTypes,omitempty"`
	// BootDevices and BootModes are those of an override. BootModeWritable tells that the
	// BIOS's own boot mode can be changed.
	BootDevices      []BootDevice `json:"bootDevices,omitempty"`
	BootModes        []string     `json:"bootModes,omitempty"`
	BootModeWritable bool         `json:"bootModeWritable"`
	// BootSettings is the resource for boot overrides beside the system itself, empty if
	// there is none. BootSettingsOnly tells that the system's own has refused one.
	BootSettings     string `json:"bootSettings,omitempty"`
	BootSettingsOnly bool   `json:"bootSettingsOnly,omitempty"`
	// Media tells what virtual media belongs to.
	Media MediaPlace `json:"media,omitempty"`
	// ProfileExport, ProfileImport and ProfilePreview are the actions of server
	// configuration profiles.
	ProfileExport  string `json:"profileExport,omitempty"`
	ProfileImport  string `json:"profileImport,omitempty"`
	ProfilePreview string `json:"profilePreview,omitempty"`
	// Jobs is the job queue, or the tasks of a BMC without one.
	Jobs string `json:"jobs,omitempty"`
	// MultipartPush is where firmware can be uploaded.
	MultipartPush string `json:"multipartPush,omitempty"`
	// Telemetry tells that there are metric reports. Streaming them takes a Datacenter
	// licence.
	Telemetry bool `json:"telemetry"`
	// PowerCap is the resource that has the power cap.
	PowerCap string `json:"powerCap,omitempty"`
	// Warnings are known faults of this firmware.
	Warnings []string `json:"warnings,omitempty"`
}

// MediaPlace tells what virtual media belongs to.
type MediaPlace string

// The places of virtual media. Below a manager, boot overrides know nothing of it.
const (
	MediaOfSystem  MediaPlace = "system"
	MediaOfManager MediaPlace = "manager"
)

// Capabilities finds out what the BMC can do, once for each connection. What it does not
// let this account read counts as not there.
func (b *BMC) Capabilities(ctx context.Context) (Capabilities, error) {
	b.mu.Lock()
	found := b.capabilities
	b.mu.Unlock()
	if found == nil {
		var err error
		if found, err = b.probe(ctx); err != nil {
			return Capabilities{}, err
		}
		b.mu.Lock()
		b.capabilities = found
		b.mu.Unlock()
	}
	now := *found
	now.BootSettingsOnly = b.noted(&b.settingsOnly)
	return now, nil
}

func (b *BMC) probe(ctx context.Context) (*Capabilities, error) {
	system, err := b.system(ctx, opProbe)
	if err != nil {
		return nil, err
	}
	manager, err := b.manager(ctx, opProbe, system)
	if err != nil {
		return nil, err
	}
	found := &Capabilities{
		BMCModel: manager.Model, Generation: generation(manager.Model), Firmware: manager.FirmwareVersion,
		Expand:         b.expands(),
		Select:         b.offers(func(s *gofish.Service) bool { return s.ProtocolFeaturesSupported.SelectQuery }),
		ResetTypes:     system.Actions.Reset.Allowed,
		BootDevices:    system.Boot.Allowed,
		BootModes:      system.Boot.Modes,
		BootSettings:   system.Settings.Object.URI,
		ProfileExport:  manager.oemAction("ExportSystemConfiguration"),
		ProfileImport:  manager.oemAction("ImportSystemConfiguration"),
		ProfilePreview: manager.oemAction("ImportSystemConfigurationPreview"),
		Warnings:       firmwareWarnings(manager.FirmwareVersion),
	}
	for _, look := range []func(context.Context, *Capabilities) error{
		b.probeMedia, b.probeBIOS, b.probeJobs, b.probeUpdate, b.probeTelemetry, b.probePowerCap, b.probeLicences,
	} {
		if err := look(ctx, found); err != nil && (ctx.Err() != nil || OutcomeOf(err) != Permanent) {
			return nil, err
		}
	}
	return found, nil
}

func (b *BMC) probeMedia(ctx context.Context, found *Capabilities) error {
	place, err := b.mediaPlace(ctx, opProbe)
	found.Media = place
	return err
}

// mediaPlace tells what the slots belong to that readSlots finds.
func (b *BMC) mediaPlace(ctx context.Context, op string) (MediaPlace, error) {
	slots, err := b.readSlots(ctx, op)
	if err != nil {
		return "", err
	}
	system, err := b.findSystem(ctx, op)
	if err != nil {
		return "", err
	}
	if strings.HasPrefix(slots[0].URI, system+"/") {
		return MediaOfSystem, nil
	}
	return MediaOfManager, nil
}

func (b *BMC) probeBIOS(ctx context.Context, found *Capabilities) error {
	applied, _, err := b.bios(ctx, opProbe)
	if err != nil {
		return err
	}
	registry, err := b.biosRegistry(ctx, opProbe, applied.AttributeRegistry)
	i := slices.IndexFunc(registry, func(a biosAttribute) bool { return a.Name == "BootMode" })
	found.BootModeWritable = i >= 0 && !registry[i].ReadOnly
	return err
}

func (b *BMC) probeJobs(ctx context.Context, found *Capabilities) (err error) {
	found.Jobs, err = b.jobQueue(ctx, opProbe)
	return err
}

func (b *BMC) probeUpdate(ctx context.Context, found *Capabilities) error {
	service, err := b.updateService(ctx, opProbe)
	if err != nil {
		return err
	}
	found.MultipartPush = service.MultipartPushURI
	return nil
}

func (b *BMC) probeTelemetry(ctx context.Context, found *Capabilities) error {
	uri, err := b.rooted(ctx, opProbe, "TelemetryService")
	found.Telemetry = uri != ""
	return err
}

func (b *BMC) probePowerCap(ctx context.Context, found *Capabilities) error {
	at, _, err := b.findCap(ctx, opProbe)
	found.PowerCap = at.uri
	return err
}

type licenceDoc struct {
	Name        string
	Description string
	// Descriptions are those of Dell's own licence resource.
	Descriptions []string `json:"LicenseDescription"`
}

// text is the longest description, for Name may be no more than an id.
func (d licenceDoc) text() string {
	longest := d.Name
	for _, text := range append(d.Descriptions, d.Description) {
		if len(text) > len(longest) {
			longest = text
		}
	}
	return longest
}

func (b *BMC) probeLicences(ctx context.Context, found *Capabilities) error {
	uri, err := b.licences(ctx)
	if err != nil || uri == "" {
		return err
	}
	docs, err := readMembers[licenceDoc](ctx, b, opProbe, uri)
	for _, doc := range docs {
		found.Licences = append(found.Licences, clean(doc.text()))
	}
	found.Licence = licenceLevel(found.Licences)
	return err
}

// licences finds the collection of licences: in Redfish's own service on newer firmware, as
// Dell's own resource on older.
func (b *BMC) licences(ctx context.Context) (string, error) {
	service, err := b.rooted(ctx, opProbe, "LicenseService")
	if err != nil {
		return "", err
	}
	if service != "" {
		var doc struct{ Licenses link }
		_, err := b.get(ctx, opProbe, service, &doc)
		return doc.Licenses.URI, err
	}
	manager, err := b.ownManager(ctx, opProbe)
	if err != nil {
		return "", err
	}
	return manager.dell("DellLicenseCollection"), nil
}

func licenceLevel(licences []string) string {
	for _, level := range []string{"Datacenter", "Enterprise", "Express", "Basic"} {
		if slices.ContainsFunc(licences, func(text string) bool { return strings.Contains(strings.ToLower(text), strings.ToLower(level)) }) {
			return level
		}
	}
	return ""
}

// generation goes by the generation of servers that a manager's Model begins with.
func generation(model string) string {
	digits, _, _ := strings.Cut(model, "G")
	switch servers, err := strconv.Atoi(digits); {
	case err != nil:
		return ""
	case servers == 12:
		return "iDRAC7"
	case servers == 13:
		return "iDRAC8"
	case servers >= 14 && servers <= 16:
		return "iDRAC9"
	case servers == 17:
		return "iDRAC10"
	default:
		return ""
	}
}
