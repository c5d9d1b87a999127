package activities_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/sim"
)

const (
	ntp     = "NTPConfigGroup.1#NTPEnable"
	idrac   = "iDRAC.Embedded.1"
	bootISO = "Job.Media.Insert"
)

// Steps that several trials have in common.
var (
	insert      = step{bootISO, with(fromDisc())}
	insertAgain = step{bootISO, inserted(fromDisc())}
	insertTwo   = step{bootISO, inserted(map[string]any{"source": "image:disc.iso", "slot": 2.0})}
	eject       = step{"Job.Media.Eject", inserted(nil)}
	bootCd      = step{"Job.Boot.Device", with(map[string]any{"device": "Cd"})}
	bootHdd     = step{"Job.Boot.Device", with(map[string]any{"device": "Hdd"})}
	switchOn    = step{"Job.Obm.Node", with(action("powerOn"))}
	readPower   = step{"Job.Obm.Node", with(action("powerStatus"))}
	discover    = step{"Job.Server.Discover", with(nil)}
	catalog     = step{"Job.Server.Catalog", with(nil)}
	importNTP   = step{"Job.Profile.Import", with(map[string]any{"attributes": map[string]any{idrac: map[string]any{ntp: "Enabled"}}})}
	export      = step{"Job.Profile.Export", with(map[string]any{"targets": []any{"IDRAC"}})}
	account     = step{"Job.Bmc.Account", with(map[string]any{"user": "ops", "password": "Secret-1234", "role": "Operator"})}
	newVolume   = step{"Job.Volume.Create", freeVolume}
	eraseDrive  = step{"Job.Drive.Erase", freeDrive}
)

func quirks() []quirk {
	all := slices.Concat(mediaQuirks(), bootQuirks(), serviceQuirks(), jobQuirks(), settingsQuirks())
	slices.SortFunc(all, func(a, b quirk) int { return a.number - b.number })
	return all
}

