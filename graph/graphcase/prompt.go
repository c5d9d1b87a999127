package graphcase

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rackflow/rackflow/graph"
)

// prompt is a question that waits for its answer.
type prompt struct {
	call     *call
	schema   json.RawMessage
	approval bool
	answerBy []string
}

// approvalSchema is the schema of a prompt that asks for yes or no.
const approvalSchema = `{"type":"object","properties":{"approved":{"type":"boolean"},"reason":{"type":"string"}},"required":["approved"]}`

// promptOptions are those of Job.Prompt that decide what becomes of an answer.
type promptOptions struct {
	Title    string          `json:"title"`
	Schema   json.RawMessage `json:"schema"`
	Approval bool            `json:"approval"`
	AnswerBy []string        `json:"answerBy"`
	Default  map[string]any  `json:"default"`
}

func ask(c *call) {
	var o promptOptions
	data, err := json.Marshal(c.options)
	if err == nil {
		err = json.Unmarshal(data, &o)
	}
	if err != nil {
		c.failf("prompt: %s", err)
		return
	}
	if o.Title == "" {
		c.failf("option title is required: what the person is asked")
		return
	}
	p := &prompt{call: c, schema: o.Schema, approval: o.Approval, answerBy: o.AnswerBy}
	if p.approval {
		p.schema = json.RawMessage(approvalSchema)
	}
	if o.Default != nil {
		if err := graph.CheckAnswer(o.Default, p.schema).Err(); err != nil {
			c.failf("option default: %s", err)
			return
		}
	}
	c.prompts[c.id] = p
	delete(c.answered, c.id)
	if c.limited {
		c.pending = c.clock.at(c.deadline, func() { p.expire(o.Default) })
	}
}

func (p *prompt) expire(byDefault map[string]any) {
	if byDefault == nil {
		delete(p.call.prompts, p.call.id)
		p.call.finish(timedOut(p.call.task))
		return
	}
	p.take(byDefault, "default")
}

// take ends the prompt with an answer.
func (p *prompt) take(answer map[string]any, by string) {
	c := p.call
	delete(c.prompts, c.id)
	c.pending.drop()
	if p.approval && answer["approved"] != true {
		reason, _ := answer["reason"].(string)
		c.failf("not approved by %s: %s", by, reason)
		return
	}
	c.pending = c.clock.after(0, func() {
		c.finish(succeeded(graph.JobOutput{Result: map[string]any{"answer": answer, "by": by}}))
	})
}

// answer gives an answer, and returns why it is not taken.
func (r *run) answer(a Answer) (refused string) {
	p, ok := r.prompts[a.Prompt]
	switch {
	case r.answered[a.Prompt]:
		return "prompt " + a.Prompt + " has been answered"
	case !ok:
		return "no prompt " + a.Prompt + " waits for an answer: " + r.waitingPrompts()
	case len(p.answerBy) > 0 && !slices.Contains(p.answerBy, a.By):
		return "prompt " + a.Prompt + " may be answered by " + strings.Join(p.answerBy, ", ")
	}
	if secrets := graph.ClearSecrets(a.Answer, p.schema); len(secrets) > 0 {
		return strings.Join(secrets, ", ") + " is secret and would stand in the history in clear: answer over rackflow's own API"
	}
	if err := graph.CheckAnswer(a.Answer, p.schema).Err(); err != nil {
		return err.Error()
	}
	r.answered[a.Prompt] = true
	p.take(a.Answer, a.By)
	return ""
}

func (r *run) waitingPrompts() string {
	ids := slices.Sorted(maps.Keys(r.prompts))
	if len(ids) == 0 {
		return "none does"
	}
	return fmt.Sprintf("%s does", strings.Join(ids, ", "))
}
