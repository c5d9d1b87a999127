package activities

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/seal"
)

// call is one attempt at a job.
type call struct {
	*Config

	name   string
	label  string
	server string
	// options are rendered, and secrets in them are in clear.
	options map[string]any
	// retry is the task's own policy; nil is the job's.
	retry *graph.Retry
	info  activity.Info
	beat  *beat
	// hidden are values that must not show in an error: passwords, URLs that are secrets.
	hidden []string
}

const (
	// beatEvery is well below the heartbeat timeout that workflows sets.
	beatEvery = 5 * time.Second
	// maxOutput bounds what one job gives back, below Temporal's limit for a payload.
	maxOutput = 256 << 10
)

// perform wraps a job into an activity.
func perform(cfg *Config, name string, do job) func(context.Context, graph.JobInput) (graph.JobOutput, error) {
	return func(ctx context.Context, in graph.JobInput) (graph.JobOutput, error) {
		info := activity.GetInfo(ctx)
		c := &call{
			Config: cfg, name: name, label: cmp.Or(in.Label, info.ActivityID), server: in.Server, retry: in.Retry, info: info,
		}
		stop := c.startBeating(ctx)
		defer stop()
		out, err := c.do(ctx, do, in.Options)
		if err != nil {
			return graph.JobOutput{}, c.failure(ctx, err)
		}
		return out, nil
	}
}

func (c *call) do(ctx context.Context, do job, options map[string]any) (graph.JobOutput, error) {
	opened, err := c.Keeper.OpenSecretsNoting(ctx, options, c.hide)
	if err != nil {
		return graph.JobOutput{}, permanent(err)
	}
	c.options, _ = opened.(map[string]any)
	out, err := do(ctx, c)
	if err != nil {
		return graph.JobOutput{}, err
	}
	return c.sealed(ctx, out)
}

// sealed seals what a result calls secret, such as the token of a login.
func (c *call) sealed(ctx context.Context, out graph.JobOutput) (graph.JobOutput, error) {
	var err error
	if out.Result, err = c.Keeper.SealSecrets(ctx, out.Result); err != nil {
		return graph.JobOutput{}, permanent(fmt.Errorf("result: %w", err))
	}
	if out.Context != nil {
		patch, err := c.Keeper.SealSecrets(ctx, out.Context)
		if err != nil {
			return graph.JobOutput{}, permanent(fmt.Errorf("context: %w", err))
		}
		out.Context, _ = patch.(map[string]any)
	}
	data, err := json.Marshal(out)
	if err != nil {
		return graph.JobOutput{}, permanent(fmt.Errorf("result is not JSON: %w", err))
	}
	if len(data) > maxOutput {
		return graph.JobOutput{}, permanent(fmt.Errorf("result of %d bytes is larger than %d", len(data), maxOutput))
	}
	return out, nil
}

// decode reads the options into a struct by its JSON tags. Options it does not
// name are left alone: RackHD's definitions carry many.
func (c *call) decode(into any) error {
	data, err := json.Marshal(c.options)
	if err != nil {
		return permanent(err)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(into); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return permanent(fmt.Errorf("option %s should be %s, not %s", wrong.Field, wrong.Type, wrong.Value))
		}
		return permanent(fmt.Errorf("options: %w", err))
	}
	return nil
}

// hide keeps a value out of this call's errors, also as JSON or a URL spells it.
func (c *call) hide(secret string) {
	if secret == "" {
		return
	}
	quoted, _ := json.Marshal(secret) //nolint:errchkjson // a string always has a JSON form
	c.hidden = append(c.hidden, secret, string(quoted[1:len(quoted)-1]), url.QueryEscape(secret), url.PathEscape(secret))
}

// redact replaces the longest first, so that one which is part of another leaves none of it.
func (c *call) redact(message string) string {
	hidden := slices.SortedFunc(slices.Values(c.hidden), func(a, b string) int { return len(b) - len(a) })
	for _, secret := range hidden {
		message = strings.ReplaceAll(message, secret, seal.Redacted)
	}
	return message
}

// beat keeps an activity alive from a ticker, with what it last recorded.
type beat struct {
	mu      sync.Mutex
	details json.RawMessage
}

func (b *beat) get() json.RawMessage {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.details
}

func (b *beat) set(details json.RawMessage) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.details = details
}

func (c *call) startBeating(ctx context.Context) (stop func()) {
	c.beat = &beat{}
	if c.info.IsLocalActivity {
		return func() {}
	}
	if activity.HasHeartbeatDetails(ctx) {
		var details json.RawMessage
		if err := activity.GetHeartbeatDetails(ctx, &details); err == nil {
			c.beat.set(details)
		}
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(beatEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				activity.RecordHeartbeat(ctx, c.beat.get())
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// checkpoint records intent before an act that cannot be read back. It returns
// when the server has it: the SDK's own heartbeat may still wait in this process
// when the process is killed.
func (c *call) checkpoint(ctx context.Context, intent any) error {
	details, err := json.Marshal(intent)
	if err != nil {
		return permanent(err)
	}
	c.beat.set(details)
	if err := c.heartbeats(ctx).RecordActivityHeartbeat(ctx, c.info.TaskToken, json.RawMessage(details)); err != nil {
		return fmt.Errorf("record intent: %w", err)
	}
	return nil
}

func (c *call) heartbeats(ctx context.Context) Heartbeats {
	if c.Heartbeats != nil {
		return c.Heartbeats
	}
	return activity.GetClient(ctx)
}

// resumed reads what an earlier attempt recorded; false when it recorded nothing.
func (c *call) resumed(intent any) (bool, error) {
	details := c.beat.get()
	if len(details) == 0 {
		return false, nil
	}
	if err := json.Unmarshal(details, intent); err != nil {
		return false, permanent(fmt.Errorf("what an earlier attempt recorded cannot be read: %w", err))
	}
	return true, nil
}