func mediaQuirks() []quirk {
	return []quirk{
		{1, "An image that this run has inserted is left alone. Another is ejected first, and VRM0012 is answered by an eject and another insert.",
			"ansible `idrac_virtual_media`; badfish takes the 500 for *already mounted*", []trial{
				{faults: once(sim.MediaServerConnected, 1), do: insert, holds: hasMedia(1)},
				{circumstances: "another image in the slot", do: insertAgain, holds: happened(sim.EjectMedia, 1)},
				{faults: always(sim.MediaServerConnected), do: insert, ends: activities.TypeBusy, says: []string{"insert media", "already connected", "VRM0012", "eject it first"}},
			}},
		{2, "A slot is read before it is ejected; VRM0009 counts as ejected.", "ansible `idrac_virtual_media`, badfish", []trial{
			{faults: always(sim.EjectReportsError), do: eject, holds: hasMedia(0)},
			{circumstances: "nothing inserted", do: step{"Job.Media.Eject", with(nil)}, holds: happened(sim.EjectMedia, 0)},
		}},
		{3, "Each run inserts at a URL of its own, so an image that is still shown is never taken for the one that is wanted; an eject is followed until the slot shows it.",
			"OpenStack Ironic, `deploy` of `boot.py`", []trial{
				{faults: lasting(sim.EjectShownLate), do: eject, holds: hasMedia(0)},
				{faults: lasting(sim.EjectShownLate), circumstances: "another image in the slot", do: insertAgain, holds: hasMedia(1)},
			}},
		{4, "After an error that may be wrong the slot is watched for 90 s before anything is done again.", "seen on installed servers: RAC0720, and the image 55 s later", []trial{
			{faults: lasting(sim.InsertReportsError), do: insert, holds: happened(sim.InsertMedia, 1)},
		}},
		{5, "Images of other servers are ejected, virtual media is set to AutoAttach, and the insert is tried again, 3 times in all.", "lisa #4168", []trial{
			{faults: once(sim.MediaDetached, 2), do: insert, holds: hasMedia(1)},
			{faults: always(sim.MediaDetached), do: insert, ends: activities.TypeBusy, says: []string{"insert media", "detached", "VRM0021", "restart the BMC"}},
		}},
		{6, "Tried 3 times, 5 s apart, for an iDRAC may hold on to a stale connection. Then it is permanent: the network between BMC and media server, or a name that the BMC cannot resolve.",
			"jetlag #286, lisa, OpenShift's troubleshooting of virtual media", []trial{
				{faults: once(sim.ImageUnreachable, 1), do: insert, holds: hasMedia(1)},
				{circumstances: "no media server at the URL", do: step{bootISO, mediaFromNowhere}, ends: activities.TypePermanent,
					says: []string{"insert media", "Unable to locate", "RAC0720", "prefer an IP address"}},
				{faults: always(sim.ImageUnreachable), do: insert, ends: activities.TypePermanent,
					says: []string{"insert media", "not accessible", "RAC0904", "check that the BMC's network reaches the media server"}},
			}},
		{7, "Both places are looked at by their links, the system's first; the slot to boot from is the first that takes a CD or DVD. The capability record says which it is.",
			"Dell iDRAC-Redfish-Scripting, Ironic bug 2125571, bmclib", []trial{
				{generation: sim.IDRAC8, do: insert, holds: hasMedia(1)},
				{generation: sim.IDRAC9v5, do: discover, holds: found("media", string(bmc.MediaOfManager))},
				{generation: sim.IDRAC9v7, do: discover, holds: found("media", string(bmc.MediaOfSystem))},
				{generation: sim.IDRAC10, do: insert, holds: hasMedia(1)},
			}},
		{8, "Not to be cured: an installation that needs a second image puts its answers into the first, by Job.Iso.Overlay.", "Dell iDRAC-Redfish-Scripting #290", []trial{
			{faults: always(sim.OneMediumOnly), circumstances: "an image in the first slot", do: insertTwo, ends: activities.TypePermanent,
				says: []string{"insert media", "VRM0012", "one image at a time", "put what this one holds into it"}, holds: hasMedia(1)},
		}},
	}
}

