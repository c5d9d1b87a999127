package graph

import "strings"

// Problem is one fault of a definition or of a run request.
type Problem struct {
	// Path leads to the fault: tasks[2].waitOn.reboot.
	Path string `json:"path,omitempty"`
	// Message says what is wrong; where RackHD had a message for it, in its words.
	Message string `json:"message"`
	// Hint says what to do, where there is more to say than the message does.
	Hint string `json:"hint,omitempty"`
	// Warning marks what does not stop the graph from being stored or run.
	Warning bool `json:"warning,omitempty"`
	// Missing marks a name that was looked up and not found.
	Missing bool `json:"-"`
}

func (p Problem) String() string {
	var b strings.Builder
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Problems are all faults found at once, in the order of the definition.
//
//nolint:errname // they are no error while all are warnings
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "; ")
}

// Errors returns those that are not warnings.
func (ps Problems) Errors() Problems { return ps.only(false) }

// Warnings returns those that do not stop the graph.
func (ps Problems) Warnings() Problems { return ps.only(true) }

func (ps Problems) only(warning bool) Problems {
	var out Problems
	for _, p := range ps {
		if p.Warning == warning {
			out = append(out, p)
		}
	}
	return out
}

// Err returns the errors as an error, or nil when there are only warnings.
func (ps Problems) Err() error {
	if errs := ps.Errors(); len(errs) > 0 {
		return errs
	}
	return nil
}

func (ps *Problems) add(path, message, hint string) {
	*ps = append(*ps, Problem{Path: path, Message: message, Hint: hint})
}

func (ps *Problems) warn(path, message, hint string) {
	*ps = append(*ps, Problem{Path: path, Message: message, Hint: hint, Warning: true})
}

func (ps *Problems) missing(path, message, hint string) {
	*ps = append(*ps, Problem{Path: path, Message: message, Hint: hint, Missing: true})
}
