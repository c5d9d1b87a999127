package workflows

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/rackflow/rackflow/graph"
)

// Prompt is a question to a person, in the options of Job.Prompt and in the record of a run.
type Prompt struct {
	// ID is what an answer names: the task's label, and for a forEach its place.
	ID    string `json:"id,omitempty"`
	Title string `json:"title"`
	Text  string `json:"text,omitempty"`
	// Schema is the JSON Schema of the answer, an object. A property that is writeOnly,
	// or of format password, is a secret.
	Schema json.RawMessage `json:"schema,omitempty"`
	// Approval asks for yes or no and a reason; no fails the task.
	Approval bool `json:"approval,omitempty"`
	// AnswerBy names who may answer; empty is anybody.
	AnswerBy []string `json:"answerBy,omitempty"`
	// Default is the answer when the task's time is up; none is a timeout.
	Default map[string]any `json:"default,omitempty"`
	// Deadline is when that is.
	Deadline *time.Time `json:"deadline,omitempty"`
}

// Answer answers a prompt.
type Answer struct {
	// Prompt is the prompt's id.
	Prompt string         `json:"prompt"`
	Answer map[string]any `json:"answer"`
	// By is who answers.
	By string `json:"by,omitempty"`
}

// Error types of an answer that is not accepted.
const (
	NoSuchPrompt    = "NoSuchPrompt"
	AlreadyAnswered = "AlreadyAnswered"
	InvalidAnswer   = "InvalidAnswer"
	NotAllowed      = "NotAllowed"
)

// pendingPrompt waits for its answer.
type pendingPrompt struct {
	Prompt

	answer *Answer
	at     time.Time
}

// approvalSchema is the schema of a prompt that asks for yes or no.
const approvalSchema = `{"type":"object","properties":{"approved":{"type":"boolean"},"reason":{"type":"string"}},"required":["approved"]}`

// prompt waits for a person. Its result is the answer, who gave it and when.
func prompt(ctx workflow.Context, c *call) (graph.JobOutput, error) {
	p, err := c.newPrompt(ctx)
	if err != nil {
		return graph.JobOutput{}, err
	}
	if err := c.run.ask(ctx, c.index, p); err != nil {
		return graph.JobOutput{}, err
	}
	limit, limited := c.task.Limit()
	if !limited {
		limit = forever
	}
	answered, err := workflow.AwaitWithOptions(ctx, workflow.AwaitOptions{
		Timeout: limit, TimerOptions: workflow.TimerOptions{Summary: c.id},
	}, func() bool { return p.answer != nil })
	if err := c.run.withdraw(ctx, p.ID); err != nil {
		return graph.JobOutput{}, err
	}
	switch {
	case err != nil:
		return graph.JobOutput{}, err
	case !answered && p.Default == nil:
		return graph.JobOutput{}, errTimeout
	case !answered:
		p.answer, p.at = &Answer{Answer: p.Default, By: "default"}, workflow.Now(ctx)
	}
	return p.output()
}

func (c *call) newPrompt(ctx workflow.Context) (*pendingPrompt, error) {
	data, err := json.Marshal(c.options)
	if err != nil {
		return nil, permanent("prompt: %s", err)
	}
	p := &pendingPrompt{}
	if err := json.Unmarshal(data, &p.Prompt); err != nil {
		return nil, permanent("prompt: %s", err)
	}
	if p.Title == "" {
		return nil, permanent("option title is required: what the person is asked")
	}
	if p.Approval {
		p.Schema = json.RawMessage(approvalSchema)
	}
	p.ID = c.id
	if limit, ok := c.task.Limit(); ok {
		deadline := workflow.Now(ctx).Add(limit)
		p.Deadline = &deadline
	}
	if p.Default != nil {
		if err := graph.CheckAnswer(p.Default, p.Schema).Err(); err != nil {
			return nil, permanent("option default: %s", err)
		}
	}
	return p, nil
}

func (p *pendingPrompt) output() (graph.JobOutput, error) {
	if p.Approval && p.answer.Answer["approved"] != true {
		reason, _ := p.answer.Answer["reason"].(string)
		return graph.JobOutput{}, permanent("not approved by %s: %s", p.answer.By, reason)
	}
	return graph.JobOutput{Result: map[string]any{
		"answer": p.answer.Answer, "by": p.answer.By, "at": p.at.UTC().Format(time.RFC3339),
	}}, nil
}

// Waiting is what the search attribute says of a run that waits for a person.
const Waiting = "waiting"

func (r *run) ask(ctx workflow.Context, task int, p *pendingPrompt) error {
	r.prompts[p.ID] = p
	delete(r.answered, p.ID)
	r.note(task, "waits for an answer: "+p.Title)
	workflow.SetCurrentDetails(ctx, r.details())
	if len(r.prompts) > 1 {
		return nil
	}
	return workflow.UpsertTypedSearchAttributes(ctx, StateAttribute.ValueSet(Waiting))
}

func (r *run) withdraw(ctx workflow.Context, id string) error {
	delete(r.prompts, id)
	if len(r.prompts) > 0 {
		return nil
	}
	return workflow.UpsertTypedSearchAttributes(ctx, StateAttribute.ValueSet(string(graph.Running)))
}

// takeAnswers accepts answers as updates. One that is refused leaves no trace in the history.
func (r *run) takeAnswers(ctx workflow.Context) error {
	return workflow.SetUpdateHandlerWithOptions(ctx, AnswerUpdate, func(ctx workflow.Context, a Answer) error {
		p := r.prompts[a.Prompt]
		p.answer, p.at = &a, workflow.Now(ctx)
		r.answered[a.Prompt] = true
		return nil
	}, workflow.UpdateHandlerOptions{Validator: r.checkAnswer, Description: "Answers a prompt of this run."})
}

func (r *run) checkAnswer(a Answer) error {
	p, ok := r.prompts[a.Prompt]
	switch {
	case r.answered[a.Prompt]:
		return refuse(AlreadyAnswered, "prompt "+a.Prompt+" has been answered")
	case !ok:
		return refuse(NoSuchPrompt, "no prompt "+a.Prompt+" waits for an answer: "+r.promptIDs())
	case len(p.AnswerBy) > 0 && !slices.Contains(p.AnswerBy, a.By):
		return refuse(NotAllowed, "prompt "+a.Prompt+" may be answered by "+strings.Join(p.AnswerBy, ", "))
	}
	if exposed := graph.ClearSecrets(a.Answer, p.Schema); len(exposed) > 0 {
		return refuse(InvalidAnswer, strings.Join(exposed, ", ")+" is secret and would stand in the history in clear: answer over rackflow's own API")
	}
	if err := graph.CheckAnswer(a.Answer, p.Schema).Err(); err != nil {
		return refuse(InvalidAnswer, err.Error())
	}
	return nil
}

func (r *run) pending() []Prompt {
	var prompts []Prompt
	for _, id := range workflow.DeterministicKeys(r.prompts) {
		prompts = append(prompts, r.prompts[id].Prompt)
	}
	return prompts
}

func (r *run) promptIDs() string {
	ids := workflow.DeterministicKeys(r.prompts)
	if len(ids) == 0 {
		return "none does"
	}
	return strings.Join(ids, ", ") + " does"
}

func refuse(kind, message string) error {
	return temporal.NewNonRetryableApplicationError(message, kind, nil)
}