func bootQuirks() []quirk {
	return []quirk{
		{9, "Where virtual media belongs to the manager, the next boot is set by a configuration profile (ServerBoot, VCD-DVD), else by the standard override Cd.",
			"sushy-oem-idrac, OpenStack Ironic `drac/boot.py`", []trial{
				{faults: always(sim.CdIsPhysical), generation: sim.IDRAC8, do: bootCd, holds: bootsImage},
				{generation: sim.IDRAC9v5, do: bootCd, holds: bootsImage},
				{generation: sim.IDRAC9v7, do: bootCd, holds: bootsImage},
			}},
		{10, "Busy: tried again after 10 s, 20 s and then every 30 s, until the task's retries are used up.", "sushy-oem-idrac: 35 times, every 15 s", []trial{
			{faults: once(sim.ConfigurationPending, 1), do: importNTP, tries: 2, holds: ntpEnabled},
			{faults: once(sim.ConfigurationRunning, 2), do: importNTP, tries: 3, holds: ntpEnabled},
			{faults: always(sim.ConfigurationPending), do: importNTP, ends: activities.TypeBusy,
				says: []string{"import server configuration profile", "configuration job is pending", "LC068", "next restart of the server"}},
			{circumstances: "a BIOS change waits for a restart", do: step{"Job.Profile.Import", stagedBIOS}, ends: activities.TypeBusy,
				says: []string{"import server configuration profile", "changes are pending", "LC068", "next restart of the server"}},
		}},
		{11, "The override is written to the system; where that is read-only, to its settings resource, which is remembered for the connection.",
			"bmclib #461 on a R6715 with 1.20.80.50, MAAS #534; libredfish #75", []trial{
				{faults: always(sim.BootNotWritable), do: bootCd, holds: happened(sim.BootOverride, 1)},
				{generation: sim.IDRAC10, do: bootHdd, holds: happened(sim.BootOverride, 1)},
				{faults: always(sim.BootTargetRefused), generation: sim.IDRAC10, do: bootHdd, ends: activities.TypePermanent,
					says: []string{"set boot override", "PropertyValueNotInList", "BootSourceOverrideTarget"}},
			}},
		{12, "The action's target is taken from the manager's Actions, whatever prefix it has.", "Dell iDRAC-Redfish-Scripting", []trial{
			{generation: sim.IDRAC8, do: importNTP, holds: ntpEnabled},
			{generation: sim.IDRAC10, do: importNTP, holds: ntpEnabled},
		}},
		{13, "The state is read first. A refusal is followed by another look: as wanted is success, else it is asked for again every 10 s, 7 times in all.",
			"OpenStack Ironic `power_on_conflict`; lisa and badfish on PSU501", []trial{
				{faults: once(sim.PowerOnConflict, 4), do: switchOn, holds: powered("On")},
				{circumstances: "on already", do: step{"Job.Obm.Node", turnedOn(action("powerOn"))}, holds: happened(sim.PowerOn, 1)},
				{faults: always(sim.PowerOnConflict), do: switchOn, ends: activities.TypeBusy,
					says: []string{"power on", "conflicts with other property values", "ActionParameterValueConflict", "still be changing it"}},
			}},
		{14, "An unknown state is not Off. Two reads 2 s apart must agree before anything is done, and again before it counts as done.", "lisa", []trial{
			{faults: once(sim.PowerStateMissing, 4), do: switchOn, holds: powered("On")},
			{faults: lasting(sim.PowerStateStale), do: switchOn, holds: happened(sim.PowerOn, 1)},
		}},
		{15, "Intents are mapped to what is advertised; a forced restart that is not offered becomes off and on. A graceful shutdown that is ignored is forced after options.gracefulMs (2 minutes).",
			"ResetType of captured iDRAC9 and iDRAC10", []trial{
				{faults: always(sim.GracefulIgnored), do: step{"Job.Obm.Node", turnedOn(map[string]any{"action": "powerOff", "graceful": true, "gracefulMs": 300.0})}, holds: powered("Off")},
				{generation: sim.IDRAC8, do: step{"Job.Obm.Node", turnedOn(action("reset"))}, holds: happened(sim.PowerOn, 2)},
				{generation: sim.IDRAC10, do: step{"Job.Obm.Node", turnedOn(action("reset"))}, holds: powered("On")},
			}},
		{26, "A graph turns the server off before it ejects: option powerOff of Job.Media.Eject does, when something is inserted.", "Ironic bug 2160374", []trial{
			{faults: always(sim.FailInstall), do: step{"Job.Media.Eject", insertedOn(map[string]any{"powerOff": true})}, holds: offBeforeEject},
		}},
		{28, "The mode is never changed by the way. As a BIOS attribute it is staged for a restart; where it is read-only, refused before anything is sent.", "OpenStack Ironic; bmclib #461", []trial{
			{do: step{"Job.Bios.Configure", with(bootMode("Bios"))}, holds: happened(sim.JobCreated, 1)},
			{generation: sim.IDRAC10, do: step{"Job.Bios.Configure", with(bootMode("Bios"))}, ends: activities.TypePermanent, says: []string{"change BIOS", "BootMode", "none was changed"}},
		}},
		{29, "Graphs set it last, right before the reset. Set again, it is read first, so a boot that has used it up is noticed.", "OpenStack Ironic", []trial{
			{faults: once(sim.BootOnceLost, 1), circumstances: "a boot in between", do: step{"Job.Boot.Device", bootedOnce}, holds: happened(sim.BootOverride, 2)},
		}},
	}
}

