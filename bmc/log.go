package bmc

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	opLog      = "read log"
	opClearLog = "clear log"
	opLogUsage = "read how full the log is"

	// maxLogPages bounds one reading: 10,000 entries at the 50 an iDRAC hands out at once.
	maxLogPages = 200
)

// Log is one of the BMC's logs.
type Log string

// The logs of an iDRAC: the hardware's System Event Log, and the Lifecycle log of all that
// was done to the server.
const (
	LogSEL       Log = "Sel"
	LogLifecycle Log = "Lclog"
)

// LogEntry is one entry of a log.
type LogEntry struct {
	ID string `json:"id"`
	// Created is by the BMC's clock, or zero where it did not know the time.
	Created time.Time `json:"created"`
	// Severity is OK, Warning or Critical.
	Severity string `json:"severity"`
	// MessageID is the last part of the Redfish MessageId, such as SYS1001.
	MessageID string `json:"messageId,omitempty"`
	Message   string `json:"message"`
}

// Cursor is how far a log has been read. The zero value is before its first entry.
type Cursor struct {
	ID      string    `json:"id"`
	Created time.Time `json:"created"`
}

// passed tells whether an entry was read before the cursor came here. Ids start again
// when a log is cleared, and the BMC's clock can be set back, but hardly both at once.
func (c Cursor) passed(e LogEntry) bool {
	if c == (Cursor{}) {
		return false
	}
	order, counted := countOrder(e.ID, c.ID)
	return (!counted || order <= 0) && !e.Created.After(c.Created)
}

// past returns the cursor after an entry.
func (c Cursor) past(e LogEntry) Cursor {
	c.ID = e.ID
	if e.Created.After(c.Created) {
		c.Created = e.Created
	}
	return c
}

type logDoc struct {
	ID                 string `json:"Id"`
	MaxNumberOfRecords int
	Entries            link
	Actions            struct {
		Clear struct {
			Target string `json:"target"`
		} `json:"#LogService.ClearLog"`
	}
}

type logEntryDoc struct {
	ID        string `json:"Id"`
	Created   string
	Severity  string
	MessageID string `json:"MessageId"`
	Message   string
}

// LogEntries returns what a log has got since the cursor, the oldest first, and the cursor
// for the next call. One reading is bounded to the newest 10,000 entries.
//
// The BMC is not asked to filter by time: it would hide all that is logged after its clock
// was set back. An iDRAC lists the newest first, so that reading ends at the first page
// that holds an entry from before.
func (b *BMC) LogEntries(ctx context.Context, log Log, after Cursor) ([]LogEntry, Cursor, error) {
	service, err := b.logService(ctx, opLog, log)
	if err != nil {
		return nil, after, err
	}
	entries, err := b.entriesSince(ctx, opLog, service.Entries.URI, after)
	if err != nil {
		return nil, after, err
	}
	next := after
	for _, entry := range entries {
		next = next.past(entry)
	}
	return entries, next, nil
}

// LogUsage returns how many entries a log has, and how many it can hold.
func (b *BMC) LogUsage(ctx context.Context, log Log) (used, limit int, err error) {
	service, err := b.logService(ctx, opLogUsage, log)
	if err != nil {
		return 0, 0, err
	}
	if service.MaxNumberOfRecords <= 0 {
		return 0, 0, b.refuse(opLogUsage, fmt.Sprintf("the BMC does not tell how many entries log %s can hold", log), "clear the log without regard to that")
	}
	var entries struct {
		Count int `json:"Members@odata.count"`
	}
	_, err = b.get(ctx, opLogUsage, service.Entries.URI, &entries)
	return entries.Count, service.MaxNumberOfRecords, err
}

func (b *BMC) entriesSince(ctx context.Context, op, uri string, after Cursor) ([]LogEntry, error) {
	var entries []LogEntry
	for page := 0; uri != "" && page < maxLogPages; page++ {
		var list collection
		if _, err := b.get(ctx, op, uri, &list); err != nil {
			return nil, err
		}
		part, err := b.logPage(ctx, op, list)
		if err != nil {
			return nil, err
		}
		fresh := slices.DeleteFunc(slices.Clone(part), after.passed)
		entries = append(entries, fresh...)
		if newestFirst(part) && len(fresh) < len(part) {
			break
		}
		uri = list.Next
	}
	slices.SortStableFunc(entries, compareEntries)
	return entries, nil
}

