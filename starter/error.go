package starter

import (
	"errors"

	"github.com/rackflow/rackflow/graph"
)

// Kind is what an error means to the caller.
type Kind int

// The kinds. Internal is every error that is none of the others.
const (
	Internal Kind = iota
	// NotFound: no such run, graph, task or server.
	NotFound
	// Invalid: the definition or the request is wrong; Problems say where.
	Invalid
	// Busy: the server has an open run already.
	Busy
	// NotActive: the run has ended.
	NotActive
	// Active: the run has not ended.
	Active
	// Answered: the prompt has an answer already.
	Answered
	// Forbidden: this one may not answer.
	Forbidden
	// Unavailable: Temporal cannot be reached; try again.
	Unavailable
)

// Error is a failed request. Its message is meant for the one who asked.
type Error struct {
	Kind     Kind
	Message  string
	Problems graph.Problems
	Err      error
}

func (e *Error) Error() string {
	if e.Message == "" && len(e.Problems) > 0 {
		return e.Problems.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of an error, Internal for a foreign one.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return Internal
}

// invalid reports problems; a name that was not found makes it NotFound.
func invalid(problems graph.Problems) *Error {
	errs := problems.Errors()
	e := &Error{Kind: Invalid, Problems: problems}
	if len(errs) > 0 {
		e.Message = errs[0].Message
		if errs[0].Missing && len(errs) == 1 {
			e.Kind = NotFound
		}
	}
	return e
}