func serviceQuirks() []quirk {
	const transient = activities.TypeTransient
	return []quirk{
		{16, "Transient. Waits go on through it, readings of the inventory are repeated, other jobs are tried again by Temporal. A change is looked for before it is asked for again; storage work and BMC restarts wait for the Lifecycle Controller.",
			"Dell iDRAC-Redfish-Scripting #58, #60, #68; sushy's release notes; sushy-oem-idrac; lisa", []trial{
				{faults: once(sim.HTMLStatus503, 3), do: switchOn, tries: 4, holds: powered("On")},
				{faults: once(sim.EmptyStatus503, 2), do: readPower, tries: 3},
				{faults: always(sim.NotReady), do: readPower, ends: transient, says: []string{"connect", "not ready", "SYS446", "try again"}},
				{faults: []sim.Fault{{Kind: sim.ProviderNotReady, Path: "*/Storage*", Count: 2}}, do: catalog, holds: noProblems},
				{faults: []sim.Fault{{Kind: sim.InformationMissing, Path: "*/Memory*", Count: 2}}, do: catalog, holds: noProblems},
				{faults: []sim.Fault{{Kind: sim.InternalError, Method: http.MethodPost, Path: "*/ComputerSystem.Reset", Count: 1}}, do: switchOn, holds: happened(sim.PowerOn, 1)},
				{faults: once(sim.LifecycleNotReady, 3), do: newVolume, holds: happened(sim.VolumeCreated, 1)},
				{faults: []sim.Fault{{Kind: sim.RestartBMC, Path: "*/JID_*", Count: 1}}, do: importNTP, holds: ntpEnabled},
			}},
		{21, "One session a BMC and process, closed at the end. A full table is met with basic authentication, a lost session with one new login. Other people's sessions are never ended.",
			"gofish #75, badfish #447, check_redfish #90 and #198", []trial{
				{faults: always(sim.SessionsFull), do: readPower, holds: sessions(0)},
				{faults: once(sim.SessionLost, 1), do: bootHdd, holds: sessions(1)},
			}},
		{22, "Actions carry no If-Match. A change is tried with the tag as given, in its strong form, and last without.", "metal-operator #1015, gofish #510, sushy", []trial{
			{faults: always(sim.ETagRefused), do: bootHdd, holds: happened(sim.BootOverride, 1)},
		}},
		{23, "Permanent, and the message says which licence it takes. Licences are in the capability record.", "Dell's telemetry reference tools and licence levels", []trial{
			{faults: always(sim.LicenseMissing), do: insert, ends: activities.TypePermanent, says: []string{"insert media", "license is missing", "LIC501", "iDRAC Enterprise"}},
			{faults: always(sim.TelemetryUnlicensed), do: discover, holds: found("licence", "Datacenter")},
		}},
		{24, "Images are served by plain HTTP. A scheme that no iDRAC takes is refused before anything is sent.", "AllowableValues of captured iDRAC10; Dell iDRAC-Redfish-Scripting #24", []trial{
			{faults: always(sim.HTTPSImageRefused), do: step{bootISO, mediaOverTLS}, ends: activities.TypePermanent, says: []string{"insert media", "RAC0720", "media server"}},
			{do: step{"Job.Firmware.Update", with(map[string]any{"source": "ftp://192.0.2.1/bios.exe"})}, ends: activities.TypePermanent, says: []string{"update firmware", "ftp", "plain URL"}},
		}},
		{25, "The capability record has a warning for these releases, which decides nothing else.", "firmware 4.40.00 to 4.40.39 and 5.10.10.00", []trial{
			{faults: always(sim.PluginBreaksShare), do: discover, holds: warned("4.40.10.00")},
		}},
		{27, "From all parameters down to the image alone, while the BMC rejects the request as such.", "bmclib", []trial{
			{faults: always(sim.ExtraParametersRefused), do: insert, holds: hasMedia(1)},
			{faults: always(sim.ProtocolRequired), do: insert, holds: hasMedia(1)},
		}},
		{30, "The key is pinned when the server is added, and dates do not matter then. Another key is permanent until someone pins it. CAs work, too; nothing is switched off for the process.",
			"iDRACs are self-signed until somebody installs a certificate", []trial{
				{faults: always(sim.ExpiredCertificate), do: readPower},
				{faults: always(sim.NewCertificate), do: readPower, ends: activities.TypePermanent, says: []string{"connect", "not the pinned one", "read its fingerprint again"}},
			}},
		{34, "Nothing polls by itself; what watches reads one property, and a limiter for each BMC keeps requests to one change and two to four readings at once.",
			"OpenStack Ironic: nodes fall into maintenance when polled every 60 s", []trial{
				{faults: []sim.Fault{{Kind: sim.PollSensitive, Delay: sim.Duration(time.Minute), Count: 1}}, circumstances: "a reading just before", do: readPower, holds: polledAgain},
			}},
	}
}

