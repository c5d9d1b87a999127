package standalone

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

const testQueue = "test"

var serverAttribute = temporal.NewSearchAttributeKeyKeyword("RackflowServer")

// testConfig is a server on free ports whose log must stay empty.
func testConfig(t *testing.T) Config {
	t.Helper()
	log := &recorder{}
	t.Cleanup(func() {
		for _, line := range log.lines() {
			t.Errorf("unexpected log line: %s", line)
		}
	})
	return Config{
		Dir:              filepath.Join(t.TempDir(), "data #1"),
		FrontendAddr:     "127.0.0.1:0",
		SearchAttributes: map[string]enumspb.IndexedValueType{serverAttribute.GetName(): serverAttribute.GetValueType()},
		Log:              slog.New(log),
	}
}

func start(t *testing.T, cfg Config) *Server {
	t.Helper()
	began := time.Now()
	s, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("ready after %s", time.Since(began).Round(time.Millisecond))
	t.Cleanup(func() {
		began := time.Now()
		s.Stop()
		t.Logf("stopped after %s", time.Since(began).Round(time.Millisecond))
	})
	return s
}

func dial(t *testing.T, s *Server, identity string) client.Client {
	t.Helper()
	c, err := s.Client(client.Options{Identity: identity, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// quiet keeps what the SDK's own clients and workers say out of the server's log.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func startWorker(t *testing.T, w worker.Worker) (stop func()) {
	t.Helper()
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	stop = sync.OnceFunc(w.Stop)
	t.Cleanup(stop)
	return stop
}

// awaitGo ends when it is told to by a signal.
func awaitGo(ctx workflow.Context) (answer string, err error) {
	workflow.GetSignalChannel(ctx, "go").Receive(ctx, &answer)
	return answer, nil
}

func TestWorkflowSurvivesRestart(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	first := start(t, cfg)
	c := dial(t, first, "")
	w := worker.New(c, testQueue, worker.Options{})
	w.RegisterWorkflow(awaitGo)
	stopWorker := startWorker(t, w)
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "w", TaskQueue: testQueue}, awaitGo)
	if err != nil {
		t.Fatal(err)
	}
	stopWorker()
	first.Stop()

	second := start(t, cfg)
	c = dial(t, second, "")
	w = worker.New(c, testQueue, worker.Options{})
	w.RegisterWorkflow(awaitGo)
	startWorker(t, w)
	if err := c.SignalWorkflow(t.Context(), "w", run.GetRunID(), "go", "done"); err != nil {
		t.Fatal(err)
	}
	var answer string
	if err := c.GetWorkflow(t.Context(), "w", run.GetRunID()).Get(t.Context(), &answer); err != nil || answer != "done" {
		t.Errorf("got %q, %v, want done", answer, err)
	}
}

func TestSearchAttributeUsableAtOnce(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	s := start(t, cfg)
	c := dial(t, s, "")
	startWith := func(c client.Client, id string, attributes temporal.SearchAttributes) {
		t.Helper()
		options := client.StartWorkflowOptions{ID: id, TaskQueue: testQueue, TypedSearchAttributes: attributes}
		if _, err := c.ExecuteWorkflow(t.Context(), options, awaitGo); err != nil {
			t.Fatal(err)
		}
	}
	startWith(c, "one", temporal.NewSearchAttributes(serverAttribute.ValueSet("rack-7")))
	startWith(c, "two", temporal.NewSearchAttributes(serverAttribute.ValueSet("rack-8")))
	awaitList(t, c, "RackflowServer = 'rack-7'", "one")
	s.Stop()

	// One more attribute at a later start is usable at once as well.
	tries := temporal.NewSearchAttributeKeyInt64("RackflowTries")
	cfg.SearchAttributes[tries.GetName()] = tries.GetValueType()
	c = dial(t, start(t, cfg), "")
	startWith(c, "three", temporal.NewSearchAttributes(tries.ValueSet(3), serverAttribute.ValueSet("rack-9")))
	awaitList(t, c, "RackflowTries = 3", "three")
	awaitList(t, c, "RackflowServer = 'rack-8'", "two")
}

