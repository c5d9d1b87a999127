package api

import (
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
)

// requestID names every request. Ids of clients are not taken over: an id in the
// log then stands for one request.
func requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.Response().Header().Set(echo.HeaderXRequestID, uuid.NewString())
		return next(c)
	}
}

func idOf(c echo.Context) string {
	return c.Response().Header().Get(echo.HeaderXRequestID)
}

// accessLog logs every request without its query and bodies, which may hold secrets.
func accessLog(log *slog.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			start := time.Now()
			if err := next(c); err != nil {
				c.Error(err)
			}
			level := slog.LevelInfo
			if c.Path() == healthPath {
				level = slog.LevelDebug
			}
			req, res := c.Request(), c.Response()
			log.Log(req.Context(), level, "request",
				"method", req.Method, "path", req.URL.Path, "status", res.Status, "bytes", res.Size,
				"duration", time.Since(start), "remote", req.RemoteAddr, "id", idOf(c))
			return nil
		}
	}
}

// sameOrigin refuses what a web page of somebody else makes a browser send. The API
// takes any content type, so browsers would send it without asking first.
func sameOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	protection := http.NewCrossOriginProtection()
	return func(c echo.Context) error {
		if err := protection.Check(c.Request()); err != nil {
			return refuse(http.StatusForbidden, "The request comes from a web page of another origin")
		}
		return next(c)
	}
}

// recovered turns a panic of a handler into an error, so that the client gets an
// answer and the log the stack.
func recovered(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			switch r := recover(); r {
			case nil:
			case http.ErrAbortHandler: // how a handler breaks an answer off
				panic(r)
			default:
				err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
			}
		}()
		return next(c)
	}
}
