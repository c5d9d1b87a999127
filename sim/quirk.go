package sim

// Quirk is a way in which iDRACs differ from what a client may expect.
type Quirk struct {
	Number  int // in the order of docs/idrac.md
	Symptom string
	// Faults are the kinds of Fault that show it, each enough by itself.
	Faults []string
	// Nature is how servers show it without a fault; empty: they do not.
	Nature string
}

// Quirks returns the ways in which real iDRACs are known to misbehave, with what makes a
// simulated server do so.
func Quirks() []Quirk {
	return []Quirk{
		{1, "an insert over an image is refused: VRM0012", []string{MediaServerConnected}, "all generations, when the slot is in use"},
		{2, "an eject with nothing attached is refused: VRM0009", []string{EjectReportsError}, "all generations, when the slot is empty"},
		{3, "Inserted stays true for a while after an eject", []string{EjectShownLate}, "all generations, for Timing.MediaSettle"},
		{4, "an insert answers an error, and succeeds later", []string{InsertReportsError}, ""},
		{5, "virtual media is detached or in use: VRM0021", []string{MediaDetached}, ""},
		{6, "the image cannot be reached: RAC0904, RAC0720", []string{ImageUnreachable}, "all generations, when it really cannot"},
		{7, "virtual media belongs to the manager or to the system", nil, "the manager on " + IDRAC8 + " and " + IDRAC9v5 + ", the system on the others"},
		{8, "a second image is refused", []string{OneMediumOnly}, ""},
		{9, "the override Cd boots a physical drive", []string{CdIsPhysical}, IDRAC8 + " and " + IDRAC9v5},
		{10, "a profile import is refused: LC068, RAC0679", []string{ConfigurationPending, ConfigurationRunning}, "all generations, while a job is pending or running"},
		{11, "Boot of the system is read-only", []string{BootNotWritable, BootTargetRefused}, IDRAC10},
		{12, "the profile actions have different names", nil, "OemManager on " + IDRAC10 + ", EID_674_Manager on the others"},
		{13, "switching on soon after off is refused with 409", []string{PowerOnConflict}, "all generations: PSU501 when it is on already"},
		{14, "PowerState is missing or old", []string{PowerStateMissing, PowerStateStale}, ""},
		{15, "there is no ForceOn, and not all reset types everywhere", []string{GracefulIgnored}, "all generations, " + IDRAC8 + " with fewer"},
		{16, "not ready: SYS446, RAC0508, SYS518, InternalError, 503 with HTML", []string{NotReady, ProviderNotReady, InternalError, InformationMissing, HTMLStatus503, EmptyStatus503, LifecycleNotReady, RestartBMC}, "all generations, after a restart of the iDRAC"},
		{17, "one configuration job a target; the queue can be stuck", []string{JobsStuck}, "all generations: one job a target"},
		{18, "a new job is not found, an old task is gone", []string{JobMissing, TaskPurged}, "tasks are gone after Timing.TaskPurge on " + IDRAC8},
		{19, "a job is completed, but with errors", []string{JobCompletedPartly}, "all generations, for a profile with unknown attributes"},
		{20, "a staged update disappears", []string{JobVanishes}, ""},
		{21, "all sessions are in use: RAC0218", []string{SessionsFull, SessionLost}, "all generations, at their limit"},
		{22, "ETags are weak, have a suffix, or are refused", []string{ETagRefused}, "all generations refuse If-Match on actions; tags are strong on " + IDRAC10},
		{23, "a licence is missing", []string{LicenseMissing, TelemetryUnlicensed}, ""},
		{24, "not every scheme of an image's URL works", []string{HTTPSImageRefused}, "all generations fetch by HTTP and HTTPS only"},
		{25, "releases of the firmware that are known to be broken", []string{PluginBreaksShare}, ""},
		{26, "an eject under a running installer breaks it", []string{FailInstall}, "all generations: an installation without its medium fails"},
		{27, "parameters of an insert are refused, or demanded", []string{ExtraParametersRefused, ProtocolRequired}, ""},
		{28, "the boot mode changes by a job, or not at all", nil, "read-only on " + IDRAC10},
		{29, "any boot consumes an override for one boot", []string{BootOnceLost}, "all generations"},
		{30, "certificates are self-signed, and change", []string{NewCertificate, ExpiredCertificate}, "all generations are self-signed"},
		{31, "accounts are fixed slots; POST is not always there", []string{AccountCreateRefused}, "405 on " + IDRAC8 + " and " + IDRAC9v5},
		{32, "the URI of a drive has moved", nil, "below its controller on " + IDRAC9v7 + " and " + IDRAC10},
		{33, "storage is busy after a change", []string{StorageBusy}, ""},
		{34, "an iDRAC that is polled too often refuses", []string{PollSensitive}, ""},
		{35, "ids hold characters that are escaped in URIs", nil, "the manager's network interface on " + IDRAC8},
	}
}
