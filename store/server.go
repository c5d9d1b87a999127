package store

import (
	"strings"
	"time"
)

// Server is a machine, or another piece of equipment that graphs act on.
type Server struct {
	ID   string // 24 hexadecimal digits
	Name string
	Type string // RackHD's node type, such as "compute", "switch" or "enclosure"

	// Identifiers are MAC addresses and service tags, kept as written. Two that
	// differ only in case are one: the first is kept.
	Identifiers []string
	Tags        []string // no tag twice

	AutoDiscover bool
	SKU          string // id of the SKU; empty when there is none
	Relations    []Relation

	Created time.Time
	Updated time.Time // also the version that UpdateServer compares
}

// Relation links a server to others, in the form RackHD shows it.
type Relation struct {
	RelationType string   `json:"relationType"` // such as "encloses" or "poweredBy"
	Targets      []string `json:"targets"`      // server ids, which need not exist
	Info         any      `json:"info"`         // JSON of the relation's own; usually nil
}

func (s *Server) validate() error {
	switch {
	case s.Name == "":
		return invalid("server", s.ID, "a server needs a name")
	case s.Type == "":
		return invalid("server", s.Name, `a server needs a type, such as "compute"`)
	}
	for _, id := range s.Identifiers {
		if strings.TrimSpace(id) == "" {
			return invalid("server", s.Name, "an identifier is empty")
		}
	}
	return checkID("server", s.ID)
}

// normalize drops repetitions, and nil slices so that what was stored compares
// equal to what is read.
func (s *Server) normalize() {
	s.Identifiers = unique(s.Identifiers, fold)
	s.Tags = unique(s.Tags, func(tag string) string { return tag })
	s.Relations = append([]Relation{}, s.Relations...)
}

// lookups returns what the server is found by besides its id.
func (s *Server) lookups() []string {
	refs := []string{fold(s.Name)}
	for _, id := range s.Identifiers {
		refs = append(refs, fold(id))
	}
	return unique(refs, fold)
}

// fold is what two references share that differ only in case. It is done here
// because databases disagree on anything beyond ASCII.
func fold(s string) string { return strings.ToLower(s) }

// unique returns the first string for each key, never nil.
func unique(list []string, key func(string) string) []string {
	seen := make(map[string]bool, len(list))
	out := make([]string, 0, len(list))
	for _, s := range list {
		if k := key(s); !seen[k] {
			seen[k] = true
			out = append(out, s)
		}
	}
	return out
}
