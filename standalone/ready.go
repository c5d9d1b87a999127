package standalone

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
)

// readyTimeout is far above the half second that a start takes, for machines
// whose disks are busy.
const readyTimeout = 30 * time.Second

// awaitReady returns when each service has answered one call that needs it. The
// client retries while they come up.
func (s *Server) awaitReady(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	c, err := client.NewLazyClient(client.Options{
		HostPort:  s.cfg.FrontendAddr,
		Namespace: s.cfg.Namespace,
		Logger:    sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		return fmt.Errorf("connect to the server: %w", err)
	}
	defer c.Close()

	if err := checkSearch(ctx, c, s.cfg); err != nil {
		return fmt.Errorf("the server did not become ready: %w", err)
	}
	if err := checkHistory(ctx, c); err != nil {
		return fmt.Errorf("the server did not become ready: %w", err)
	}
	return nil
}

// checkSearch needs the frontend, the namespace, the visibility file and every
// search attribute.
func checkSearch(ctx context.Context, c client.Client, cfg Config) error {
	var terms []string
	for _, name := range slices.Sorted(maps.Keys(cfg.SearchAttributes)) {
		terms = append(terms, "`"+name+"` IS NULL")
	}
	_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{
		Query: strings.Join(terms, " AND "),
	})
	return err
}

// checkHistory needs the history service to own its shard: only then can it say
// that a workflow does not exist.
func checkHistory(ctx context.Context, c client.Client) error {
	_, err := c.DescribeWorkflowExecution(ctx, "rackflow-readiness-check", "")
	if _, ok := errors.AsType[*serviceerror.NotFound](err); ok {
		return nil
	}
	return err
}
