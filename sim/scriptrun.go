package sim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const maxShellDepth = 4 // of sh -c within sh -c

// Exit codes of curl.
const (
	curlBadUsage    = 2
	curlUnreachable = 7
	curlHTTPError   = 22
)

// runScript runs the commands that the simulator knows and takes all others for
// successful. It returns the exit status, or ctx's error if a call had to be given up:
// a host that is switched off on the answer to its last call has run the script.
func (s *Server) runScript(ctx context.Context, text string, depth int) (status int, err error) {
	for _, c := range splitShell(text) {
		if (c.joint == "&&" && status != 0) || (c.joint == "||" && status == 0) {
			continue
		}
		args := unwrap(c.args)
		if len(args) > 0 && args[0] == "exit" && !c.nested {
			if len(args) > 1 {
				status, _ = strconv.Atoi(args[1])
			}
			return status, nil
		}
		if status, err = s.runCommand(ctx, args, c.stdin, depth); err != nil {
			return status, err
		}
	}
	return status, nil
}

// unwrap takes away the commands that run another one inside of the new system.
func unwrap(args []string) []string {
	if len(args) == 0 {
		return nil
	}
	switch args[0] {
	case "curtin":
		if i := slices.Index(args, "--"); i >= 0 {
			return unwrap(args[i+1:])
		}
	case "chroot", "in-target":
		skip := 1
		if args[0] == "chroot" {
			skip = 2
		}
		return unwrap(args[min(skip, len(args)):])
	}
	return args
}

func (s *Server) runCommand(ctx context.Context, args []string, stdin string, depth int) (int, error) {
	if len(args) == 0 {
		return 0, nil
	}
	name := args[0][strings.LastIndexByte(args[0], '/')+1:]
	switch {
	case name == "false":
		return 1, nil
	case name == "curl":
		call, err := parseCurl(args[1:], stdin)
		return s.perform(ctx, call, err)
	case name == "wget":
		call, err := parseWget(args[1:])
		return s.perform(ctx, call, err)
	case slices.Contains(shells, name) && depth < maxShellDepth:
		if i := slices.IndexFunc(args, isShellCommandFlag); i > 0 && i+1 < len(args) {
			return s.runScript(ctx, args[i+1], depth+1)
		}
	}
	return 0, nil
}

// isShellCommandFlag reports a -c, also among others as in -xec.
func isShellCommandFlag(arg string) bool {
	return strings.HasPrefix(arg, "-") && !strings.HasPrefix(arg, "--") && strings.HasSuffix(arg, "c")
}

// perform makes a script's HTTP call for real, and again while no server answers: a
// server that restarts meanwhile must not lose the call. parseErr is why there is none.
func (s *Server) perform(ctx context.Context, call *httpCall, parseErr error) (int, error) {
	if parseErr != nil {
		s.record(InstallRequest, "error", parseErr.Error())
		return curlBadUsage, nil
	}
	client := call.client()
	defer client.CloseIdleConnections()
	deadline := time.Now().Add(s.fleet.cfg.Timing.CallbackPatience)
	for attempt := 0; ; attempt++ {
		status, err := call.once(ctx, client)
		answered := err == nil
		again := !answered && time.Now().Before(deadline) || answered && transient(status) && attempt < call.retries
		if !again && (answered || ctx.Err() == nil) {
			return s.reportCall(call, status, err), nil
		}
		if !pause(ctx, s.fleet.cfg.Timing.CallbackRetry) {
			return 0, fmt.Errorf("installer stopped: %w", ctx.Err())
		}
	}
}

// reportCall records the outcome without the path, which holds a token, and returns
// the command's exit code.
func (s *Server) reportCall(call *httpCall, status int, err error) int {
	host := ""
	if location, parseErr := url.Parse(call.url); parseErr == nil {
		host = location.Host
	}
	if err != nil {
		s.record(InstallRequest, "method", call.method, "host", host, "error", err.Error())
		return curlUnreachable
	}
	s.record(InstallRequest, "method", call.method, "host", host, "status", strconv.Itoa(status))
	if call.fail && status >= http.StatusBadRequest {
		return curlHTTPError
	}
	return 0
}

// transient reports the statuses that curl's --retry tries again.
func transient(status int) bool {
	return slices.Contains([]int{
		http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusInternalServerError,
		http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
	}, status)
}

func (c *httpCall) client() *http.Client {
	client := &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: c.insecure}, //nolint:gosec // what the script's -k asks for
		},
		Timeout: c.limit,
	}
	if !c.follow {
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	return client
}

func (c *httpCall) once(ctx context.Context, client *http.Client) (status int, err error) {
	request, err := http.NewRequestWithContext(ctx, c.method, c.url, strings.NewReader(c.body))
	if err != nil {
		return 0, fmt.Errorf("installer request: %w", withoutURL(err))
	}
	request.Header = c.header.Clone()
	if host := request.Header.Get("Host"); host != "" {
		request.Host = host
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, fmt.Errorf("installer request: %w", withoutURL(err))
	}
	_, err = io.Copy(io.Discard, response.Body)
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return 0, fmt.Errorf("installer request: %w", err)
	}
	return response.StatusCode, nil
}
