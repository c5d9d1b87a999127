package main

import (
	"github.com/spf13/cobra"
)

const runWatchHelp = `Watch runs until they have ended, and end with their outcome: 0 when all have
succeeded, else 3.

On a terminal this is a table that is redrawn, elsewhere a line for each change.
With -o json or yaml these go to stderr, and the runs follow on stdout when they
have ended. The server may be away for up to two minutes.

`

func newRunWatch(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "watch ID...",
		Short:             "Watch runs until they have ended",
		Long:              runWatchHelp + runRefHelp,
		Args:              cobra.MinimumNArgs(1),
		ValidArgsFunction: a.completeRuns,
		RunE: func(cmd *cobra.Command, refs []string) error {
			api, err := a.client()
			if err != nil {
				return err
			}
			w := &watcher{a: a, api: api, view: a.newView(a.p.Stdout)}
			if a.output != outputText {
				w.view = a.newView(a.p.Stderr)
			}
			for _, ref := range refs {
				id, err := resolveRun(cmd.Context(), api, ref)
				if err != nil {
					return err
				}
				w.ids = append(w.ids, id)
			}
			return a.follow(cmd.Context(), w)
		},
	}
}
