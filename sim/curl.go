package sim

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// httpCall is one HTTP request that a script makes with curl or wget.
type httpCall struct {
	method   string
	url      string
	header   http.Header
	body     string
	retries  int  // of answers that curl calls transient
	fail     bool // an HTTP error is a failure of the command
	insecure bool
	follow   bool
	limit    time.Duration // of one attempt; 0: none
}

// Options of curl. Those that only change what it prints are accepted and dropped.
var (
	curlFlags = map[string]func(*httpCall){
		"-f": func(c *httpCall) { c.fail = true }, "--fail": func(c *httpCall) { c.fail = true },
		"--fail-with-body": func(c *httpCall) { c.fail = true },
		"-k":               func(c *httpCall) { c.insecure = true }, "--insecure": func(c *httpCall) { c.insecure = true },
		"-L": func(c *httpCall) { c.follow = true }, "--location": func(c *httpCall) { c.follow = true },
		"-I": func(c *httpCall) { c.method = http.MethodHead }, "--head": func(c *httpCall) { c.method = http.MethodHead },
	}
	curlIgnored = []string{
		"-s", "--silent", "-S", "--show-error", "-v", "--verbose", "-i", "--include", "-g", "--globoff", "-4", "--ipv4",
		"-N", "--no-buffer", "--compressed", "--retry-connrefused", "--retry-all-errors", "-O", "--remote-name", "-q",
		"--http1.1", "-#", "--progress-bar",
	}
	curlIgnoredValues = []string{
		"-o", "--output", "--retry-delay", "--retry-max-time", "--connect-timeout", "-w", "--write-out",
		"--noproxy", "--interface",
	}
	curlValues = map[string]func(*httpCall, string) error{
		"-X": setMethod, "--request": setMethod,
		"-d": addForm, "--data": addForm, "--data-raw": addForm, "--data-binary": addForm, "--data-ascii": addForm,
		"--json": addJSON,
		"-H":     addHeader, "--header": addHeader,
		"-A": setAgent, "--user-agent": setAgent,
		"-u": setUser, "--user": setUser,
		"--url":   func(c *httpCall, value string) error { c.url = value; return nil },
		"--retry": setRetries,
		"-m":      setLimit, "--max-time": setLimit,
	}
)

// parseCurl reads curl's arguments, without the command name. A body of "@-" is stdin.
func parseCurl(args []string, stdin string) (*httpCall, error) {
	call := &httpCall{header: http.Header{}}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if !strings.HasPrefix(arg, "-") {
			call.url = arg
			continue
		}
		name, attached, expanded := splitOption(arg)
		if expanded != nil {
			args = append(expanded, args...)
			continue
		}
		taken, err := call.curlOption(name, attached, args, stdin)
		if err != nil {
			return nil, err
		}
		args = args[taken:]
	}
	return call.complete()
}

// splitOption takes a short option apart: -fsS is -f -sS, and -XPOST is -X with the
// value POST attached.
func splitOption(arg string) (name, attached string, expanded []string) {
	if strings.HasPrefix(arg, "--") || len(arg) <= 2 {
		return arg, "", nil
	}
	if takesValue(arg[:2]) {
		return arg[:2], arg[2:], nil
	}
	return "", "", []string{arg[:2], "-" + arg[2:]}
}

func takesValue(name string) bool {
	_, known := curlValues[name]
	return known || slices.Contains(curlIgnoredValues, name)
}

// curlOption applies one option and returns how many of the arguments after it are its
// value.
func (c *httpCall) curlOption(name, value string, rest []string, stdin string) (taken int, err error) {
	if set, ok := curlFlags[name]; ok {
		set(c)
		return 0, nil
	}
	if slices.Contains(curlIgnored, name) {
		return 0, nil
	}
	if !takesValue(name) {
		return 0, fmt.Errorf("the simulated curl does not know the option %s", name)
	}
	if value == "" {
		if len(rest) == 0 {
			return 0, fmt.Errorf("curl: option %s requires a parameter", name)
		}
		value, taken = rest[0], 1
	}
	if value == "@-" && name != "--data-raw" {
		value = stdin
	}
	if set, ok := curlValues[name]; ok {
		return taken, set(c, value)
	}
	return taken, nil
}

func (c *httpCall) complete() (*httpCall, error) {
	if c.url != "" && !strings.Contains(c.url, "://") {
		c.url = "http://" + c.url
	}
	location, err := url.Parse(c.url)
	if err != nil || location.Host == "" || (location.Scheme != "http" && location.Scheme != "https") {
		return nil, errors.New("curl: no HTTP URL given")
	}
	if c.method == "" {
		c.method = http.MethodGet
		if c.header.Get("Content-Type") != "" && c.body != "" {
			c.method = http.MethodPost
		}
	}
	return c, nil
}

func setMethod(c *httpCall, value string) error {
	c.method = value
	return nil
}

func addForm(c *httpCall, value string) error {
	if c.body != "" {
		c.body += "&"
	}
	c.body += value
	return c.sends("application/x-www-form-urlencoded")
}

func addJSON(c *httpCall, value string) error {
	c.body += value
	if c.header.Get("Accept") == "" {
		c.header.Set("Accept", "application/json")
	}
	return c.sends("application/json")
}

// sends makes the call a POST with a content type, unless the script says otherwise.
func (c *httpCall) sends(contentType string) error {
	if c.method == "" {
		c.method = http.MethodPost
	}
	if c.header.Get("Content-Type") == "" {
		c.header.Set("Content-Type", contentType)
	}
	return nil
}

func addHeader(c *httpCall, value string) error {
	name, value, found := strings.Cut(value, ":")
	if !found {
		return errors.New("curl: header without a colon")
	}
	c.header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	return nil
}

func setAgent(c *httpCall, value string) error {
	c.header.Set("User-Agent", value)
	return nil
}

func setUser(c *httpCall, value string) error {
	username, password, _ := strings.Cut(value, ":")
	request := http.Request{Header: c.header}
	request.SetBasicAuth(username, password)
	return nil
}

func setRetries(c *httpCall, value string) (err error) {
	if c.retries, err = strconv.Atoi(value); err != nil || c.retries < 0 {
		return errors.New("curl: --retry wants a number")
	}
	return nil
}

func setLimit(c *httpCall, value string) error {
	seconds, err := strconv.ParseFloat(value, 64)
	if err != nil || seconds < 0 || seconds > 1e6 {
		return errors.New("curl: --max-time wants seconds")
	}
	c.limit = time.Duration(seconds * float64(time.Second))
	return nil
}

// parseWget reads the arguments of GNU or BusyBox wget, as far as Debian's installer
// uses them. An HTTP error is always a failure.
func parseWget(args []string) (*httpCall, error) {
	call := &httpCall{header: http.Header{}, fail: true, follow: true}
	for i := 0; i < len(args); i++ {
		name, value, attached := strings.Cut(args[i], "=")
		if !strings.HasPrefix(args[i], "-") {
			call.url = args[i]
			continue
		}
		var set func(*httpCall, string) error
		switch name {
		case "--post-data":
			set = addForm
		case "--header":
			set = addHeader
		case "--method":
			set = setMethod
		case "-O", "-T", "-t", "--tries", "--timeout":
			set = func(*httpCall, string) error { return nil }
		default:
			continue
		}
		if !attached && i+1 < len(args) {
			i++
			value = args[i]
		}
		if err := set(call, value); err != nil {
			return nil, err
		}
	}
	return call.complete()
}
