package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"github.com/rackflow/rackflow/api"
	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/media"
	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/store"
	"github.com/rackflow/rackflow/workflows"
)

var _ api.Runs = (*starter.Starter)(nil)

// Stock definitions of every site.
const (
	waitBase = `{"friendlyName": "Wait", "injectableName": "Task.Base.Wait", "runJob": "Job.Wait",
		"requiredOptions": ["delay"], "optionsSchema": {"properties": {"delay": {"type": "integer"}}}}`
	waitTask = `{"friendlyName": "Wait", "injectableName": "Task.Wait", "implementsTask": "Task.Base.Wait",
		"options": {"delay": 1}, "properties": {}}`
	waitGraph = `{"friendlyName": "Wait twice", "injectableName": "Graph.Wait",
		"tasks": [{"label": "first", "taskName": "Task.Wait"},
			{"label": "second", "taskName": "Task.Wait", "waitOn": {"first": "succeeded"}}]}`
	generateSku = `{"friendlyName": "Generate SKU", "injectableName": "Graph.GenerateSku",
		"tasks": [{"label": "generate-sku", "taskName": "Task.Wait"}]}`
	generateTags = `{"friendlyName": "Generate Tags", "injectableName": "Graph.GenerateTags",
		"tasks": [{"label": "generate-tag", "taskName": "Task.Wait"}]}`
)

// start is when every run of a site starts.
var start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

// site is the API over a real store and real definitions, with runs that only pretend.
type site struct {
	handler http.Handler
	store   *store.SQLite
	keeper  *seal.Keeper
	servers *servers
	runs    *fakeRuns
	media   *media.Library
	// images is the folder of vendor images.
	images string
	log    *lockedBuffer
	router routers.Router
	spec   *openapi3.T
}

func newSite(tb testing.TB) *site {
	tb.Helper()
	db, err := store.OpenSQLite(tb.Context(), filepath.Join(tb.TempDir(), "rackflow.db"))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { db.Close() })
	keeper := seal.NewLocal([seal.KeySize]byte{1})
	definitions, err := starter.NewDefinitions(db, keeper, starter.Stock{
		BaseTasks: [][]byte{[]byte(waitBase)}, Tasks: [][]byte{[]byte(waitTask)}, Graphs: [][]byte{[]byte(waitGraph), []byte(generateSku), []byte(generateTags)},
	})
	if err != nil {
		tb.Fatal(err)
	}
	s := &site{
		store: db, keeper: keeper, log: &lockedBuffer{},
		servers: &servers{SQLite: db}, runs: &fakeRuns{definitions: definitions}, images: tb.TempDir(),
	}
	s.media = openMedia(tb, s.images, db, keeper)
	s.handler, err = api.New(api.Config{
		Runs: s.runs, Definitions: definitions, Servers: s.servers, Keeper: s.keeper, Media: s.media,
		Log: slog.New(slog.NewTextHandler(s.log, nil)), Version: "1.2.3",
	})
	if err != nil {
		tb.Fatal(err)
	}
	if s.spec, err = openapi3.NewLoader().LoadFromFile("openapi.yaml"); err != nil {
		tb.Fatal(err)
	}
	if s.router, err = legacy.NewRouter(s.spec); err != nil {
		tb.Fatal(err)
	}
	return s
}

func openMedia(tb testing.TB, dir string, links media.Links, keeper *seal.Keeper) *media.Library {
	tb.Helper()
	images, err := store.OpenImages(dir)
	if err != nil {
		tb.Fatal(err)
	}
	blobs, err := store.OpenBlobs(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	library := media.New(media.Config{Images: images, Blobs: blobs, Links: links, Keeper: keeper})
	tb.Cleanup(func() {
		library.Close()
		if err := errors.Join(images.Close(), blobs.Close()); err != nil {
			tb.Error(err)
		}
	})
	return library
}

// servers is the store, which can be made to refuse the settings of controllers, and
// in which somebody else can be faster to change a node.
type servers struct {
	*store.SQLite

	refuse bool
	faster int // how often
}

func (s *servers) PutOBM(ctx context.Context, o store.OBM) (store.OBM, error) {
	if s.refuse {
		return store.OBM{}, &store.Error{Kind: store.Conflict, What: "OBM", Msg: "refused"}
	}
	return s.SQLite.PutOBM(ctx, o)
}

// reply is an answer that has passed the specification.
type reply struct {
	status int
	header http.Header
	body   string
}

// into decodes the reply.
func into[T any](tb testing.TB, r reply) T {
	tb.Helper()
	var v T
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		tb.Fatalf("%v in %s", err, r.body)
	}
	return v
}

