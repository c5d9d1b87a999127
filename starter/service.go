package starter

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/store"
	"github.com/rackflow/rackflow/workflows"
)

const servicePrefix = "service-"

var sealedToken = regexp.MustCompile(`sealed:v1:[A-Za-z0-9_-]+`)

// KeepServices makes sure that each service graph has one open run of its present
// definition: one that is not open is started, one of another definition is
// cancelled and started anew, and one whose graph is gone is cancelled.
func (s *Starter) KeepServices(ctx context.Context) error {
	definitions, err := s.Definitions.List(ctx, store.Graph)
	if err != nil {
		return err
	}
	var errs []error
	wanted := map[string]bool{}
	for _, def := range definitions {
		var g graph.Graph
		if json.Unmarshal(def.Body, &g) != nil || !g.ServiceGraph {
			continue
		}
		wanted[servicePrefix+g.InjectableName] = true
		if err := s.keepService(ctx, &g); err != nil {
			errs = append(errs, fmt.Errorf("service %s: %w", g.InjectableName, err))
		}
	}
	return errors.Join(append(errs, s.stopServices(ctx, wanted))...)
}

func (s *Starter) keepService(ctx context.Context, g *graph.Graph) error {
	prepared, err := s.prepare(ctx, Request{Definition: g}, uuid.NewString())
	if err != nil {
		return err
	}
	id := servicePrefix + g.InjectableName
	open, err := s.openRun(ctx, id)
	if err != nil {
		return err
	}
	if open != nil {
		if samePlan(open.Plan, prepared.plan) {
			return nil
		}
		if err := s.cancelAndWait(ctx, open); err != nil {
			return err
		}
	}
	_, err = s.execute(ctx, workflows.Input{Plan: prepared.plan}, id)
	return err
}

// samePlan compares all but the ids, and sealed secrets by their being there: they are sealed anew each time.
func samePlan(a, b *graph.Plan) bool {
	return plain(*a) == plain(*b)
}

func plain(p graph.Plan) string {
	p.ID = ""
	data, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	return sealedToken.ReplaceAllString(string(data), "sealed")
}

func (s *Starter) cancelAndWait(ctx context.Context, run *Run) error {
	if err := s.Cancel(ctx, run.InstanceID); err != nil && KindOf(err) != NotActive {
		return err
	}
	// How it ends does not matter, only that it has.
	_ = s.cfg.Client.GetWorkflow(ctx, run.WorkflowID, run.RunID).Get(ctx, nil)
	return ctx.Err()
}

func (s *Starter) stopServices(ctx context.Context, wanted map[string]bool) error {
	active := true
	runs, _, err := s.List(ctx, Filter{Active: &active, prefix: servicePrefix})
	if err != nil {
		return err
	}
	var errs []error
	for _, run := range runs {
		if strings.HasPrefix(run.WorkflowID, servicePrefix) && !wanted[run.WorkflowID] {
			errs = append(errs, s.Cancel(ctx, run.InstanceID))
		}
	}
	return errors.Join(errs...)
}
