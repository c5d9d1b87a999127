package sim

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Fault is one way in which a server misbehaves.
type Fault struct {
	Kind string `json:"kind"` // one of FaultKinds
	// Servers are the service tags or indexes of the servers that have the fault; none
	// means all. A fault that is put on one server leaves it empty.
	Servers []string `json:"servers,omitempty"`
	// Path limits the fault to request paths that begin with it or, if it has a *, that it
	// describes as a whole; a * stands for any text. The path of a job is / and its type.
	// Empty is where the kind shows by nature.
	Path string `json:"path,omitempty"`
	// Method limits the fault to requests of this HTTP method.
	Method string `json:"method,omitempty"`
	// After is how many occasions pass in good health first.
	After int `json:"after,omitempty"`
	// Count is how many times the fault shows; 0 means until it is taken away.
	Count int `json:"count,omitempty"`
	// Probability is that of showing on each occasion; 0 means always. The dice follow from
	// Config.Seed, the server and the fault, so the same occasions have the same outcome.
	Probability float64 `json:"probability,omitempty"`
	// Delay is how long the fault lasts where a kind takes time; 0 means the kind's own.
	Delay Duration `json:"delay,omitzero"`
	// RetryAfter is the header of a refusal, in seconds; 0 means the kind's own.
	RetryAfter int `json:"retryAfter,omitempty"`
	// Reason is what a failed installation or job reports.
	Reason string `json:"reason,omitempty"`
}

// Duration is a time.Duration that is written as "1m30s".
type Duration time.Duration

// MarshalText writes d as time.Duration does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// UnmarshalText reads what time.ParseDuration does.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("duration: %w", err)
	}
	*d = Duration(parsed)
	return nil
}

func (f Fault) validate() error {
	kind, ok := kindsByName[f.Kind]
	if !ok {
		return fmt.Errorf("unknown fault kind %q: use one of %s", f.Kind, strings.Join(kindNames(), ", "))
	}
	if f.Count < 0 {
		return fmt.Errorf("fault %s: count %d is negative", f.Kind, f.Count)
	}
	if f.After < 0 || f.RetryAfter < 0 || f.Delay < 0 {
		return fmt.Errorf("fault %s: after, delay and retryAfter must not be negative", f.Kind)
	}
	if !(f.Probability >= 0 && f.Probability <= 1) { // NaN is refused, too
		return fmt.Errorf("fault %s: probability %v is not between 0 and 1", f.Kind, f.Probability)
	}
	if f.Path != "" && f.Path[0] != '/' && f.Path[0] != '*' {
		return fmt.Errorf("fault %s: path %q begins with neither / nor *", f.Kind, f.Path)
	}
	return f.validateMethod(kind)
}

var faultMethods = []string{http.MethodDelete, http.MethodGet, http.MethodHead, http.MethodPatch, http.MethodPost, http.MethodPut}

func (f Fault) validateMethod(kind FaultKind) error {
	if f.Method == "" {
		return nil
	}
	if !slices.Contains(faultMethods, f.Method) {
		return fmt.Errorf("fault %s: unknown method %q: use one of %s", f.Kind, f.Method, strings.Join(faultMethods, ", "))
	}
	if kind.act == nil {
		return fmt.Errorf("fault %s does not show on a request by itself: leave out the method", f.Kind)
	}
	return nil
}

// withDefaults fills in what the kind brings along.
func (f Fault) withDefaults(kind FaultKind) Fault {
	if f.Path == "" {
		f.Path = kind.Path
	}
	if f.Method == "" && kind.act != nil {
		f.Method = kind.Method
	}
	if f.Delay == 0 {
		f.Delay = kind.Delay
	}
	if f.RetryAfter == 0 {
		f.RetryAfter = kind.RetryAfter
	}
	return f
}

// covers reports whether the fault can show at a path.
func (f Fault) covers(path string) bool {
	if !strings.Contains(f.Path, "*") {
		return strings.HasPrefix(path, f.Path)
	}
	return globMatches(f.Path, path)
}

// globMatches compares the whole of text with a pattern in which * is any text.
func globMatches(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	text, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return false
	}
	if len(parts) == 1 {
		return text == ""
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = rest
	}
	return strings.HasSuffix(text, parts[last])
}
