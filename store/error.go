package store

import (
	"errors"
	"fmt"
	"syscall"
)

// Kind says which of the expected failures an [Error] is.
type Kind string

const (
	// NotFound says that nothing is stored under that reference.
	NotFound Kind = "not found"
	// Conflict says that what is stored already contradicts the request.
	Conflict Kind = "conflict"
	// Invalid says that the request itself is wrong and would fail again.
	Invalid Kind = "invalid"
	// Full says that the storage beneath has no room; nothing of what was there is lost.
	Full Kind = "full"
)

// Targets for [errors.Is], one for each [Kind].
var (
	ErrNotFound = errors.New(string(NotFound))
	ErrConflict = errors.New(string(Conflict))
	ErrInvalid  = errors.New(string(Invalid))
	ErrFull     = errors.New(string(Full))
)

// Error is an expected failure. It holds only what the caller sent or may see,
// so its message is fit for a client.
type Error struct {
	Kind Kind
	What string // what was asked for: "server", "graph", "image"
	Ref  string // how it was referred to; may be empty
	Msg  string // what is wrong and what to do; may be empty
}

// Error returns one line such as `server "web-1" not found`.
func (e *Error) Error() string {
	subject := e.What
	if e.Ref != "" {
		subject = fmt.Sprintf("%s %q", e.What, e.Ref)
	}
	switch {
	case e.Msg == "":
		return subject + " " + string(e.Kind)
	case e.Kind == NotFound:
		return subject + " not found: " + e.Msg
	default:
		return subject + ": " + e.Msg
	}
}

// Unwrap returns the [errors.Is] target of the kind.
func (e *Error) Unwrap() error {
	switch e.Kind {
	case NotFound:
		return ErrNotFound
	case Conflict:
		return ErrConflict
	case Invalid:
		return ErrInvalid
	case Full:
		return ErrFull
	default:
		return nil
	}
}

func notFound(what, ref string) error {
	return &Error{Kind: NotFound, What: what, Ref: ref}
}

func conflict(what, ref, format string, args ...any) error {
	return &Error{Kind: Conflict, What: what, Ref: ref, Msg: fmt.Sprintf(format, args...)}
}

// isFull tells a disk or quota that has run out.
func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) }

func invalid(what, ref, format string, args ...any) error {
	return &Error{Kind: Invalid, What: what, Ref: ref, Msg: fmt.Sprintf(format, args...)}
}
