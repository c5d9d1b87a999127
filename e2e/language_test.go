package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/rackflow/rackflow/workflows"
)

// startInline starts a graph that stands in the request.
func (e *engine) startInline(definition string) string {
	e.t.Helper()
	var created struct {
		InstanceID string `json:"instanceId"`
	}
	e.must(http.StatusCreated, http.MethodPost, "/workflows", map[string]any{"definition": json.RawMessage(definition)}, &created)
	return created.InstanceID
}

const askGraph = `{"friendlyName":"Ask","injectableName":"Graph.Ask","tasks":[
	{"label":"ask","taskName":"Task.Prompt","optionOverrides":{"title":"Which disk?","schema":{"type":"object","required":["disk"],
		"properties":{"disk":{"type":"string","pattern":"^sd"},"password":{"type":"string","format":"password","minLength":8}}}}},
	{"label":"use","taskName":"Task.noop","waitOn":{"ask":"succeeded"},"optionOverrides":{"option1":"{{ context.outputs.ask.answer.disk }}"},
		"when":"context.outputs.ask.answer.disk == 'sdb'"}]}`

// TestPromptSurvivesKill asks a person, is killed while it waits, and goes on with the answer.
func TestPromptSurvivesKill(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	id := e.startInline(askGraph)
	prompts := "/workflows/" + id + "/prompts"
	pending := func() bool {
		var list []workflows.Prompt
		status, err := e.call(http.MethodGet, prompts, nil, &list)
		return err == nil && status == http.StatusOK && len(list) == 1 && list[0].Title == "Which disk?"
	}
	e.await(20*time.Second, "the prompt shows", pending)
	e.kill()
	e.start()
	e.await(20*time.Second, "the prompt shows again", pending)
	for _, c := range []struct {
		body   string
		status int
		want   string
	}{
		{`{"answer":{"disk":"nvme"}}`, 400, "answer.disk"},
		{`{"answer":{}}`, 400, "disk"},
		{`{"answer":{"disk":"sdb","password":"short"}}`, 400, "answer.password"},
	} {
		if status, body := e.raw(http.MethodPost, prompts+"/ask", c.body); status != c.status || !strings.Contains(body, c.want) || strings.Contains(body, "short") {
			t.Errorf("%s: %d %s", c.body, status, body)
		}
	}
	if status, body := e.raw(http.MethodPost, prompts+"/nope", `{"answer":{"disk":"sdb"}}`); status != 404 {
		t.Errorf("%d %s", status, body)
	}
	if status, body := e.raw(http.MethodPost, prompts+"/ask", `{"answer":{"disk":"sdb","password":"correct-horse"},"by":"ann"}`); status != 204 {
		t.Fatalf("%d %s", status, body)
	}
	got := e.awaitRun(id, 20*time.Second)
	if got.Status != "succeeded" || got.state("use") != "succeeded" {
		t.Errorf("%+v", got)
	}
	if all := string(history(t, e, id)); strings.Contains(all, "correct-horse") || !strings.Contains(all, "sealed:v1:") {
		t.Error("the history should hold the answer's secret sealed")
	}
}

// TestPromptAnsweredByTemporal answers as `temporal workflow update` does.
func TestPromptAnsweredByTemporal(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	id := e.startInline(askGraph)
	c, err := client.Dial(client.Options{HostPort: e.temporal()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	workflowID, runID, _ := strings.Cut(id, ".")
	update := func(answer map[string]any) error {
		handle, err := c.UpdateWorkflow(t.Context(), client.UpdateWorkflowOptions{
			WorkflowID: workflowID, RunID: runID, UpdateName: workflows.AnswerUpdate,
			Args: []any{workflows.Answer{Prompt: "ask", Answer: answer}}, WaitForStage: client.WorkflowUpdateStageCompleted,
		})
		if err != nil {
			return err
		}
		return handle.Get(t.Context(), nil)
	}
	if err := update(map[string]any{"disk": "nvme"}); err == nil || !strings.Contains(err.Error(), "answer.disk") {
		t.Errorf("a bad answer: %v", err)
	}
	if err := update(map[string]any{"disk": "sdb", "password": "in-the-clear"}); err == nil || !strings.Contains(err.Error(), "secret") {
		t.Errorf("a secret in clear: %v", err)
	}
	if err := update(map[string]any{"disk": "sda"}); err != nil {
		t.Fatal(err)
	}
	got := e.awaitRun(id, 20*time.Second)
	if got.Status != "succeeded" || got.state("use") != "skipped" {
		t.Errorf("%+v", got)
	}
	if strings.Contains(string(history(t, e, id)), "in-the-clear") {
		t.Error("a refused answer stands in the history")
	}
}

// TestRetryBeginsAtWhatFailed counts the calls that a run and its retry make.
func TestRetryBeginsAtWhatFailed(t *testing.T) {
	t.Parallel()
	var first, second atomic.Int32
	var mended atomic.Bool
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/first":
			first.Add(1)
			fmt.Fprint(w, `{"id": 7}`)
		case r.URL.Path == "/second/7" && mended.Load():
			second.Add(1)
		default:
			second.Add(1)
			http.Error(w, "broken", http.StatusBadRequest)
		}
	}))
	defer service.Close()
	e := startEngine(t, "--rest-allow", "127.0.0.0/8")
	id := e.startInline(strings.ReplaceAll(`{"friendlyName":"T","injectableName":"Graph.T","tasks":[
		{"label":"first","taskName":"Task.Run.Rest.Command","optionOverrides":{"url":"URL/first","method":"GET"},"outputs":{"id":"restData.body.id"}},
		{"label":"second","taskName":"Task.Run.Rest.Command","optionOverrides":{"url":"URL/second/{{ context.outputs.first.id }}","method":"GET"},"waitOn":{"first":"succeeded"}}]}`,
		"URL", service.URL))
	if got := e.awaitRun(id, 30*time.Second); got.Status != "failed" || !strings.Contains(got.errorOf("second"), "broken") {
		t.Fatalf("%+v", got)
	}
	mended.Store(true)
	status, again := e.raw(http.MethodPut, "/workflows/"+id+"/action", `{"command":"retry"}`)
	if status != http.StatusAccepted {
		t.Fatalf("%d %s", status, again)
	}
	if got := e.awaitRun(again, 30*time.Second); got.Status != "succeeded" {
		t.Fatalf("%+v", got)
	}
	if first.Load() != 1 || second.Load() != 2 {
		t.Errorf("%d calls of the first, %d of the second; want 1 and 2", first.Load(), second.Load())
	}
}

// TestTwoThousandTasks runs a graph of 2,000 activities, half of them at once.
func TestTwoThousandTasks(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	e.putImage("boot.iso")
	var tasks []string
	for i := range 2000 {
		wait := ""
		if i >= 1000 {
			wait = fmt.Sprintf(`,"waitOn":{"t%d":"succeeded"}`, i-1000)
		}
		tasks = append(tasks, fmt.Sprintf(`{"label":"t%d","taskName":"Task.Iso.Inspect"%s}`, i, wait))
	}
	id := e.startInline(`{"friendlyName":"Large","injectableName":"Graph.Large","options":{"defaults":{"image":"boot.iso"}},"tasks":[` +
		strings.Join(tasks, ",") + `]}`)
	if got := e.awaitRun(id, 5*time.Minute); got.Status != "succeeded" || len(got.Tasks) != 2000 {
		t.Fatalf("%s with %d tasks: %s", got.Status, len(got.Tasks), got.errorOf("t0"))
	}
}