func jobQuirks() []quirk {
	return []quirk{
		{17, "A job of somebody else is waited for, never cleared by itself: Job.Bmc.Jobs.Clear does, where a graph asks for it, and never by force.", "Dell's job queue and its JID_CLEARALL", []trial{
			{circumstances: "a stuck export", do: step{"Job.Profile.Import", stuckExport}, ends: activities.TypeBusy,
				says: []string{"import server configuration profile", "RAC0679", "another configuration job is running"}},
			{faults: always(sim.JobsStuck), do: step{"Job.Bmc.Jobs.Clear", stuckExport}, holds: happened(sim.JobsCleared, 1)},
		}},
		{18, "The id is recorded before the wait. A job that is not found is looked for again, 3 times every 10 s, then among the tasks and the other way round.", "sushy; Ironic's documentation of the idrac driver", []trial{
			{faults: once(sim.JobMissing, 2), do: importNTP, holds: ntpEnabled},
			{faults: always(sim.TaskPurged), do: importNTP, holds: ntpEnabled},
			{generation: sim.IDRAC8, do: export},
		}},
		{19, "Success is a job that has completed without errors and, for a profile, without a failed line.", "OpenStack Ironic", []trial{
			{faults: always(sim.JobCompletedPartly), do: importNTP, ends: activities.TypePermanent, says: []string{"read job", "completed with errors", "SYS055", "Lifecycle log"}},
			{circumstances: "an attribute that is not there", do: step{"Job.Profile.Import", with(map[string]any{"attributes": map[string]any{idrac: map[string]any{"No.1#Such": "x"}}})},
				ends: activities.TypePermanent, says: []string{"import server configuration profile", "No.1#Such", "correct these in the profile"}},
		}},
		{20, "A staged update is followed until the BMC says that it is scheduled, and looked for once more before the graph restarts the server.", "OpenStack Ironic `drac/firmware.py`", []trial{
			{faults: always(sim.JobVanishes), do: step{"Job.Firmware.Update", newBIOS}, tries: 2, ends: activities.TypeTransient,
				says: []string{"read job", "does not know job", "read what it was to change"}, holds: happened(sim.FirmwareUpdated, 0)},
		}},
		{33, "Storage work waits for the Lifecycle Controller, one volume at a time; SYS518 is transient, and the next attempt looks for the volume first.", "sushy's release notes", []trial{
			{faults: once(sim.StorageBusy, 2), do: newVolume, tries: 3, holds: happened(sim.VolumeCreated, 1)},
			{faults: always(sim.StorageBusy), do: newVolume, ends: activities.TypeTransient, says: []string{"create volume", "unable to display", "SYS518", "try again"}, holds: happened(sim.VolumeCreated, 0)},
		}},
	}
}

