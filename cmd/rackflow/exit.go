package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	v2 "github.com/rackflow/rackflow/api/v2"
)

// exitCode is the process's status. The codes are a promise to scripts.
type exitCode int

const (
	exitOK          exitCode = 0
	exitFailure     exitCode = 1
	exitUsage       exitCode = 2
	exitRunFailed   exitCode = 3
	exitNotFound    exitCode = 4
	exitUnreachable exitCode = 5
	exitTimeout     exitCode = 6
	exitRefused     exitCode = 7
	exitInterrupted exitCode = 130
)

// exitHelp ends the help of every command.
const exitHelp = `Exit codes:
  0    done
  1    failed for another reason than those below
  2    wrong usage: unknown command or flag, wrong number of arguments, bad value
  3    the run failed or was cancelled
  4    not found
  5    the rackflow server cannot be reached or does not answer
  6    timed out: the time given by --timeout has passed
  7    request refused: the server is busy, or a definition or option is invalid
  130  interrupted`

// String is the code's name in JSON errors.
func (c exitCode) String() string {
	switch c {
	case exitOK:
		return "ok"
	case exitUsage:
		return "usage"
	case exitRunFailed:
		return "run-failed"
	case exitNotFound:
		return "not-found"
	case exitUnreachable:
		return "unreachable"
	case exitTimeout:
		return "timeout"
	case exitRefused:
		return "refused"
	case exitInterrupted:
		return "interrupted"
	case exitFailure:
	}
	return "failure"
}

// exitError ends the process with a code.
type exitError struct {
	code exitCode
	err  error
	// hint says what to do next; it may be empty.
	hint string
	// problems are all that is wrong with a request, where it was refused for that.
	problems []v2.Problem
	// requestID is what the server's log has of the request.
	requestID string
	// status is the HTTP status of a refusal; 0 where there was no answer.
	status int
}

func (e *exitError) Error() string { return e.err.Error() }

func (e *exitError) Unwrap() error { return e.err }

func usagef(format string, args ...any) *exitError {
	return &exitError{code: exitUsage, err: fmt.Errorf(format, args...)}
}

// asExit gives every error of a command its exit code; ctx is what the command ran with.
func asExit(ctx context.Context, err error) *exitError {
	var exit *exitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &exit):
		return &exitError{code: exit.code, err: err, hint: exit.hint, problems: exit.problems, requestID: exit.requestID}
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &exitError{code: exitTimeout, err: errors.New("the time given by --timeout has passed")}
	case ctx.Err() != nil:
		return &exitError{code: exitInterrupted, err: errors.New("interrupted")}
	}
	return &exitError{code: exitFailure, err: err}
}

// report writes the error for people.
func (e *exitError) report(w io.Writer) {
	fmt.Fprintln(w, "Error:", printable(e.Error()))
	for _, p := range e.problems {
		fmt.Fprintln(w, "  "+problemLine(p))
	}
	if e.hint != "" {
		fmt.Fprintln(w, printable(e.hint))
	}
}

func problemLine(p v2.Problem) string {
	line := p.Message
	if p.Path != "" {
		line = p.Path + ": " + line
	}
	if p.Warning {
		line = "warning: " + line
	}
	if p.Hint != "" {
		line += " (" + p.Hint + ")"
	}
	return printable(line)
}

// reportJSON writes the error as one JSON object.
func (e *exitError) reportJSON(w io.Writer) {
	type body struct {
		Code     string       `json:"code"`
		ExitCode int          `json:"exitCode"`
		Message  string       `json:"message"`
		Hint     string       `json:"hint,omitempty"`
		Errors   []v2.Problem `json:"errors,omitempty"`
		UUID     string       `json:"UUID,omitempty"`
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	// stderr is the last resort: there is nowhere left to say that it is gone
	_ = encoder.Encode(map[string]body{"error": { //nolint:errchkjson // as said
		e.code.String(), int(e.code), e.Error(), e.hint, e.problems, e.requestID,
	}})
}