func TestRetention(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	for _, step := range []struct{ set, want time.Duration }{
		{0, 30 * 24 * time.Hour},
		{48 * time.Hour, 48 * time.Hour},
	} {
		cfg.Retention = step.set
		s := start(t, cfg)
		reply, err := dial(t, s, "").WorkflowService().DescribeNamespace(t.Context(),
			&workflowservice.DescribeNamespaceRequest{Namespace: DefaultNamespace})
		if err != nil {
			t.Fatal(err)
		}
		if got := reply.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(); got != step.want {
			t.Errorf("retention %s, want %s", got, step.want)
		}
		s.Stop()
	}
}

func TestWebUI(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"", "/temporal"} {
		t.Run("at "+path+"/", func(t *testing.T) {
			t.Parallel()
			cfg := testConfig(t)
			cfg.UIAddr, cfg.UIPublicPath, cfg.Namespace = "127.0.0.1:0", path, "racks"
			s := start(t, cfg)
			base := "http://" + s.UIAddr() + path
			if page := get(t, base+"/"); !strings.Contains(page, path+"/_app/") {
				t.Errorf("the page does not load the application below %q:\n%.400s", path, page)
			}
			var reply struct {
				Namespaces []struct {
					NamespaceInfo struct{ Name string }
				}
			}
			if err := json.Unmarshal([]byte(get(t, base+"/api/v1/namespaces")), &reply); err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, namespace := range reply.Namespaces {
				names = append(names, namespace.NamespaceInfo.Name)
			}
			if !strings.Contains(strings.Join(names, " "), "racks") {
				t.Errorf("namespaces %v, want racks among them", names)
			}
			s.Stop()
			if err := getOK(t.Context(), base+"/healthz"); err == nil {
				t.Error("the Web UI answers after the stop")
			}
		})
	}
}

func TestSecondServerRefused(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	s := start(t, cfg)

	_, err := Start(t.Context(), cfg)
	if want := fmt.Sprintf("is in use by process %d", os.Getpid()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("same folder: got %v, want an error with %q", err, want)
	}

	other := testConfig(t)
	other.FrontendAddr = s.FrontendAddr()
	_, err = Start(t.Context(), other)
	if want := "cannot listen on " + s.FrontendAddr(); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("same address: got %v, want an error with %q", err, want)
	}
	other.FrontendAddr = "127.0.0.1:0"
	start(t, other) // The failed start gave its lock back.
}

func TestNewerFileRefused(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	start(t, cfg).Stop()
	path := filepath.Join(cfg.Dir, visibilityFile)
	execSQL(t, path, `UPDATE rackflow_schema SET version = '0.2', server = '1.40.0'`)
	_, err := Start(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), path+" is newer than this program") {
		t.Errorf("got %v, want an error that names the newer file", err)
	}
}

func TestDataFolder(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	start(t, cfg)
	info, err := os.Stat(cfg.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("folder mode %o, want 700: it holds what workflows were given", got)
	}
	const hasVisibility = `SELECT count(*) FROM sqlite_master WHERE name = 'executions_visibility'`
	for name, visibility := range map[string]int{temporalFile: 0, visibilityFile: 1} {
		path := filepath.Join(cfg.Dir, name)
		if got := queryText(t, path, `PRAGMA journal_mode`); got != "wal" {
			t.Errorf("%s: journal mode %s, want wal", name, got)
		}
		if got := queryInt(t, path, hasVisibility); got != visibility {
			t.Errorf("%s: %d visibility tables, want %d", name, got, visibility)
		}
	}
}

