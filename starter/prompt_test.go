package starter_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/mock"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/mocks"
	"go.temporal.io/sdk/temporal"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/workflows"
)

const askSchema = `{"required":["disk"],"properties":{"disk":{"type":"string"},"password":{"type":"string"},"pin":{"type":"string","writeOnly":true}}}`

// waits makes Temporal know a run that waits for a disk.
func (b *bench) waits(t *testing.T) (instanceID string) {
	t.Helper()
	b.tells(&workflows.Record{State: graph.Running, Prompts: []workflows.Prompt{{ID: "ask", Title: "?", Schema: json.RawMessage(askSchema)}}}, nil)
	return b.has(t, inputOf("ask"), enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING)
}

// takesAnswers makes the workflow accept answers, or refuse them.
func (b *bench) takesAnswers(refuse error) *workflows.Answer {
	var taken workflows.Answer
	handle := &mocks.WorkflowUpdateHandle{}
	handle.On("Get", mock.Anything, mock.Anything).Return(refuse)
	b.client.On("UpdateWorkflow", mock.Anything, mock.MatchedBy(func(o client.UpdateWorkflowOptions) bool {
		taken, _ = o.Args[0].(workflows.Answer)
		return o.UpdateName == workflows.AnswerUpdate && o.WorkflowID == "server-5a" && o.RunID == "r1"
	})).Return(handle, nil)
	return &taken
}

func TestAnswerSealsSecrets(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, taken := b.waits(t), b.takesAnswers(nil)
	answer := map[string]any{"disk": "sda", "pin": "hunter2", "password": "hunter3"}
	check(t, b.Answer(t.Context(), id, workflows.Answer{Prompt: "ask", By: "ann", Answer: answer}))
	if text := asText(t, taken); strings.Contains(text, "hunter") || taken.Answer["disk"] != "sda" || taken.By != "ann" {
		t.Errorf("the workflow was told %s", text)
	}
	opened, err := b.keeper.OpenSecrets(t.Context(), taken.Answer)
	check(t, err)
	if diff := cmp.Diff(any(answer), opened); diff != "" {
		t.Errorf("opened (-want +got):\n%s", diff)
	}
}

func TestAnswerRefused(t *testing.T) {
	t.Parallel()
	fits := map[string]any{"disk": "sda"}
	refuse := func(kind string) error { return temporal.NewNonRetryableApplicationError("no", kind, nil) }
	for name, c := range map[string]struct {
		prompt string
		answer map[string]any
		refuse error
		kind   starter.Kind
		want   string
	}{
		"it does not fit":       {"ask", map[string]any{"disk": 5.0}, nil, starter.Invalid, "got number, want string"},
		"nor without disk":      {"ask", map[string]any{"pin": "hunter2"}, nil, starter.Invalid, "missing property 'disk'"},
		"no such prompt":        {"nope", fits, refuse(workflows.NoSuchPrompt), starter.NotFound, "no"},
		"somebody was faster":   {"ask", fits, refuse(workflows.AlreadyAnswered), starter.Answered, "no"},
		"not this one":          {"ask", fits, refuse(workflows.NotAllowed), starter.Forbidden, "no"},
		"the workflow says not": {"ask", fits, refuse(workflows.InvalidAnswer), starter.Invalid, "no"},
		"Temporal is away":      {"ask", fits, serviceerror.NewUnavailable("dial 127.0.0.1"), starter.Unavailable, "try again"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			id := b.waits(t)
			taken := b.takesAnswers(c.refuse)
			wantKind(t, b.Answer(t.Context(), id, workflows.Answer{Prompt: c.prompt, Answer: c.answer}), c.kind, c.want)
			if c.refuse == nil && taken.Answer != nil {
				t.Errorf("the workflow was asked: %v", taken)
			}
		})
	}
}

func TestAnswerAfterTheEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.ends(workflows.Record{State: graph.Succeeded}, nil)
	id := b.has(t, inputOf("ask"), enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED)
	wantKind(t, b.Answer(t.Context(), id, workflows.Answer{Prompt: "ask"}), starter.NotActive, "is not an active workflow")
}

// TestStartKeepsSchemas starts a prompt whose schema describes a password.
func TestStartKeepsSchemas(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var schema any
	check(t, json.Unmarshal([]byte(askSchema), &schema))
	asked := b.takesRuns(t)
	_, err := b.Start(t.Context(), starter.Request{Definition: &graph.Graph{
		FriendlyName: "T", InjectableName: "Graph.T",
		Tasks: []graph.Task{{Label: "ask", TaskName: "Task.Prompt", OptionOverrides: map[string]any{
			"title": "?", "schema": schema, "default": map[string]any{"disk": "sda", "password": "default-secret"},
		}}},
	}})
	check(t, err)
	options := asked.in.Plan.Tasks[0].Options
	if diff := cmp.Diff(schema, options["schema"]); diff != "" {
		t.Errorf("schema (-want +got):\n%s", diff)
	}
	if text := asText(t, options); strings.Contains(text, "default-secret") {
		t.Errorf("a secret is in clear: %s", text)
	}
	if clean, _ := seal.Redact(options).(map[string]any); cmp.Diff(schema, clean["schema"]) != "" {
		t.Errorf("shown as %v", clean["schema"])
	}
}
