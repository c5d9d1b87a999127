package api

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/store"
)

// refusal is a request that is answered with an error the client can act on. Its
// text holds only what the client sent or may see.
type refusal struct {
	status   int
	message  string
	problems graph.Problems
}

func (r *refusal) Error() string { return r.message }

func refuse(status int, format string, args ...any) error {
	return &refusal{status: status, message: fmt.Sprintf(format, args...)}
}

// retryAfter is in seconds.
const retryAfter = "5"

// answerError writes RackHD's error body. Only a refusal shows its text: the cause
// of everything else goes to the log, under the id that the client is given.
func answerError(log *slog.Logger) echo.HTTPErrorHandler {
	return func(err error, c echo.Context) {
		if c.Response().Committed {
			return
		}
		r := refusalOf(err)
		if r.status >= http.StatusInternalServerError {
			level := slog.LevelError
			if c.Request().Context().Err() != nil {
				level = slog.LevelDebug // the client has gone, which is no fault
			}
			log.Log(c.Request().Context(), level, "cannot answer", "error", causeOf(err), "id", idOf(c))
		}
		if r.status == http.StatusServiceUnavailable {
			c.Response().Header().Set(echo.HeaderRetryAfter, retryAfter)
		}
		if err := c.JSON(r.status, r.body(idOf(c))); err != nil {
			log.Debug("cannot send error", "error", err, "id", idOf(c))
		}
	}
}

func (r *refusal) body(id string) v2.Error {
	return v2.Error{
		Message: r.message,
		Status:  strconv.Itoa(r.status),
		UUID:    id,
		Errors:  problemViews(r.problems),
	}
}

func problemViews(problems graph.Problems) []v2.Problem {
	var views []v2.Problem
	for _, p := range problems {
		views = append(views, v2.Problem{Path: p.Path, Message: p.Message, Hint: p.Hint, Warning: p.Warning})
	}
	return views
}

// refusalOf finds out what an error means to the client.
func refusalOf(err error) *refusal {
	var (
		own     *refusal
		run     *starter.Error
		stored  *store.Error
		routing *echo.HTTPError
	)
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &run) && run.Kind != starter.Internal:
		return &refusal{status: runStatus(run.Kind), message: run.Error(), problems: run.Problems}
	case errors.As(err, &stored):
		return &refusal{status: storeStatus(stored.Kind), message: stored.Error()}
	case errors.As(err, &routing) && routing.Code < http.StatusInternalServerError:
		return &refusal{status: routing.Code, message: routingMessage(routing)}
	}
	return &refusal{
		status:  http.StatusInternalServerError,
		message: "Internal error: the server's log has the cause under the UUID of this answer",
	}
}

func runStatus(k starter.Kind) int {
	switch k {
	case starter.NotFound:
		return http.StatusNotFound
	case starter.Invalid, starter.NotActive:
		return http.StatusBadRequest
	case starter.Busy, starter.Answered:
		return http.StatusConflict
	case starter.Active, starter.Forbidden:
		return http.StatusForbidden
	case starter.Unavailable:
		return http.StatusServiceUnavailable
	case starter.Internal:
	}
	return http.StatusInternalServerError
}

func storeStatus(k store.Kind) int {
	switch k {
	case store.NotFound:
		return http.StatusNotFound
	case store.Conflict:
		return http.StatusConflict
	case store.Invalid:
		return http.StatusBadRequest
	case store.Full:
		return http.StatusInsufficientStorage
	}
	return http.StatusInternalServerError
}

// routingMessage is what echo and the generated code say of a path or parameter,
// without the internal text that follows a colon.
func routingMessage(e *echo.HTTPError) string {
	message, _, _ := strings.Cut(fmt.Sprint(e.Message), ":")
	return cmp.Or(message, http.StatusText(e.Code))
}

// causeOf adds what a starter error keeps from clients.
func causeOf(err error) error {
	var run *starter.Error
	if errors.As(err, &run) && run.Err != nil {
		return fmt.Errorf("%w: %w", err, run.Err)
	}
	return err
}
