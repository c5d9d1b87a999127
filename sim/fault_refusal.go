package sim

import (
	"net/http"
	"time"
)

// Kinds of Fault that refuse a request with a message of the device.
const (
	MediaServerConnected = "MediaServerConnected"
	MediaDetached        = "MediaDetached"
	ImageUnreachable     = "ImageUnreachable"
	BootNotWritable      = "BootNotWritable"
	BootTargetRefused    = "BootTargetRefused"
	NotReady             = "NotReady"
	ProviderNotReady     = "ProviderNotReady"
	InternalError        = "InternalError"
	InformationMissing   = "InformationMissing"
	ConfigurationPending = "ConfigurationPending"
	ConfigurationRunning = "ConfigurationRunning"
	JobMissing           = "JobMissing"
	TaskPurged           = "TaskPurged"
	SessionsFull         = "SessionsFull"
	SessionLost          = "SessionLost"
	ETagRefused          = "ETagRefused"
	LicenseMissing       = "LicenseMissing"
	TelemetryUnlicensed  = "TelemetryUnlicensed"
	AccountCreateRefused = "AccountCreateRefused"
	StorageBusy          = "StorageBusy"
	PollSensitive        = "PollSensitive"
)

const (
	anyInsert = "*/VirtualMedia.InsertMedia"
	anyImport = "*.ImportSystemConfiguration"
)

