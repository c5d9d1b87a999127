package main

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
)

// completionTimeout bounds the wait for the server while the user waits for the shell.
const completionTimeout = 2 * time.Second

// offer completes a flag; it is called with flags that are defined, else it is a fault of the program.
func offer(cmd *cobra.Command, flag string, names cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, names); err != nil {
		panic(err)
	}
}

// offerWords completes a flag that takes one of a few words.
func offerWords[T ~string](cmd *cobra.Command, flag string, words ...T) {
	names := make([]string, len(words))
	for i, w := range words {
		names[i] = string(w)
	}
	offer(cmd, flag, cobra.FixedCompletions(names, cobra.ShellCompDirectiveNoFileComp))
}

// complete offers names of the server's, for the first argument only; without
// the server there is nothing to offer.
func (a *app) complete(
	cmd *cobra.Command, args []string, names func(context.Context, *v2.Client) ([]string, error),
) ([]string, cobra.ShellCompDirective) {
	api, err := a.client()
	if err != nil || len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), completionTimeout)
	defer cancel()
	found, err := names(ctx, api)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

func (a *app) completeNodes(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.complete(cmd, args, func(ctx context.Context, api *v2.Client) ([]string, error) {
		nodes, err := decode[[]v2.Node](api.NodesGet(ctx, &v2.NodesGetParams{}))
		names := make([]string, len(nodes))
		for i, n := range nodes {
			names[i] = n.Name
		}
		return names, err
	})
}

// completeNodeFlag is completeNodes for a flag: the arguments beside it do not matter.
func (a *app) completeNodeFlag(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	return a.completeNodes(cmd, nil, toComplete)
}

func (a *app) completeGraphs(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.complete(cmd, args, func(ctx context.Context, api *v2.Client) ([]string, error) {
		return definitionNames(decode[[]json.RawMessage](api.WorkflowsGetGraphs(ctx)))
	})
}

func (a *app) completeGraphFlag(cmd *cobra.Command, _ []string, toComplete string) ([]string, cobra.ShellCompDirective) {
	return a.completeGraphs(cmd, nil, toComplete)
}

func (a *app) completeTasks(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.complete(cmd, args, func(ctx context.Context, api *v2.Client) ([]string, error) {
		return definitionNames(decode[[]json.RawMessage](api.WorkflowsGetAllTasks(ctx)))
	})
}

func definitionNames(definitions []json.RawMessage, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	headers, err := readHeaders(definitions)
	names := make([]string, len(headers))
	for i, h := range headers {
		names[i] = h.InjectableName
	}
	return names, err
}

func (a *app) completeImages(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.complete(cmd, args, func(ctx context.Context, api *v2.Client) ([]string, error) {
		images, err := decode[[]v2.Image](api.ImagesGet(ctx))
		names := make([]string, len(images))
		for i, image := range images {
			names[i] = image.Name
		}
		return names, err
	})
}

// completeAnswer offers runs that wait for an answer, and then their prompts.
func (a *app) completeAnswer(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.complete(cmd, args[min(len(args), 1):], func(ctx context.Context, api *v2.Client) ([]string, error) {
		if len(args) == 1 {
			prompts, err := runPrompts(ctx, api, args[0])
			return promptNames(prompts, func(p v2.WorkflowPrompt) string { return p.ID }), err
		}
		prompts, err := decode[[]v2.WorkflowPrompt](api.PromptsGet(ctx))
		return promptNames(prompts, func(p v2.WorkflowPrompt) string { return p.InstanceID }), err
	})
}

// promptNames leaves out what repeats: prompts of one run stand together.
func promptNames(prompts []v2.WorkflowPrompt, name func(v2.WorkflowPrompt) string) []string {
	names := make([]string, len(prompts))
	for i, p := range prompts {
		names[i] = name(p)
	}
	return slices.Compact(names)
}

// completeRuns offers the newest runs.
func (a *app) completeRuns(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	return a.complete(cmd, args, func(ctx context.Context, api *v2.Client) ([]string, error) {
		runs, err := listRuns(ctx, api, runFilter{}, defaultRuns)
		ids := []string{newestRun}
		for _, r := range runs {
			ids = append(ids, r.InstanceID)
		}
		return ids, err
	})
}
