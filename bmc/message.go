package bmc

import (
	"strings"
	"unicode"

	"github.com/stmcginnis/gofish/schemas"
)

// Message ids that operations act upon, by their last part.
const (
	msgNoFreeSession    = "RAC0218"
	msgSessionLimit     = "SessionLimitExceeded"
	msgNothingInserted  = "VRM0009"
	msgMediaInserted    = "VRM0012"
	msgMediaDetached    = "VRM0021"
	msgImageUnreachable = "RAC0720"
	msgShareUnreachable = "RAC0904"
	msgNotWritable      = "PropertyNotWritable"
	msgPropertyReadOnly = "PropertyReadOnly"
)

const (
	hintSessions         = "all sessions of the BMC are in use: close some, or wait until idle ones end after 30 minutes"
	hintImageUnreachable = "check that the BMC's network reaches the media server, and prefer an IP address to a host name in its URL"
	hintPowerSettles     = "the server may already be in that state or still be changing it"
)

const (
	maxMessage    = 300 // bytes of a BMC's text that are kept
	maxMessageKey = 64
)

// meaning is what a message id says about the outcome. It overrides the HTTP
// status, which iDRACs choose loosely: the same condition is a 400 on one
// firmware and a 500 on the next.
type meaning struct {
	outcome Outcome
	hint    string
}

//nolint:gochecknoglobals // a constant table
var meanings = map[string]meaning{
	msgNoFreeSession:               {Busy, hintSessions},
	msgSessionLimit:                {Busy, hintSessions},
	"LC068":                        {Busy, "a configuration change is pending: it ends with the next restart of the server"},
	"RAC0679":                      {Busy, "another configuration job is running: wait until it has ended"},
	"ResourceInUse":                {Busy, ""},
	"PSU501":                       {Busy, hintPowerSettles},
	"ActionParameterValueConflict": {Busy, hintPowerSettles},
	msgMediaInserted:               {Busy, "another image is connected: eject it first"},
	msgMediaDetached:               {Busy, "virtual media is detached or used by a console: close the console; if it stays so, restart the BMC"},
	msgNothingInserted:             {Permanent, "no image is connected"},
	// iDRACs report these and may attach the image up to a minute later.
	msgImageUnreachable:             {Unknown, hintImageUnreachable},
	msgShareUnreachable:             {Unknown, hintImageUnreachable},
	"SYS446":                        {Transient, ""},
	"SYS518":                        {Transient, ""},
	"RAC0508":                       {Transient, "the BMC is still starting"},
	"ServiceTemporarilyUnavailable": {Transient, ""},
	"ServiceShuttingDown":           {Transient, "the BMC is restarting"},
	"LIC501":                        {Permanent, "the BMC's licence does not cover this: virtual media needs iDRAC Enterprise"},
	"InsufficientPrivilege":         {Permanent, "give the BMC account the Administrator role"},
	"CreateLimitReachedForResource": {Permanent, "the BMC has no room for one more: delete one that is not needed"},
	msgNotWritable:                  {Permanent, ""},
	msgPropertyReadOnly:             {Permanent, ""},
}

// messageKey strips a MessageId's registry and version, which differ between
// firmware releases: "IDRAC.2.8.VRM0012" becomes "VRM0012". What is no MessageId
// becomes empty.
func messageKey(id string) string {
	key := id[strings.LastIndexByte(id, '.')+1:]
	if len(key) > maxMessageKey || strings.ContainsFunc(key, notInMessageKey) {
		return ""
	}
	return key
}

func notInMessageKey(r rune) bool {
	return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// telling picks the entry that says most: a known one, else the first that is
// more than a generic failure, else the first.
func telling(infos []schemas.ErrExtendedInfo) (id, text string) {
	rank := 0
	for _, info := range infos {
		key := messageKey(info.MessageID)
		if r := specificity(key); r > rank {
			rank, id, text = r, key, info.Message
		}
	}
	return id, text
}

func specificity(key string) int {
	if _, known := meanings[key]; known {
		return 3
	}
	if key == "" || key == "InternalError" || key == "GeneralError" {
		return 1
	}
	return 2
}

// clean makes text of the BMC fit for one line of a log.
func clean(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) > maxMessage {
		text = text[:maxMessage] + "…"
	}
	return strings.ToValidUTF8(text, "")
}
