package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	v2 "github.com/rackflow/rackflow/api/v2"
)

const (
	// firstPoll and slowestPoll are how long a watch waits between two looks at its
	// runs: longer and longer while nothing changes.
	firstPoll   = 250 * time.Millisecond
	slowestPoll = 2 * time.Second
	// patience is how long the server may be away before a watch gives up.
	patience = 2 * time.Minute
)

// view shows watched runs.
type view interface {
	// show is called with all runs after each look at them.
	show(runs []v2.Workflow) error
	// notice tells something beside the runs.
	notice(text string)
}

// newView shows runs on a stream: as a table that is redrawn on a terminal, else as lines.
func (a *app) newView(w stream) view {
	if a.isLive(w) {
		return &liveTable{a: a, out: w}
	}
	return &changeLog{a: a, out: w, seen: map[string]string{}}
}

// watcher follows runs until all have ended.
type watcher struct {
	a   *app
	api *v2.Client
	ids []string
	// view may be nil, to show nothing.
	view view
	// reached is set when the server has answered; until then there is no patience with it.
	reached bool

	runs []v2.Workflow
	away time.Time // since when the server has not answered; zero when it does
}

// watchRuns shows runs on stdout until all have ended. It returns their final
// states by instance id, and those known so far with an error. The server may be
// away for a while.
func watchRuns(ctx context.Context, a *app, ids []string) (map[string]string, error) {
	api, err := a.client()
	if err != nil {
		return nil, err
	}
	w := &watcher{a: a, api: api, ids: ids, view: a.newView(a.p.Stdout)}
	err = w.watch(ctx)
	return w.states(), err
}

func (w *watcher) states() map[string]string {
	out := make(map[string]string, len(w.runs))
	for i, run := range w.runs {
		out[w.ids[i]] = string(run.Status)
	}
	return out
}

func (w *watcher) watch(ctx context.Context) error {
	pause := firstPoll
	for {
		changed, err := w.poll(ctx)
		if err = w.bear(err); err != nil {
			return w.gaveUp(ctx, err)
		}
		if err := w.show(); err != nil || w.ended() {
			return err
		}
		if pause = min(pause*5/4, slowestPoll); changed {
			pause = firstPoll
		}
		if err := sleep(ctx, pause); err != nil {
			return w.gaveUp(ctx, err)
		}
	}
}

// poll reads the runs that have not ended, and reports whether one has changed.
func (w *watcher) poll(ctx context.Context) (changed bool, err error) {
	runs := slices.Clone(w.runs)
	if runs == nil {
		runs = make([]v2.Workflow, len(w.ids))
	}
	for i, id := range w.ids {
		if ended(runs[i].Status) {
			continue
		}
		run, err := decode[v2.Workflow](w.api.WorkflowsGetByInstanceID(ctx, id))
		if err != nil {
			return false, err
		}
		changed = changed || gist(run) != gist(runs[i])
		runs[i] = run
	}
	w.runs = runs
	return changed, nil
}

// gist is what changes when something has happened in a run.
func gist(run v2.Workflow) string {
	var b strings.Builder
	b.WriteString(string(run.Status))
	for _, t := range run.Tasks {
		b.WriteString("\x00" + t.XState + "\x00" + t.XProgress)
	}
	for _, p := range run.XPrompts {
		b.WriteString("\x00" + p.ID)
	}
	return b.String()
}

// bear passes over the server's being away, for as long as there is patience.
func (w *watcher) bear(err error) error {
	if err == nil {
		if !w.away.IsZero() {
			w.notice("rackflow answers again")
		}
		w.reached, w.away = true, time.Time{}
		return nil
	}
	var exit *exitError
	if !w.reached || !errors.As(err, &exit) || exit.code != exitUnreachable {
		return err
	}
	now := w.a.p.Now()
	if w.away.IsZero() {
		w.away = now
		w.notice(exit.Error() + "; trying again")
	}
	if now.Sub(w.away) >= patience {
		return fmt.Errorf("gave up after %s: %w", span(patience), err)
	}
	return nil
}

// gaveUp says that the end of a watch is not the end of a run.
func (w *watcher) gaveUp(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	exit := asExit(ctx, ctx.Err())
	exit.hint = "Runs go on when nobody watches them. See 'rackflow run watch " + strings.Join(w.open(), " ") + "'."
	return exit
}

// open are the ids of the runs that have not ended as far as is known.
func (w *watcher) open() []string {
	var out []string
	for i, id := range w.ids {
		if w.runs == nil || !ended(w.runs[i].Status) {
			out = append(out, id)
		}
	}
	return out
}

func (w *watcher) ended() bool { return len(w.open()) == 0 }

func (w *watcher) show() error {
	if w.view == nil || w.runs == nil {
		return nil
	}
	if err := w.view.show(w.runs); err != nil {
		return fmt.Errorf("show the runs: %w", err)
	}
	return nil
}

func (w *watcher) notice(text string) {
	if w.view == nil {
		w.a.notef("%s", text)
		return
	}
	w.view.notice(text)
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// follow watches runs and makes their outcome that of the command.
func (a *app) follow(ctx context.Context, w *watcher) error {
	if err := w.watch(ctx); err != nil {
		return err
	}
	if a.output != outputText {
		var out any = w.runs
		if len(w.runs) == 1 {
			out = w.runs[0]
		}
		if err := a.print(out, nil); err != nil {
			return err
		}
	}
	return outcome(w.runs)
}

// outcome is nil when all runs have succeeded.
func outcome(runs []v2.Workflow) error {
	bad := map[string]v2.Workflow{}
	for _, run := range runs {
		if run.Status != v2.WorkflowStatusSucceeded {
			bad[run.InstanceID] = run
		}
	}
	ids := slices.Sorted(maps.Keys(bad))
	if len(ids) == 0 {
		return nil
	}
	if len(runs) > 1 {
		return &exitError{
			code: exitRunFailed, err: fmt.Errorf("%d of %d runs did not succeed: %s", len(ids), len(runs), strings.Join(ids, " ")),
		}
	}
	run := bad[ids[0]]
	message := fmt.Sprintf("run %s %s", run.InstanceID, ending(run.Status))
	if run.XError != "" {
		message += ": " + run.XError
	}
	return &exitError{code: exitRunFailed, err: errors.New(message), hint: "See 'rackflow run show " + run.InstanceID + "'."}
}

func ending(status v2.WorkflowStatus) string {
	if status == v2.WorkflowStatusCancelled {
		return "was cancelled"
	}
	return string(status)
}