// do sends a request as curl -d does, and checks the answer against the specification.
func (s *site) do(tb testing.TB, method, path, body string) reply {
	tb.Helper()
	return s.send(tb, method, path, "application/x-www-form-urlencoded", body)
}

func (s *site) send(tb testing.TB, method, path, contentType, body string) reply {
	tb.Helper()
	req := httptest.NewRequestWithContext(tb.Context(), method, path, strings.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	rec := httptest.NewRecorder()
	s.handler.ServeHTTP(rec, req)
	r := reply{status: rec.Code, header: rec.Header(), body: rec.Body.String()}
	s.validate(tb, req, r)
	return r
}

func (s *site) validate(tb testing.TB, req *http.Request, r reply) {
	tb.Helper()
	route, params, err := s.router.FindRoute(req)
	if err != nil {
		return // not of the 2.0 API: what it answers is tested where it is asked
	}
	kind := r.header.Get("Content-Type")
	err = openapi3filter.ValidateResponse(req.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route},
		Status:                 r.status, Header: r.header, Body: io.NopCloser(strings.NewReader(r.body)),
		Options: &openapi3filter.Options{ExcludeResponseBody: strings.HasPrefix(kind, "application/vnd.oai.openapi")},
	})
	if err != nil {
		tb.Errorf("%s %s: %v", req.Method, req.URL, err)
	}
}

// want sends a request and fails unless the status is as wanted.
func (s *site) want(tb testing.TB, status int, method, path, body string) reply {
	tb.Helper()
	r := s.do(tb, method, path, body)
	if r.status != status {
		tb.Fatalf("%s %s: got %d %s, want %d", method, path, r.status, r.body, status)
	}
	return r
}

// wantError sends a request and compares the error answered, but for its UUID.
func (s *site) wantError(tb testing.TB, method, path, body string, want v2.Error) {
	tb.Helper()
	r := s.do(tb, method, path, body)
	got := into[v2.Error](tb, r)
	if got.UUID == "" || got.UUID != r.header.Get(echo.HeaderXRequestID) {
		tb.Errorf("UUID %q is not the request id %q", got.UUID, r.header.Get(echo.HeaderXRequestID))
	}
	if fmt.Sprint(r.status) != got.Status {
		tb.Errorf("status %d, but %q in the body", r.status, got.Status)
	}
	got.UUID = ""
	if diff := cmp.Diff(want, got); diff != "" {
		tb.Errorf("%s %s (-want +got):\n%s", method, path, diff)
	}
}

// node adds a server and returns its id.
func (s *site) node(tb testing.TB, name string) string {
	tb.Helper()
	r := s.want(tb, http.StatusCreated, "POST", "/api/2.0/nodes", fmt.Sprintf(`{"name": %q, "type": "compute"}`, name))
	return into[v2.NodeDocument](tb, r).ID
}

// fakeRuns resolves as the starter does, and keeps runs in memory.
type fakeRuns struct {
	definitions *starter.Definitions

	// fail, where set, is what every method returns.
	fail    error
	request starter.Request  // the last one
	filter  starter.Filter   // the last one
	answer  workflows.Answer // the last one
	// refuse is what becomes of every answer.
	refuse error
	runs   []*starter.Run // newest first
}