func settingsQuirks() []quirk {
	return []quirk{
		{31, "The account of that name is changed; a new one goes into the first free slot, and is posted where there are no slots.", "bmclib", []trial{
			{faults: always(sim.AccountCreateRefused), do: account, holds: hasAccount("ops")},
			{generation: sim.IDRAC8, do: account, holds: hasAccount("ops")},
		}},
		{32, "Links are followed, no URI is put together.", "captures of iDRAC9 before and after 6.00", []trial{
			{generation: sim.IDRAC9v5, do: eraseDrive, holds: happened(sim.DriveErased, 1)},
			{generation: sim.IDRAC9v7, do: eraseDrive, holds: happened(sim.DriveErased, 1)},
		}},
		{35, "URIs are used as the BMC wrote them, never decoded and encoded again.", "captures of iDRAC8", []trial{
			{generation: sim.IDRAC8, do: step{"Job.Bmc.Network", with(map[string]any{"vlan": 42.0})}, holds: happened(sim.ManagerNetwork, 1)},
		}},
	}
}

func freeVolume(t *testing.T, d *device) map[string]any {
	t.Helper()
	turnedOn(nil)(t, d)
	controller, drives := d.freeDrives(t)
	return map[string]any{"controller": controller, "name": "data", "raid": "RAID1", "drives": []any{drives[0].SerialNumber, drives[1].SerialNumber}}
}

func freeDrive(t *testing.T, d *device) map[string]any {
	t.Helper()
	turnedOn(nil)(t, d)
	_, drives := d.freeDrives(t)
	return map[string]any{"drive": drives[0].SerialNumber, "confirm": []any{drives[0].SerialNumber}}
}

func newBIOS(t *testing.T, d *device) map[string]any {
	t.Helper()
	d.serveBlob(t, "packages/bios.exe", sim.FirmwareImage("BIOS.Setup.1-1", "9.9.9"))
	return map[string]any{"source": "blob:packages/bios.exe", "component": "BIOS", "version": "9.9.9", "onReset": true}
}

func mediaFromNowhere(_ *testing.T, d *device) map[string]any {
	d.cfg.MediaURL = func(context.Context, string) (string, error) { return "http://127.0.0.1:1", nil }
	return fromDisc()
}

func mediaOverTLS(t *testing.T, d *device) map[string]any {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	d.cfg.MediaURL = func(context.Context, string) (string, error) { return server.URL, nil }
	return fromDisc()
}

func bootMode(value string) map[string]any {
	return map[string]any{"attributes": map[string]any{"BootMode": value}}
}

// stagedBIOS leaves a BIOS change that waits for a restart.
func stagedBIOS(t *testing.T, d *device) map[string]any {
	t.Helper()
	d.run(t, "Job.Bios.Configure", map[string]any{"attributes": map[string]any{"ProcVirtualization": "Disabled"}})
	return importNTP.prepare(t, d)
}

// stuckExport leaves an export in the queue that is never carried out.
func stuckExport(t *testing.T, d *device) map[string]any {
	t.Helper()
	check(t, d.SetFaults(always(sim.JobsStuck)...))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	b := d.connected(t)
	_, err := b.StartExportProfile(ctx, bmc.ProfileExport{})
	check(t, err)
	return importNTP.prepare(t, d)
}

func (d *device) connected(t *testing.T) *bmc.BMC {
	t.Helper()
	b, err := d.cfg.BMCs.Get(t.Context(), bmc.Config{
		Server: d.Tag(), Endpoint: d.URL(), Username: "root", Password: password, Fingerprint: d.Fingerprint(),
	})
	check(t, err)
	return b
}

// bootedOnce uses up an override, and returns the options to set it again.
func bootedOnce(t *testing.T, d *device) map[string]any {
	t.Helper()
	options := map[string]any{"device": "Hdd"}
	d.run(t, "Job.Boot.Device", options)
	check(t, d.power(t, d.stored.ID, action("powerOn")))
	d.eventually(t, "it boots", func() bool { return d.count(sim.BootFailed) > 0 })
	return options
}

