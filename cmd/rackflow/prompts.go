package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	v2 "github.com/rackflow/rackflow/api/v2"
)

// runPrompts are the prompts of one run that have no answer yet.
func runPrompts(ctx context.Context, api *v2.Client, ref string) ([]v2.WorkflowPrompt, error) {
	id, err := resolveRun(ctx, api, ref)
	if err != nil {
		return nil, err
	}
	run, err := decode[v2.Workflow](api.WorkflowsGetByInstanceID(ctx, id))
	if err != nil {
		return nil, err
	}
	prompts := make([]v2.WorkflowPrompt, len(run.XPrompts))
	for i, p := range run.XPrompts {
		prompts[i] = v2.WorkflowPrompt{
			Prompt: p, InstanceID: run.InstanceID, Graph: run.InjectableName, Node: run.Node, NodeName: run.XNodeName,
		}
	}
	return prompts, nil
}

// question is a prompt as people are told of it.
type question struct {
	// what is asked, and until when.
	what string
	// command answers it.
	command string
	asked   time.Time
}

func (a *app) questions(run v2.Workflow) []question {
	out := make([]question, len(run.XPrompts))
	for i, p := range run.XPrompts {
		what := p.Title
		if p.Deadline != nil {
			what += " (until " + a.stamp(*p.Deadline) + ")"
		}
		out[i] = question{
			what: printable(what), command: printable("rackflow run answer " + run.InstanceID + " " + shellWord(p.ID)),
			asked: askedAt(run, p),
		}
	}
	return out
}

// shellWord quotes what a shell would not take as one word.
func shellWord(s string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_.,:/@+=", r)
	}
	if s != "" && strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// askedAt is when the task that asks was started.
func askedAt(run v2.Workflow, p v2.Prompt) time.Time {
	for _, t := range run.Tasks {
		if t.Label == p.ID && t.TaskStartTime != nil {
			return *t.TaskStartTime
		}
	}
	return run.UpdatedAt
}

// promptTable lists prompts.
func (a *app) promptTable(prompts []v2.WorkflowPrompt) *table {
	t := newTable("RUN", "NODE", "PROMPT", "DEADLINE", "TITLE")
	for _, p := range prompts {
		deadline := ""
		if p.Deadline != nil {
			deadline = a.stamp(*p.Deadline)
		}
		t.add(p.InstanceID, target(p.NodeName, p.Node), p.ID, deadline, p.Title)
	}
	return t
}

// pickPrompt finds the prompt that is to be answered; the id may be left out where there is one.
func pickPrompt(prompts []v2.WorkflowPrompt, ref, id string) (v2.WorkflowPrompt, error) {
	var ids []string
	for _, p := range prompts {
		if p.ID == id || id == "" && len(prompts) == 1 {
			return p, nil
		}
		ids = append(ids, p.ID)
	}
	if id == "" && len(ids) > 0 {
		return v2.WorkflowPrompt{}, usagef("run %s waits for %d answers: say to which of %s", ref, len(ids), strings.Join(ids, ", "))
	}
	return v2.WorkflowPrompt{}, &exitError{
		code: exitNotFound, hint: "'rackflow run prompts' lists what all runs wait for.",
		err: fmt.Errorf("run %s does not wait for an answer to %s", ref, cmp.Or(id, "anything")),
	}
}