func (f *fakeRuns) Start(ctx context.Context, req starter.Request) (*starter.Run, error) {
	f.request = req
	if f.fail != nil {
		return nil, f.fail
	}
	if active, _ := f.ActiveOn(ctx, req.Server); active != nil && req.Server != "" {
		return nil, &starter.Error{Kind: starter.Busy, Message: workflows.BusyMessage}
	}
	g := req.Definition
	if g == nil && req.Graph == "" {
		return nil, &starter.Error{Kind: starter.Invalid, Message: "Graph name is missing or in wrong format"}
	}
	if g == nil {
		var err error
		if g, err = f.definitions.Graph(ctx, req.Graph); err != nil {
			return nil, err
		}
	}
	plan, warnings, err := f.definitions.Resolve(ctx, g, graph.Request{
		ID: "plan", Options: req.Options, Context: req.Context, Server: req.Server,
	})
	if err != nil {
		return nil, err
	}
	run := &starter.Run{
		InstanceID: fmt.Sprintf("run-%d.abc", len(f.runs)), Plan: plan, Server: req.Server,
		Record:  workflows.Record{State: graph.Running, Context: req.Context, Tasks: make([]workflows.TaskRecord, len(plan.Tasks))},
		Started: start, Warnings: warnings,
	}
	for i := range run.Record.Tasks {
		run.Record.Tasks[i].State = graph.Pending
	}
	f.runs = slices.Insert(f.runs, 0, run)
	return run, nil
}

func (f *fakeRuns) Get(_ context.Context, id string) (*starter.Run, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	for _, run := range f.runs {
		if run.InstanceID == id {
			return run, nil
		}
	}
	return nil, &starter.Error{Kind: starter.NotFound, Message: "Graph instance not found for " + id}
}

func (f *fakeRuns) List(_ context.Context, filter starter.Filter) ([]*starter.Run, int, error) {
	f.filter = filter
	if f.fail != nil {
		return nil, 0, f.fail
	}
	var found []*starter.Run
	for _, run := range f.runs {
		if (filter.Server == "" || run.Server == filter.Server) && (filter.Active == nil || run.Active() == *filter.Active) {
			found = append(found, run)
		}
	}
	total := len(found)
	found = found[min(filter.Skip, total):]
	if filter.Top > 0 {
		found = found[:min(filter.Top, len(found))]
	}
	return found, total, nil
}

func (f *fakeRuns) Cancel(ctx context.Context, id string) error {
	run, err := f.Get(ctx, id)
	if err != nil {
		return err
	}
	if !run.Active() {
		return &starter.Error{Kind: starter.NotActive, Message: id + " is not an active workflow"}
	}
	f.end(run, graph.Cancelled)
	return nil
}

func (f *fakeRuns) end(run *starter.Run, state graph.State) {
	ended := start.Add(time.Minute)
	run.Ended, run.Record.State = &ended, state
}

func (f *fakeRuns) Delete(ctx context.Context, id string) error {
	run, err := f.Get(ctx, id)
	if err != nil {
		return err
	}
	if run.Active() {
		return &starter.Error{Kind: starter.Active, Message: "Forbidden to delete an active workflow " + id}
	}
	f.runs = slices.DeleteFunc(f.runs, func(r *starter.Run) bool { return r == run })
	return nil
}

func (f *fakeRuns) Retry(ctx context.Context, id string) (*starter.Run, error) {
	run, err := f.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	if run.Active() {
		return nil, &starter.Error{Kind: starter.Active, Message: id + " has not ended: cancel it first"}
	}
	if run.Record.State == graph.Succeeded {
		return nil, &starter.Error{Kind: starter.Invalid, Message: id + " has succeeded: there is nothing to retry"}
	}
	again := *run
	again.InstanceID, again.RetryOf, again.Ended = fmt.Sprintf("run-%d.abc", len(f.runs)), id, nil
	again.Record.State = graph.Running
	f.runs = slices.Insert(f.runs, 0, &again)
	return &again, nil
}

func (f *fakeRuns) Answer(ctx context.Context, id string, a workflows.Answer) error {
	if _, err := f.Get(ctx, id); err != nil {
		return err
	}
	f.answer = a
	return f.refuse
}

func (f *fakeRuns) ActiveOn(_ context.Context, serverID string) (*starter.Run, error) {
	if f.fail != nil {
		return nil, f.fail
	}
	for _, run := range f.runs {
		if run.Server == serverID && run.Active() {
			return run, nil
		}
	}
	return nil, nil //nolint:nilnil // as the starter does
}