// logPage decodes entries, which come whole on an iDRAC and as links from others.
func (b *BMC) logPage(ctx context.Context, op string, list collection) ([]LogEntry, error) {
	part := make([]LogEntry, 0, len(list.Members))
	for _, member := range list.Members {
		var doc logEntryDoc
		if err := readMember(ctx, b, op, member, &doc); err != nil {
			return nil, err
		}
		part = append(part, b.logEntry(doc))
	}
	return part, nil
}

func (b *BMC) logEntry(doc logEntryDoc) LogEntry {
	return LogEntry{
		ID: doc.ID, Created: firstTime(doc.Created), Severity: doc.Severity,
		MessageID: messageKey(doc.MessageID), Message: clean(b.failure(opLog).redact(doc.Message)),
	}
}

func newestFirst(page []LogEntry) bool {
	return len(page) > 0 && compareEntries(page[0], page[len(page)-1]) >= 0
}

// compareEntries goes by the ids where the BMC counts, which it does even while its clock
// is wrong. A log that has been cleared counts anew from its first entry.
func compareEntries(a, b LogEntry) int {
	if order, counted := countOrder(a.ID, b.ID); counted {
		return order
	}
	return a.Created.Compare(b.Created)
}

func countOrder(a, b string) (order int, counted bool) {
	n, errA := strconv.ParseUint(a, 10, 64)
	m, errB := strconv.ParseUint(b, 10, 64)
	return cmp.Compare(n, m), errA == nil && errB == nil
}

// logService finds a log by its id among those of the BMC.
func (b *BMC) logService(ctx context.Context, op string, log Log) (*logDoc, error) {
	uri, err := b.place("LogServices", func() (string, error) {
		manager, err := b.findManager(ctx, op)
		if err != nil {
			return "", err
		}
		var doc struct{ LogServices link }
		_, err = b.get(ctx, op, manager, &doc)
		return doc.LogServices.URI, err
	})
	if err != nil {
		return nil, err
	}
	services, err := readMembers[logDoc](ctx, b, op, uri)
	if err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(services))
	for i := range services {
		if strings.EqualFold(services[i].ID, string(log)) {
			return &services[i], nil
		}
		ids = append(ids, services[i].ID)
	}
	return nil, b.refuse(op, fmt.Sprintf("the BMC has no log %q", log), fmt.Sprintf("it has %v", ids))
}

// ClearLog empties a log; an empty one is left alone. Store its entries before: they are
// lost. The BMC may log the clearing itself. An iDRAC's Lifecycle log cannot be cleared
// without erasing the Lifecycle Controller's data.
func (b *BMC) ClearLog(ctx context.Context, log Log) error {
	service, err := b.logService(ctx, opClearLog, log)
	if err != nil {
		return err
	}
	before, err := b.firstPage(ctx, service.Entries.URI)
	if err != nil || len(before) == 0 {
		return err
	}
	target := service.Actions.Clear.Target
	if target == "" {
		return b.refuse(opClearLog, fmt.Sprintf("the BMC cannot clear its log %s", log), "")
	}
	asked := b.post(ctx, opClearLog, target, struct{}{})
	w := wait{op: opClearLog, what: "the log is empty", every: b.pace.poll, limit: b.pace.boot}
	return b.confirm(ctx, asked, w, func(ctx context.Context) (bool, error) {
		now, err := b.firstPage(ctx, service.Entries.URI)
		return err == nil && !slices.Contains(now, before[0]), err
	})
}

// firstPage returns the first entries as the BMC lists them.
func (b *BMC) firstPage(ctx context.Context, uri string) ([]LogEntry, error) {
	var list collection
	if _, err := b.get(ctx, opClearLog, uri, &list); err != nil {
		return nil, err
	}
	return b.logPage(ctx, opClearLog, list)
}