// Limits by fairness key work only on tasks stored in the second layout.
func TestQueuesKnowFairness(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	c := dial(t, start(t, cfg), "")
	if _, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: testQueue}, awaitGo); err != nil {
		t.Fatal(err)
	}
	await(t, func() error {
		const find = `SELECT count(*) FROM tasks_v2 WHERE CAST(task_queue_id AS TEXT) LIKE '%test%'`
		if queryInt(t, filepath.Join(cfg.Dir, temporalFile), find) == 0 {
			return errors.New("the task is not in tasks_v2")
		}
		return nil
	})
}

func TestServerRunsOnUpgradedFiles(t *testing.T) {
	t.Parallel()
	cfg := testConfig(t)
	s := start(t, cfg)
	c := dial(t, s, "")
	options := client.StartWorkflowOptions{
		ID: "old", TaskQueue: testQueue,
		TypedSearchAttributes: temporal.NewSearchAttributes(serverAttribute.ValueSet("rack-7")),
	}
	if _, err := c.ExecuteWorkflow(t.Context(), options, awaitGo); err != nil {
		t.Fatal(err)
	}
	awaitList(t, c, "RackflowServer = 'rack-7'", "old")
	s.Stop()
	execSQL(t, filepath.Join(cfg.Dir, temporalFile),
		`DROP TABLE current_chasm_executions`,
		`UPDATE rackflow_schema SET version = '0.10', server = '1.29.1'`)
	execSQL(t, filepath.Join(cfg.Dir, visibilityFile),
		`UPDATE rackflow_schema SET fingerprint = 'old', server = '1.29.1'`)

	said := &recorder{}
	cfg.Log = slog.New(said)
	c = dial(t, start(t, cfg), "")
	awaitList(t, c, "RackflowServer = 'rack-7'", "old")
	options.ID = "new"
	options.TypedSearchAttributes = temporal.NewSearchAttributes(serverAttribute.ValueSet("rack-8"))
	if _, err := c.ExecuteWorkflow(t.Context(), options, awaitGo); err != nil {
		t.Fatal(err)
	}
	awaitList(t, c, "RackflowServer = 'rack-8'", "new")
	lines := said.lines()
	if len(lines) != 2 || !strings.HasPrefix(lines[0], "INFO upgraded a Temporal database") {
		t.Errorf("log %q, want a line for each upgraded file", lines)
	}
}

func TestStartGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	cfg := testConfig(t)
	if _, err := Start(ctx, cfg); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want a cancelled start", err)
	}
	start(t, cfg)
}

// awaitList waits until a query lists exactly one workflow: a new workflow shows
// up in lists a moment after it started.
func awaitList(t *testing.T, c client.Client, query, id string) {
	t.Helper()
	await(t, func() error {
		page, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{Query: query})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, info := range page.GetExecutions() {
			ids = append(ids, info.GetExecution().GetWorkflowId())
		}
		if len(ids) != 1 || ids[0] != id {
			return fmt.Errorf("%s lists %v, want %s", query, ids, id)
		}
		return nil
	})
}

// await asks again until check is content or twenty seconds are over.
func await(t *testing.T, check func() error) {
	t.Helper()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	deadline := time.After(20 * time.Second)
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-ticker.C:
		case <-deadline:
			t.Fatal(err)
		}
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err := errors.Join(err, response.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s\n%.400s", url, response.Status, body)
	}
	return string(body)
}

// recorder is a slog handler that keeps records.
type recorder struct {
	mu      sync.Mutex
	records []slog.Record
}

func (r *recorder) Enabled(context.Context, slog.Level) bool { return true }
func (r *recorder) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *recorder) WithGroup(string) slog.Handler            { return r }

func (r *recorder) Handle(_ context.Context, record slog.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.records = append(r.records, record.Clone())
	return nil
}

func (r *recorder) lines() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines []string
	for _, record := range r.records {
		line := record.Level.String() + " " + record.Message
		record.Attrs(func(attr slog.Attr) bool {
			line += " " + attr.String()
			return true
		})
		lines = append(lines, line)
	}
	return lines
}
