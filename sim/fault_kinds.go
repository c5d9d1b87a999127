package sim

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
)

// FaultKind describes one kind of Fault.
type FaultKind struct {
	Name        string `json:"name"`
	Description string `json:"description"`      // what a client sees
	Source      string `json:"source,omitempty"` // who has met it; empty for trouble that any server can have
	// Path and Method are where the kind shows when the fault does not say. A kind that
	// shows inside the server and not on a request has no Method.
	Path       string   `json:"path,omitempty"`
	Method     string   `json:"method,omitempty"`
	Delay      Duration `json:"delay,omitzero"`       // Fault.Delay, when it is not given; 0: the kind takes no time
	RetryAfter int      `json:"retryAfter,omitempty"` // Fault.RetryAfter, when it is not given, in seconds; 0: no such header

	when func(*activeFault, *http.Request) bool // optional: which of the requests
	act  func(*Server, Fault, *exchange)        // nil: shows inside the server
}

// kindsByName holds the kinds of all families.
var kindsByName = func() map[string]FaultKind {
	byName := map[string]FaultKind{}
	for _, family := range [][]FaultKind{
		connectionKinds, answerKinds, refusalKinds, mediaKinds, hostKinds, jobKinds, serviceKinds,
	} {
		for _, kind := range family {
			byName[kind.Name] = kind
		}
	}
	return byName
}()

// FaultKinds returns all kinds, sorted by name.
func FaultKinds() []FaultKind {
	return slices.SortedFunc(maps.Values(kindsByName), func(a, b FaultKind) int { return cmp.Compare(a.Name, b.Name) })
}

func kindNames() []string { return slices.Sorted(maps.Keys(kindsByName)) }
