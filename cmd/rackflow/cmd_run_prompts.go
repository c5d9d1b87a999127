package main

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
)

func newRunPrompts(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "prompts [ID]",
		Short:             "List what runs wait to be told",
		Long:              "List the questions to people that one run, or all runs, wait for an answer to.\n\n" + runRefHelp,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: a.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := a.client()
			if err != nil {
				return err
			}
			prompts, err := listPrompts(cmd.Context(), api, args)
			if err != nil {
				return err
			}
			return a.print(prompts, func(b *strings.Builder) { a.promptTable(prompts).write(b) })
		},
	}
}

func listPrompts(ctx context.Context, api *v2.Client, refs []string) ([]v2.WorkflowPrompt, error) {
	if len(refs) > 0 {
		return runPrompts(ctx, api, refs[0])
	}
	return decode[[]v2.WorkflowPrompt](api.PromptsGet(ctx))
}
