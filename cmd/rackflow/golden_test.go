package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestGolden runs the command lines of testdata. Each file holds what a command is
// given (arguments, environment, files, the server's answers) and what comes of it
// (requests, output, exit code). Time stands still but for the waiting of the
// command, and begins with the year 2000.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) { runGolden(t, file, archive) })
		})
	}
}

func runGolden(t *testing.T, file string, archive *txtar.Archive) {
	t.Helper()
	c := readCase(t, archive)
	code := run(t.Context(), c.process())
	for _, out := range []string{c.stdout.String(), c.stderr.String()} {
		if strings.Contains(out, "-secret") { // every password in the files ends so
			t.Errorf("a secret is shown: %s", out)
		}
	}
	got := &txtar.Archive{Comment: archive.Comment}
	for _, f := range archive.Files {
		if !isResult(f.Name) {
			got.Files = append(got.Files, f)
		}
	}
	for _, result := range []struct{ name, text string }{
		{"requests", c.api.log.String()}, {"stdout", c.stdout.String()}, {"stderr", c.stderr.String()},
		{"exit", strconv.Itoa(int(code)) + "\n"},
	} {
		if result.text != "" {
			got.Files = append(got.Files, txtar.File{Name: result.name, Data: []byte(readable(result.text))})
		}
	}
	if *update {
		if err := os.WriteFile(file, txtar.Format(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := gocmp.Diff(string(txtar.Format(archive)), string(txtar.Format(got))); diff != "" {
		t.Errorf("%s (-want +got; -update rewrites it):\n%s", file, diff)
	}
}

func isResult(name string) bool {
	return name == "requests" || name == "stdout" || name == "stderr" || name == "exit"
}

// readable shows the escape character as ^[.
func readable(s string) string { return strings.ReplaceAll(s, "\x1b", "^[") }

// testCase is what a command is given, and what it has put out.
type testCase struct {
	args           []string
	env            map[string]string
	files          map[string][]byte
	stdin          string
	terminal       string
	api            *fakeAPI
	stdout, stderr bytes.Buffer
}

func newCase(args ...string) *testCase {
	return &testCase{
		args: args, env: map[string]string{}, files: map[string][]byte{},
		api: &fakeAPI{answers: map[string][]answer{}},
	}
}

func readCase(t *testing.T, archive *txtar.Archive) *testCase {
	t.Helper()
	c := newCase()
	for _, f := range archive.Files {
		kind, rest, _ := strings.Cut(f.Name, " ")
		switch kind {
		case "command":
			c.args = strings.Fields(string(f.Data))[1:]
		case "env":
			for line := range strings.Lines(string(f.Data)) {
				key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
				c.env[key] = value
			}
		case "stdin":
			c.stdin = string(f.Data)
		case "terminal":
			c.terminal = string(f.Data)
		case "file":
			c.files[rest] = f.Data
		case "answer":
			c.api.add(t, rest, f.Data)
		case "requests", "stdout", "stderr", "exit":
		default:
			t.Fatalf("unknown section %q", f.Name)
		}
	}
	return c
}

func (c *testCase) process() *process {
	size := func() (int, int) {
		var width, height int
		for word := range strings.FieldsSeq(c.terminal) {
			_, _ = fmt.Sscanf(word, "%dx%d", &width, &height) // other words are no size
		}
		return width, height
	}
	stdin := strings.NewReader(c.stdin)
	return &process{
		Args: c.args, Env: func(key string) string { return c.env[key] },
		Stdin: stdin, Stdout: &c.stdout, Stderr: &c.stderr,
		ReadFile: func(name string) ([]byte, error) {
			if data, ok := c.files[name]; ok {
				return data, nil
			}
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		},
		OpenFile: c.openFile, CreateFile: createFile,
		ReadDir: c.readDir,
		Now:     func() time.Time { return time.Now().UTC() },
		HTTP:    c.api,
		Terminal: terminal{
			Stdin: strings.Contains(c.terminal, "stdin"), Stdout: strings.Contains(c.terminal, "stdout"),
			Stderr: strings.Contains(c.terminal, "stderr"), Size: size,
			ReadPassword: func(context.Context) (string, error) { return readTyped(stdin) },
		},
	}
}

func (c *testCase) openFile(name string) (inFile, error) {
	f, err := fstest.MapFS{name: &fstest.MapFile{Data: c.files[name]}}.Open(name)
	if err != nil || c.files[name] == nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return f.(inFile), nil // files of a MapFS are read at any place
}

// readDir lists the files whose names begin with the folder's.
func (c *testCase) readDir(folder string) ([]fs.DirEntry, error) {
	files := fstest.MapFS{}
	for name, data := range c.files {
		files[name] = &fstest.MapFile{Data: data}
	}
	return files.ReadDir(folder)
}

// answer is what the fake API says once; the last answer to a request is repeated.
type answer struct {
	status string // a number with headers behind it, "refused", "silent" or "cut"
	body   []byte
}

// fakeAPI answers requests without a network.
type fakeAPI struct {
	answers map[string][]answer
	log     strings.Builder
}

// add takes "METHOD URI STATUS [Header:value]", where the status may be left out.
func (f *fakeAPI) add(t *testing.T, spec string, body []byte) {
	t.Helper()
	fields := strings.SplitN(spec, " ", 3)
	if len(fields) < 2 {
		t.Fatalf("answer %q should be METHOD URI STATUS", spec)
	}
	status := ""
	if len(fields) > 2 {
		status = fields[2]
	}
	key := fields[0] + " " + fields[1]
	f.answers[key] = append(f.answers[key], answer{status, body})
}

var errNoAnswer = errors.New("the test has no answer for this")

// RoundTrip records the request and answers it.
func (f *fakeAPI) RoundTrip(req *http.Request) (*http.Response, error) {
	key := req.Method + " " + req.URL.RequestURI()
	f.record(req, key)
	queue := f.answers[key]
	if len(queue) == 0 {
		return nil, fmt.Errorf("%w: %s", errNoAnswer, key)
	}
	if len(queue) > 1 {
		f.answers[key] = queue[1:]
	}
	switch queue[0].status {
	case "refused":
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	case "silent":
		select {
		case <-req.Context().Done():
			return nil, req.Context().Err()
		case <-req.Cancel: //nolint:staticcheck // http.Client gives its timeout so to a RoundTripper it does not know
			return nil, context.DeadlineExceeded
		}
	}
	resp := queue[0].response(req)
	if queue[0].status == "cut" {
		resp.Body = io.NopCloser(iotest.ErrReader(io.ErrUnexpectedEOF))
	}
	return resp, nil
}

func (f *fakeAPI) record(req *http.Request, key string) {
	repeated := strings.HasSuffix(f.log.String(), key+"\n")
	if req.Body == nil {
		if !repeated { // a watch asks the same many times
			f.log.WriteString(key + "\n")
		}
		return
	}
	var body bytes.Buffer
	_, _ = body.ReadFrom(req.Body)
	var compact bytes.Buffer
	if json.Compact(&compact, body.Bytes()) != nil {
		compact = body
	}
	fmt.Fprintf(&f.log, "%s %s\n%s\n", key, req.Header.Get("Content-Type"), strings.TrimSpace(compact.String()))
}

func (a answer) response(req *http.Request) *http.Response {
	fields := strings.SplitN(a.status, " ", 2)
	w := httptest.NewRecorder()
	body := bytes.TrimSpace(a.body)
	if json.Valid(body) {
		w.Header().Set("Content-Type", "application/json")
	}
	if len(fields) > 1 {
		name, value, _ := strings.Cut(fields[1], ":")
		w.Header().Set(name, strings.TrimSpace(value))
	}
	status, _ := strconv.Atoi(fields[0]) // empty stands for the usual
	w.WriteHeader(cmp.Or(status, http.StatusOK))
	_, _ = w.Write(body)
	resp := w.Result()
	resp.Request = req
	return resp
}
