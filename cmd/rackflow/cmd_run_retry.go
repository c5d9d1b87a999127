package main

import (
	"context"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
)

const runRetryHelp = `Start a new run that goes on where one has failed or was cancelled, and print its
instance id. Tasks that had succeeded keep their results, all others start again;
the graph is the one that the run began with, whatever has been stored since.

With --wait it follows the new run on stderr and ends with its outcome.

`

func newRunRetry(a *app) *cobra.Command {
	var wait, quiet bool
	cmd := &cobra.Command{
		Use:               "retry ID",
		Short:             "Go on with a run that has failed or was cancelled",
		Long:              runRetryHelp + runRefHelp,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.retry(cmd.Context(), args[0], wait, quiet)
		},
	}
	cmd.Flags().BoolVar(&wait, "wait", false, "wait for the end of the new run")
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "with --wait, do not show how the run goes on")
	return cmd
}

func (a *app) retry(ctx context.Context, ref string, wait, quiet bool) error {
	api, err := a.client()
	if err != nil {
		return err
	}
	id, err := resolveRun(ctx, api, ref)
	if err != nil {
		return err
	}
	started, err := decodeText(api.WorkflowsAction(ctx, id, v2.WorkflowAction{Command: v2.WorkflowActionCommandRetry}))
	if err != nil {
		return err
	}
	return a.showStarted(ctx, api, started, wait, quiet)
}
