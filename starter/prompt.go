package starter

import (
	"context"
	"errors"
	"slices"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/workflows"
)

// Answer answers a prompt of an open run. What does not fit the prompt's schema is
// refused before anything is recorded; secrets of the schema are sealed.
func (s *Starter) Answer(ctx context.Context, instanceID string, a workflows.Answer) error {
	run, err := s.Get(ctx, instanceID)
	if err != nil {
		return err
	}
	if !run.Active() {
		return notActive(instanceID)
	}
	// A prompt that is gone from the record may have been answered: the workflow knows.
	if prompt := run.prompt(a.Prompt); prompt != nil {
		if problems := graph.CheckAnswer(a.Answer, prompt.Schema); problems.Err() != nil {
			return invalid(problems)
		}
		if a.Answer, err = s.sealAnswer(ctx, a.Answer, prompt); err != nil {
			return err
		}
	}
	return s.update(ctx, run, a)
}

func (r *Run) prompt(id string) *workflows.Prompt {
	i := slices.IndexFunc(r.Record.Prompts, func(p workflows.Prompt) bool { return p.ID == id })
	if i < 0 {
		return nil
	}
	return &r.Record.Prompts[i]
}

// sealAnswer seals what the schema calls secret, and what is so by its name.
func (s *Starter) sealAnswer(ctx context.Context, answer map[string]any, prompt *workflows.Prompt) (map[string]any, error) {
	answer, err := graph.MapSecrets(answer, prompt.Schema, func(secret string) (string, error) {
		return s.cfg.Keeper.Seal(ctx, secret)
	})
	if err != nil {
		return nil, err
	}
	return sealer{s.cfg.Keeper}.values(ctx, answer)
}

func (s *Starter) update(ctx context.Context, run *Run, a workflows.Answer) error {
	handle, err := s.cfg.Client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: run.WorkflowID, RunID: run.RunID, UpdateName: workflows.AnswerUpdate, Args: []any{a},
		WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, nil)
	}
	return answerError(err)
}

// answerError gives the workflow's refusals a place among our kinds.
func answerError(err error) error {
	var refused *temporal.ApplicationError
	if !errors.As(err, &refused) {
		return fromTemporal(err)
	}
	kinds := map[string]Kind{
		workflows.NoSuchPrompt: NotFound, workflows.AlreadyAnswered: Answered, workflows.InvalidAnswer: Invalid, workflows.NotAllowed: Forbidden,
	}
	kind, ok := kinds[refused.Type()]
	if !ok {
		return err
	}
	return &Error{Kind: kind, Message: refused.Message(), Err: err}
}
