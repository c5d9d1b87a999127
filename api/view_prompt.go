package api

import (
	"cmp"
	"encoding/json"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/starter"
	"github.com/rackflow/rackflow/workflows"
)

// promptViews are the prompts of a run that have no answer yet.
func promptViews(run *starter.Run) []v2.Prompt {
	views := make([]v2.Prompt, len(run.Record.Prompts))
	for i, p := range run.Record.Prompts {
		views[i] = promptView(p)
	}
	return views
}

func promptView(p workflows.Prompt) v2.Prompt {
	view := v2.Prompt{
		ID: p.ID, Title: redactedText(p.Title), Text: redactedText(p.Text), Schema: schemaView(p.Schema),
		Approval: p.Approval, AnswerBy: p.AnswerBy, Deadline: p.Deadline,
	}
	if p.Default != nil {
		view.Default = redacted(p.Default)
	}
	return view
}

// schemaView hides only what has been sealed: the names in a schema are those of
// secrets to come, and what stands below them is no secret.
func schemaView(schema json.RawMessage) json.RawMessage {
	return json.RawMessage(redactedText(cmp.Or(string(schema), "{}")))
}

// workflowPromptViews are the prompts of a run as a list of all runs' shows them.
func workflowPromptViews(run *starter.Run) []v2.WorkflowPrompt {
	prompts := promptViews(run)
	views := make([]v2.WorkflowPrompt, len(prompts))
	for i, p := range prompts {
		views[i] = v2.WorkflowPrompt{
			Prompt: p, InstanceID: run.InstanceID, Graph: run.Plan.InjectableName, Node: run.Server, NodeName: run.ServerName,
		}
	}
	return views
}
