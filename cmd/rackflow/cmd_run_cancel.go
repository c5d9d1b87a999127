package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
)

const runCancelHelp = `Cancel a run. Its clean-up tasks still run; --wait waits for their end too. That
the run ends cancelled is what was asked for, so the exit code is 0, and 3 only
when it ends failed.

`

func newRunCancel(a *app) *cobra.Command {
	var wait bool
	cmd := &cobra.Command{
		Use:               "cancel ID",
		Short:             "Cancel a run",
		Long:              runCancelHelp + runRefHelp,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			api, err := a.client()
			if err != nil {
				return err
			}
			id, err := resolveRun(ctx, api, args[0])
			if err != nil {
				return err
			}
			if err := done(api.WorkflowsAction(ctx, id, v2.WorkflowAction{Command: v2.WorkflowActionCommandCancel})); err != nil || !wait {
				return err
			}
			return a.followCancelled(ctx, api, id)
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait for the end of the run")
	return cmd
}

func (a *app) followCancelled(ctx context.Context, api *v2.Client, id string) error {
	w := &watcher{a: a, api: api, ids: []string{id}, view: a.newView(a.p.Stderr), reached: true}
	err := a.follow(ctx, w)
	var exit *exitError
	if errors.As(err, &exit) && exit.code == exitRunFailed && w.runs[0].Status == v2.WorkflowStatusCancelled {
		return nil
	}
	return err
}