func insertedOn(options map[string]any) func(*testing.T, *device) map[string]any {
	return func(t *testing.T, d *device) map[string]any {
		t.Helper()
		return inserted(turnedOn(options)(t, d))(t, d)
	}
}

func offBeforeEject(t *testing.T, d *device) {
	t.Helper()
	var order []string
	for _, e := range d.Journal() {
		if e.Kind == sim.PowerOff || e.Kind == sim.EjectMedia {
			order = append(order, e.Kind)
		}
	}
	if !slices.Equal(order, []string{sim.PowerOff, sim.EjectMedia}) {
		t.Errorf("it did %v", order)
	}
}

// bootsImage inserts an image and looks what the next boot takes.
func bootsImage(t *testing.T, d *device) {
	t.Helper()
	d.run(t, bootISO, fromDisc())
	check(t, d.power(t, d.stored.ID, action("powerOn")))
	booted := func(e sim.Event) bool {
		return (e.Kind == sim.Boot || e.Kind == sim.BootFailed) && e.Detail["device"] == "Cd"
	}
	d.eventually(t, "it boots from Cd", func() bool { return slices.ContainsFunc(d.Journal(), booted) })
	i := slices.IndexFunc(d.Journal(), booted)
	if reason := d.Journal()[i].Detail["reason"]; strings.Contains(reason, "physical") {
		t.Errorf("it boots from %s", reason)
	}
}

func ntpEnabled(t *testing.T, d *device) {
	t.Helper()
	if got := d.Attribute(idrac, ntpShown); got != "Enabled" {
		t.Errorf("%s is %q", ntp, got)
	}
}

// found looks a capability up in the record that Job.Server.Discover keeps.
func found(capability, want string) func(*testing.T, *device) {
	return func(t *testing.T, d *device) {
		t.Helper()
		var kept struct{ Capabilities map[string]any }
		d.catalog(t, "bmc", &kept)
		if kept.Capabilities[capability] != want {
			t.Errorf("%s is %v, want %s", capability, kept.Capabilities[capability], want)
		}
	}
}

func warned(word string) func(*testing.T, *device) {
	return func(t *testing.T, d *device) {
		t.Helper()
		var kept struct{ Capabilities bmc.Capabilities }
		d.catalog(t, "bmc", &kept)
		if len(kept.Capabilities.Warnings) != 1 || !strings.Contains(kept.Capabilities.Warnings[0], word) {
			t.Errorf("warnings are %q, want one about %s", kept.Capabilities.Warnings, word)
		}
	}
}

func noProblems(t *testing.T, d *device) {
	t.Helper()
	var kept struct{ Problems []bmc.Problem }
	d.catalog(t, "redfish", &kept)
	if len(kept.Problems) > 0 {
		t.Errorf("problems: %+v", kept.Problems)
	}
	if len(d.Faults()) > 0 {
		t.Errorf("the fault has not shown: %+v", d.Faults())
	}
}

func sessions(want int) func(*testing.T, *device) {
	return func(t *testing.T, d *device) {
		t.Helper()
		if got := d.Sessions(); got != want {
			t.Errorf("%d sessions are open, want %d", got, want)
		}
	}
}

func hasAccount(name string) func(*testing.T, *device) {
	return func(t *testing.T, d *device) {
		t.Helper()
		for _, got := range d.Accounts() {
			if got == name {
				return
			}
		}
		t.Errorf("accounts are %v, without %s", d.Accounts(), name)
	}
}

// polledAgain reads twice more: too soon, and when the BMC has recovered.
func polledAgain(t *testing.T, d *device) {
	t.Helper()
	_, _, err := d.do(t, attempt{job: readPower.job, server: d.stored.ID, options: action("powerStatus")})
	wantFailure(t, err, activities.TypeTransient, true, d.Tag(), "read power state", "HTTP 503", "try again")
	check(t, d.power(t, d.stored.ID, action("powerStatus")))
}
