package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
)

// runRefHelp explains the argument ID of the commands that take one.
const runRefHelp = "ID is an instance id, the beginning of one or of the part behind its dot, or \"last\"\nfor the newest run."

func newRun(a *app) *cobra.Command {
	return newNoun("run", "Start, watch, answer and cancel runs of graphs",
		newRunStart(a), newRunList(a), newRunShow(a), newRunWatch(a), newRunPrompts(a), newRunAnswer(a),
		newRunCancel(a), newRunRetry(a), newRunDelete(a))
}

func newRunList(a *app) *cobra.Command {
	var filter runFilter
	limit := defaultRuns
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List runs, the newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if limit < 1 {
				return usagef("--limit should be at least 1")
			}
			api, err := a.client()
			if err != nil {
				return err
			}
			runs, err := listRuns(cmd.Context(), api, filter, limit)
			if err != nil {
				return err
			}
			return a.print(runs, func(b *strings.Builder) { a.runTable(runs).write(b) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&filter.node, "node", "", "only runs on this server: its name, id or identifier (`REF`)")
	flags.StringVar(&filter.graph, "graph", "", "only runs of the graph of this `name`")
	flags.Var(&stateFlag{&filter.state}, "state", "only runs in this `state`: running, waiting (for an answer; these are running, too), succeeded, failed or cancelled")
	flags.BoolVar(&filter.active, "active", false, "only runs that have not ended")
	flags.IntVar(&limit, "limit", limit, "show at most `N` runs")
	offer(cmd, "node", a.completeNodeFlag)
	offer(cmd, "graph", a.completeGraphFlag)
	offerWords(cmd, "state", runStates...)
	return cmd
}

// runStates are those that runs can be listed by.
var runStates = []v2.WorkflowState{
	v2.WorkflowStateRunning, v2.WorkflowStateWaiting, v2.WorkflowStateSucceeded, v2.WorkflowStateFailed, v2.WorkflowStateCancelled,
}

// stateFlag is the state of a run as a flag.
type stateFlag struct{ state *v2.WorkflowState }

func (f *stateFlag) String() string {
	if f.state == nil {
		return ""
	}
	return string(*f.state)
}

// Type is the name of the flag's value.
func (*stateFlag) Type() string { return "state" }

// Set reads the flag.
func (f *stateFlag) Set(value string) error {
	if !slices.Contains(runStates, v2.WorkflowState(value)) {
		return errors.New("there is no such state of a run")
	}
	*f.state = v2.WorkflowState(value)
	return nil
}

func newRunDelete(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "delete ID",
		Short:             "Delete a run that has ended",
		Long:              "Delete a run that has ended. An active run is not deleted: cancel it first.\n\n" + runRefHelp,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := a.client()
			if err != nil {
				return err
			}
			id, err := resolveRun(cmd.Context(), api, args[0])
			if err != nil {
				return err
			}
			return done(api.WorkflowsDeleteByInstanceID(cmd.Context(), id))
		},
	}
}

func newRunShow(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "show ID",
		Short:             "Show a run and its tasks",
		Long:              "Show a run and its tasks, and how to see its history in Temporal.\n\n" + runRefHelp,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			api, err := a.client()
			if err != nil {
				return err
			}
			id, err := resolveRun(cmd.Context(), api, args[0])
			if err != nil {
				return err
			}
			run, err := decode[v2.Workflow](api.WorkflowsGetByInstanceID(cmd.Context(), id))
			if err != nil {
				return err
			}
			return a.print(run, func(b *strings.Builder) { a.writeRun(b, run) })
		},
	}
}

func (a *app) writeRun(b *strings.Builder, run v2.Workflow) {
	now, finished := a.p.Now(), ""
	end := now
	if ended(run.Status) {
		end = run.UpdatedAt
		finished = a.stamp(end)
	}
	writeFields(b,
		[2]string{"Run", run.InstanceID}, [2]string{"Graph", run.InjectableName},
		[2]string{"Node", target(run.XNodeName, run.Node)}, [2]string{"Started by", run.XParent}, [2]string{"Retry of", run.XRetryOf},
		[2]string{"State", string(run.Status)}, [2]string{"Error", run.XError},
		[2]string{"Started", a.stamp(run.CreatedAt)}, [2]string{"Ended", finished},
		[2]string{"Took", span(end.Sub(run.CreatedAt))})
	b.WriteString("\n")
	labels := taskLabels(run.Tasks)
	t := newTable("TASK", "STATE", "TOOK", "NOTE")
	for _, task := range run.Tasks {
		t.add(task.Label, task.XState, took(task, now), note(task, labels))
	}
	t.write(b)
	for _, q := range a.questions(run) {
		fmt.Fprintf(b, "\nIt waits for an answer: %s\n  %s\n", q.what, q.command)
	}
	workflowID, runID := cutInstanceID(run.InstanceID)
	fmt.Fprintf(b, "\nIts history:\n  temporal workflow show --workflow-id %s --run-id %s\n", workflowID, runID)
}

// note says what a person wants to know of a task beside its state.
func note(t v2.WorkflowTask, labels map[string]string) string {
	switch {
	case t.Error != "":
		return t.Error
	case t.XState == string(graph.Running):
		return t.XProgress
	case t.XState == string(graph.Pending) && len(t.WaitingOn) > 0:
		return "waits for " + waitingFor(t, labels)
	}
	return ""
}
