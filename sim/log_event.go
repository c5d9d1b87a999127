package sim

import "fmt"

// Severities of log entries and events.
const (
	severityOK       = "OK"
	severityWarning  = "Warning"
	severityCritical = "Critical"
)

// logEvent writes what happened to the logs an iDRAC would write it to, and tells those
// who have subscribed.
func (s *Server) logEvent(e Event) {
	entry, ok := lifecycleEntry(e)
	if !ok {
		return
	}
	entry.at = e.Time
	entry = s.logs.lifecycle.add(entry)
	if fromHardware(e.Kind) {
		s.logs.sel.add(entry)
	}
	if entry.severity == severityCritical {
		s.logs.faults.add(entry)
	}
	s.events.publish(entry)
}

func fromHardware(kind string) bool {
	return kind == PowerOn || kind == PowerOff || kind == Reset || kind == BootFailed
}

// lifecycleEntry words an event as an iDRAC does; not every event is one to it.
func lifecycleEntry(e Event) (logEntry, bool) {
	said := func(key, severity, format string, args ...any) (logEntry, bool) {
		return logEntry{key: key, severity: severity, message: fmt.Sprintf(format, args...)}, true
	}
	switch e.Kind {
	case PowerOn:
		return said("SYS1000", severityOK, "System is turning on.")
	case PowerOff:
		return said("SYS1001", severityOK, "System is turning off.")
	case Reset:
		return said("SYS1003", severityOK, "System CPU Resetting.")
	case BootFailed:
		return said("UEFI0134", severityCritical, "Unable to boot from %s: %s.", e.Detail["device"], e.Detail["reason"])
	case InsertMedia:
		return said("VRM0001", severityOK, "The remote image %s is attached to the slot %s.", e.Detail["image"], e.Detail["slot"])
	case EjectMedia:
		return said("VRM0002", severityOK, "The remote image of the slot %s is detached.", e.Detail["slot"])
	case ManagerRestart:
		return said("RAC0182", severityOK, "The iDRAC firmware was rebooted with the following reason: user initiated.")
	case SessionCreated:
		return said("USR0030", severityOK, "Successfully logged in using REDFISH.")
	case SessionDeleted:
		return said("USR0032", severityOK, "The session %s is logged off.", e.Detail["id"])
	case LogCleared:
		return said("LOG306", severityOK, "The log %s was cleared.", e.Detail["log"])
	default:
		return lifecycleJobEntry(e, said)
	}
}

func lifecycleJobEntry(e Event, said func(key, severity, format string, args ...any) (logEntry, bool)) (logEntry, bool) {
	switch {
	case e.Kind == JobCreated:
		return said("JCP027", severityOK, "The (installation or configuration) job %s is successfully created on iDRAC.", e.Detail["id"])
	case e.Kind == JobEnded && e.Detail["state"] == jobCompleted:
		return said("JCP037", severityOK, "The (installation or configuration) job %s is successfully completed.", e.Detail["id"])
	case e.Kind == JobEnded:
		return said("JCP038", severityWarning, "Unable to run the (installation or configuration) job %s because it ended as %s.", e.Detail["id"], e.Detail["state"])
	case e.Kind == FirmwareUpdated:
		return said("PR36", severityOK, "Version change detected for %s firmware. Previous version:%s, Current version:%s",
			e.Detail["component"], e.Detail["from"], e.Detail["to"])
	}
	return logEntry{}, false
}