var refusalKinds = []FaultKind{
	{
		Name: MediaServerConnected, Path: anyInsert, Method: http.MethodPost,
		Description: "An insert is refused with VRM0012, whatever the slots show.",
		Source:      "ansible idrac_virtual_media, badfish",
		act:         refusing(func(*http.Request) *refusal { return refuseOccupied() }),
	},
	{
		Name: MediaDetached, Path: anyInsert, Method: http.MethodPost,
		Description: "An insert is refused with VRM0021: virtual media is detached or in use.",
		Source:      "lisa #4168",
		act: refusing(func(*http.Request) *refusal {
			return refuseDetached()
		}),
	},
	{
		Name: ImageUnreachable, Path: anyInsert, Method: http.MethodPost,
		Description: "An insert is refused with RAC0904: the iDRAC cannot reach the image.",
		Source:      "jetlag #286, lisa",
		act: refusing(func(*http.Request) *refusal {
			return dellRefusal(http.StatusInternalServerError, "RAC0904",
				"The remote file location is not accessible or reachable.",
				"Make sure that the remote file location is accessible or reachable, and retry the operation.")
		}),
	},
	{
		Name: BootNotWritable, Path: systemURI, Method: http.MethodPatch,
		Description: "Boot is read-only on the system, as on an iDRAC10; its settings resource takes it.",
		Source:      "bmclib #461 on a R6715 with 1.20.80.50, MAAS #534",
		when:        atItsPath,
		act:         refusing(func(*http.Request) *refusal { return refuseReadOnly("Boot") }),
	},
	{
		Name: BootTargetRefused, Path: systemURI + "/Settings", Method: http.MethodPatch,
		Description: "The settings resource of the system refuses a boot target.",
		Source:      "libredfish #75",
		act: refusing(func(*http.Request) *refusal {
			return refuseValue("BootSourceOverrideTarget", "Boot", []string{targetNone})
		}),
	},
	{
		Name: NotReady, Description: "Refused with SYS446: not ready yet.",
		Source: "Dell iDRAC-Redfish-Scripting #58",
		act: refusing(func(*http.Request) *refusal {
			return dellRefusal(http.StatusServiceUnavailable, "SYS446",
				"Unable to complete the operation because the iDRAC is not ready.", "Wait until the iDRAC is ready, and retry the operation.")
		}),
	},
	{
		Name: ProviderNotReady, Description: "Refused with RAC0508: the data provider is still starting.",
		Source: "Dell iDRAC-Redfish-Scripting #68",
		act: refusing(func(*http.Request) *refusal {
			return dellRefusal(http.StatusInternalServerError, "RAC0508",
				"An unexpected error occurred. Wait for few minutes and refresh the page.", "If the problem persists, contact the service provider.")
		}),
	},
	{
		Name: InternalError, Description: "Refused with Base.InternalError.",
		Source: "sushy release notes",
		act: refusing(func(*http.Request) *refusal {
			return baseRefusal(http.StatusInternalServerError, "InternalError",
				"The request failed due to an internal service error. The service is still operational.",
				"Resubmit the request. If the problem persists, consider resetting the service.")
		}),
	},
	{
		Name: InformationMissing, Description: "Refused with SYS518: the iDRAC has no information to show.",
		Source: "sushy release notes, lisa",
		act:    refusing(refuseInformation),
	},
	{
		Name: ConfigurationPending, Path: anyImport, Method: http.MethodPost,
		Description: "A profile import is refused with LC068: a configuration change is pending.",
		Source:      "sushy-oem-idrac",
		act: refusing(func(*http.Request) *refusal {
			return dellRefusal(http.StatusBadRequest, "LC068",
				"Unable to start the operation because a configuration job is pending.", "Restart the server so that the pending job is run, and retry the operation.")
		}),
	},
	{
		Name: ConfigurationRunning, Path: anyImport, Method: http.MethodPost,
		Description: "A profile import is refused with RAC0679: another configuration job is running.",
		Source:      "sushy-oem-idrac retries 35 times, every 15 seconds",
		act: refusing(func(*http.Request) *refusal {
			return dellRefusal(http.StatusServiceUnavailable, "RAC0679",
				"Unable to perform the import or export operation because another operation is in progress.", "Wait until it has ended, and retry the operation.")
		}),
	},
	{
		Name: JobMissing, Path: "*/JID_*", Method: http.MethodGet,
		Description: "A job that was just made is not found.",
		Source:      "sushy asks for it 3 times, every 10 seconds",
		act:         refusing(func(r *http.Request) *refusal { return refuseMissing(r.URL.Path) }),
	},
	{
		Name: TaskPurged, Path: rootURI + "/TaskService/*", Method: http.MethodGet,
		Description: "The task of a job is gone; the job itself can still be read.",
		Source:      "Ironic's documentation of the idrac driver",
		act:         refusing(func(r *http.Request) *refusal { return refuseMissing(r.URL.Path) }),
	},
	{
		Name: SessionsFull, Path: sessionsURI, Method: http.MethodPost,
		Description: "A login is refused with RAC0218, as if others held all sessions.",
		Source:      "gofish #75, badfish #447, check_redfish #90",
		act:         refusing(func(*http.Request) *refusal { return refuseSession() }),
	},
	{
		Name: SessionLost, Description: "A session's token is refused with 401, and the session is gone.",
		when: func(_ *activeFault, r *http.Request) bool { return r.Header.Get("X-Auth-Token") != "" },
		act: func(s *Server, f Fault, e *exchange) {
			s.dropSession(e.r.Header.Get("X-Auth-Token"))
			e.refuse(s, f, refuseAccess())
		},
	},
	{
		Name: ETagRefused, Method: http.MethodPatch,
		Description: "A change with an If-Match header is refused with 412, though the tag is the resource's.",
		Source:      "metal-operator #1015, gofish #510, sushy",
		when:        func(_ *activeFault, r *http.Request) bool { return r.Header.Get("If-Match") != "" },
		act:         refusing(func(*http.Request) *refusal { return refusePrecondition() }),
	},
	{
		Name: LicenseMissing, Path: anyInsert, Method: http.MethodPost,
		Description: "Refused with LIC501: virtual media needs an Enterprise licence.",
		Source:      "Dell's licence levels of the iDRAC",
		act:         refusing(func(*http.Request) *refusal { return refuseLicense() }),
	},
	{
		Name: TelemetryUnlicensed, Path: telemetryURI, Description: "Telemetry is refused with LIC501: it needs a Datacenter licence.",
		Source: "Dell telemetry reference tools",
		act:    refusing(func(*http.Request) *refusal { return refuseLicense() }),
	},
	{
		Name: AccountCreateRefused, Path: accountsURI, Method: http.MethodPost,
		Description: "POST of an account is refused with 405: a slot must be patched.",
		Source:      "bmclib",
		act:         refusing(func(r *http.Request) *refusal { return refuseMethod(r.Method) }),
	},
	{
		Name: StorageBusy, Path: "*/Volumes*", Description: "A change of the volumes is refused with SYS518, as after another one.",
		Source: "sushy release notes",
		when:   func(_ *activeFault, r *http.Request) bool { return !isRead(r.Method) },
		act:    refusing(refuseInformation),
	},
	{
		Name: PollSensitive, Path: systemURI, Method: http.MethodGet, Delay: Duration(time.Second),
		Description: "A reading that follows the last one by less than the delay is refused with 503.",
		Source:      "OpenStack Ironic: nodes fall into maintenance when power is polled every 60 seconds",
		when:        followsTooSoon,
		act:         func(_ *Server, f Fault, e *exchange) { e.refuseRaw(http.StatusServiceUnavailable, f, "") },
	},
}

func refusing(with func(*http.Request) *refusal) func(*Server, Fault, *exchange) {
	return func(s *Server, f Fault, e *exchange) { e.refuse(s, f, with(e.r)) }
}

func refuseInformation(*http.Request) *refusal {
	return dellRefusal(http.StatusInternalServerError, "SYS518",
		"iDRAC is unable to display any information at this time.", "Wait for some minutes, and retry the operation.")
}

func refuseLicense() *refusal {
	return dellRefusal(http.StatusForbidden, "LIC501",
		"A required license is missing or expired.", "Obtain an appropriate license, and retry the operation.")
}

// atItsPath leaves out what lies below the path that the kind shows at by nature.
func atItsPath(a *activeFault, r *http.Request) bool {
	return a.given.Path != "" || r.URL.EscapedPath() == a.fault.Path
}

// followsTooSoon remembers when it was last asked. The caller holds the server's lock.
func followsTooSoon(a *activeFault, r *http.Request) bool {
	if !atItsPath(a, r) {
		return false
	}
	now := time.Now()
	soon := now.Sub(a.asked) < time.Duration(a.fault.Delay)
	a.asked = now
	return soon
}
