package bmc

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	logServicesURI = managerURI + "/LogServices"
	selURI         = logServicesURI + "/Sel"
	selEntriesURI  = selURI + "/Entries"
	clearSelURI    = selURI + "/Actions/LogService.ClearLog"
)

// addLogs gives the fake a SEL that can be cleared and a Lifecycle log that cannot.
func (f *fake) addLogs() {
	f.edit(managerURI, object{"LogServices": to(logServicesURI)})
	f.collect(logServicesURI, selEntriesURI)
	f.put(selURI, object{"Entries": to(selEntriesURI), "Actions": object{"#LogService.ClearLog": object{"target": clearSelURI}}})
	f.put(logServicesURI+"/Lclog", object{"Entries": to(logServicesURI + "/Lclog/Entries")})
	f.on("POST "+clearSelURI, func(object) answer {
		f.docs[selEntriesURI] = members()
		return answer{status: 204}
	})
}

// logged is an entry of the SEL n minutes into the year.
func logged(id string, minute int) object {
	return object{
		"@odata.id": selEntriesURI + "/" + id, "Id": id, "Created": time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC).Format(time.RFC3339),
		"Severity": "Warning", "MessageId": "IDRAC.2.8.PSU0003", "Message": "entry\n" + id,
	}
}

func (f *fake) logs(uri, next string, entries ...object) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.docs[uri] = object{"Members": entries}
	if next != "" {
		f.docs[uri]["Members@odata.nextLink"] = next
	}
}

func ids(entries []LogEntry) []string {
	var list []string
	for _, e := range entries {
		list = append(list, e.ID)
	}
	return list
}

// TestLogEntries reads one log again and again while it changes.
func TestLogEntries(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addLogs()
	b := f.connect(t)
	var cursor Cursor
	steps := []struct {
		what    string
		entries []object
		want    []string
	}{
		{"nothing", nil, nil},
		{"the first, newest first", []object{logged("2", 2), logged("1", 1)}, []string{"1", "2"}},
		{"no more", []object{logged("2", 2), logged("1", 1)}, nil},
		{"two more in the same minute", []object{logged("4", 2), logged("3", 2), logged("2", 2)}, []string{"3", "4"}},
		{"ids are numbers", []object{logged("10", 9), logged("9", 8), logged("4", 2)}, []string{"9", "10"}},
		{"the clock was set back", []object{logged("12", -40), logged("11", -50), logged("10", 9)}, []string{"11", "12"}},
		{"and the old are not seen again", []object{logged("12", -40), logged("11", -50), logged("10", 9)}, nil},
		{"the log was cleared", []object{logged("2", 20), logged("1", 19)}, []string{"1", "2"}},
		{"and goes on", []object{logged("3", 21), logged("2", 20), logged("1", 19)}, []string{"3"}},
		{"listed oldest first", []object{logged("1", 19), logged("2", 20), logged("3", 21), logged("4", 22)}, []string{"4"}},
	}
	for _, s := range steps {
		f.logs(selEntriesURI, "", s.entries...)
		entries, next, err := b.LogEntries(t.Context(), LogSEL, cursor)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.want, ids(entries)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.what, diff)
		}
		cursor = next
	}
}

func TestLogEntry(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addLogs()
	odd := logged("2", 0)
	odd["Created"], odd["Message"] = "sometime", "password "+secret
	f.logs(selEntriesURI, "", odd, logged("1", 1))
	entries, _, err := f.connect(t).LogEntries(t.Context(), LogSEL, Cursor{})
	if err != nil {
		t.Fatal(err)
	}
	want := []LogEntry{
		{ID: "1", Created: time.Date(2026, 1, 1, 0, 1, 0, 0, time.UTC), Severity: "Warning", MessageID: "PSU0003", Message: "entry 1"},
		{ID: "2", Severity: "Warning", MessageID: "PSU0003", Message: "password [redacted]"},
	}
	if diff := cmp.Diff(want, entries); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestLogPages: paging ends where the cursor is, and at the end of an endless chain.
func TestLogPages(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addLogs()
	next := func(n int) string { return fmt.Sprintf("%s/after%d", selEntriesURI, n) }
	f.logs(selEntriesURI, next(1), logged("6", 6), logged("5", 5))
	f.logs(next(1), next(2), logged("4", 4), logged("3", 3))
	f.logs(next(2), next(2), logged("2", 2), logged("1", 1))
	b := f.connect(t)
	entries, _, err := b.LogEntries(t.Context(), LogSEL, Cursor{ID: "4", Created: time.Date(2026, 1, 1, 0, 4, 0, 0, time.UTC)})
	if err != nil || !slices.Equal(ids(entries), []string{"5", "6"}) {
		t.Errorf("%v, %v", ids(entries), err)
	}
	if n := len(f.seen("GET " + next(2))); n != 0 {
		t.Errorf("read %d pages too many", n)
	}
	if _, _, err := b.LogEntries(t.Context(), LogSEL, Cursor{}); err != nil {
		t.Fatal(err)
	}
	if n := len(f.seen("GET " + next(2))); n != maxLogPages-2 {
		t.Errorf("%d pages of an endless log, want %d", n+2, maxLogPages)
	}
}

func TestLogFails(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.addLogs()
	b := f.connect(t)
	after := Cursor{ID: "7"}
	_, next, err := b.LogEntries(t.Context(), "Faults", after)
	wantError(t, err, Permanent, `no log "Faults"`, "[Sel Lclog]")
	if next != after {
		t.Error("the cursor moved")
	}
	f.scripted("GET "+selEntriesURI, answer{status: 503})
	_, next, err = b.LogEntries(t.Context(), LogSEL, after)
	wantError(t, err, Transient, "read log")
	if next != after {
		t.Error("the cursor moved")
	}
}

func TestClearLog(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name    string
		log     Log
		change  func(*fake)
		outcome Outcome
		says    string
		posts   int
	}{
		{"cleared", LogSEL, nil, Done, "", 1},
		{"the clearing is logged", LogSEL, func(f *fake) {
			f.on("POST "+clearSelURI, func(object) answer {
				f.docs[selEntriesURI] = object{"Members": []object{logged("1", 30)}}
				return answer{status: 204}
			})
		}, Done, "", 1},
		{"empty", LogSEL, func(f *fake) { f.logs(selEntriesURI, "") }, Done, "", 0},
		{"the answer is lost", LogSEL, func(f *fake) { f.scripted("POST "+clearSelURI, answer{drop: true}) }, Done, "", 1},
		{"nothing happens but another entry", LogSEL, func(f *fake) {
			f.on("POST "+clearSelURI, func(object) answer {
				f.docs[selEntriesURI] = object{"Members": []object{logged("2", 2), logged("1", 1)}}
				return answer{status: 204}
			})
		}, Unknown, "the log is empty", 1},
		{"refused", LogSEL, func(f *fake) { f.scripted("POST "+clearSelURI, redfishError(403, "Base.1.12.InsufficientPrivilege")) }, Permanent, "Administrator", 1},
		{"not offered", LogLifecycle, func(f *fake) { f.logs(logServicesURI+"/Lclog/Entries", "", logged("1", 1)) }, Permanent, "cannot clear its log Lclog", 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.addLogs()
			f.logs(selEntriesURI, "", logged("1", 1))
			if c.change != nil {
				c.change(f)
			}
			wantError(t, f.connect(t).ClearLog(t.Context(), c.log), c.outcome, c.says)
			if n := len(f.seen("POST " + clearSelURI)); n != c.posts {
				t.Errorf("%d posts, want %d", n, c.posts)
			}
		})
	}
}
