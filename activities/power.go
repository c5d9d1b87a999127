package activities

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/graph"
)

// powerOptions are those of Job.Obm.Node.
type powerOptions struct {
	Action string `json:"action"`
	// Graceful asks the operating system to shut down before power is cut.
	Graceful bool `json:"graceful"`
	// GracefulMs is how long that may take, in milliseconds: 2 minutes when zero.
	GracefulMs int64 `json:"gracefulMs"`
	// WaitMs is how long powerOff lets the server go off by itself first, in milliseconds.
	WaitMs int64 `json:"waitMs"`
}

type powerAction func(ctx context.Context, c *call, b *bmc.BMC, o powerOptions) (any, error)

var powerActions = map[string]powerAction{
	"powerOn":      powerOn,
	"powerOff":     powerOff,
	"powerStatus":  powerStatus,
	"reboot":       reboot,
	"reset":        reset(false),
	"softReset":    reset(true),
	"setBootDisk":  bootOnce(bmc.BootHdd),
	"setBootPxe":   bootOnce(bmc.BootPxe),
	"forceBootPxe": bootOnce(bmc.BootPxe),
	"NMI":          press(bmc.ResetNmi),
	"powerButton":  press(bmc.ResetPushPowerButton),
	"identifyOn":   identifyLight(true),
	"identifyOff":  identifyLight(false),
	// An iDRAC's light blinks whenever it is on.
	"identifyBlink": identifyLight(true),
	"clearSEL":      clearSEL,
	"mcResetCold":   mcReset,
}

// obmNode is RackHD's job for everything it asks of a BMC by the name of an action.
func obmNode(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o powerOptions
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	act, ok := powerActions[o.Action]
	if !ok {
		names := slices.Sorted(maps.Keys(powerActions))
		return graph.JobOutput{}, permanent(fmt.Errorf("action %q cannot be done over Redfish by this version: it can do %s",
			o.Action, strings.Join(names, ", ")))
	}
	b, _, err := c.connect(ctx)
	if err != nil {
		return graph.JobOutput{}, err
	}
	result, err := act(ctx, c, b, o)
	return graph.JobOutput{Result: result}, err
}

const (
	// powerLimit is how long a server may take to change its power state.
	powerLimit = 10 * time.Minute
	// gracefulLimit is how long an operating system may take to shut down before power is
	// cut, unless a task says.
	gracefulLimit = 2 * time.Minute
)

func powerOn(ctx context.Context, _ *call, b *bmc.BMC, _ powerOptions) (any, error) {
	return nil, within(ctx, powerLimit, b.PowerOn)
}

func powerOff(ctx context.Context, _ *call, b *bmc.BMC, o powerOptions) (any, error) {
	if off, err := awaitOff(ctx, b, time.Duration(o.WaitMs)*time.Millisecond); off || err != nil {
		return nil, err
	}
	return nil, turnOff(ctx, b, o.patience())
}

// patience is how long the operating system gets to shut down; 0 when it is not asked.
func (o powerOptions) patience() time.Duration {
	if !o.Graceful {
		return 0
	}
	return cmp.Or(max(time.Duration(o.GracefulMs)*time.Millisecond, 0), gracefulLimit)
}

// turnOff cuts power, unless the operating system shuts down within its patience.
func turnOff(ctx context.Context, b bmc.PowerController, patience time.Duration) error {
	if patience > 0 {
		limited, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		err := b.PowerOff(limited, true)
		if err == nil || ctx.Err() != nil || limited.Err() == nil {
			return err
		}
	}
	return within(ctx, powerLimit, func(ctx context.Context) error { return b.PowerOff(ctx, false) })
}

// awaited is within for what gives a value.
func awaited[T any](ctx context.Context, limit time.Duration, do func(context.Context) (T, error)) (value T, err error) {
	err = within(ctx, limit, func(ctx context.Context) error {
		value, err = do(ctx)
		return err
	})
	return value, err
}

// within bounds an operation that waits for a state: one that is not reached in
// time will not be by waiting once more.
func within(ctx context.Context, limit time.Duration, do func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	err := do(limited)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		return permanent(fmt.Errorf("not done in %s: %w", limit, err))
	}
	return err
}

// pollPower is how often the power state is read while a server is expected to change it by itself.
const pollPower = 2 * time.Second

// awaitOff reads the power state until the server is off or the time is up.
func awaitOff(ctx context.Context, b bmc.PowerController, wait time.Duration) (bool, error) {
	deadline := time.Now().Add(wait)
	for time.Now().Before(deadline) {
		state, err := b.PowerState(ctx)
		if err != nil || state == bmc.Off {
			return state == bmc.Off, err
		}
		if err := pause(ctx, pollPower); err != nil {
			return false, err
		}
	}
	return false, nil
}

func powerStatus(ctx context.Context, _ *call, b *bmc.BMC, _ powerOptions) (any, error) {
	state, err := b.PowerState(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]any{"powerState": string(state)}, nil
}

// cycle is what reboot and reset record before they act.
type cycle struct {
	// WasOff: the server has been seen off, so all that is left is to turn it on.
	WasOff bool `json:"wasOff,omitempty"`
	// Asked: a reset has been or is about to be asked for.
	Asked bool `json:"asked,omitempty"`
	// Before is the server's last reset until then; zero where the BMC does not tell.
	Before time.Time `json:"before,omitzero"`
}

// reboot turns the server off and on, as RackHD does. That it has been off is
// recorded in between, so that a crash never makes it two reboots.
func reboot(ctx context.Context, c *call, b *bmc.BMC, o powerOptions) (any, error) {
	var done cycle
	if _, err := c.resumed(&done); err != nil {
		return nil, err
	}
	if !done.WasOff {
		if err := turnOff(ctx, b, o.patience()); err != nil {
			return nil, err
		}
		if err := c.checkpoint(ctx, cycle{WasOff: true}); err != nil {
			return nil, err
		}
	}
	return powerOn(ctx, c, b, o)
}

// reset restarts the server in one step. An attempt that follows another tells by
// the time of the last reset whether that one was carried out.
func reset(graceful bool) powerAction {
	return func(ctx context.Context, c *call, b *bmc.BMC, o powerOptions) (any, error) {
		var earlier cycle
		again, err := c.resumed(&earlier)
		if err != nil {
			return nil, err
		}
		last, offered, err := b.LastResetTime(ctx)
		if err != nil {
			return nil, err
		}
		if again && earlier.Asked {
			if !offered {
				return nil, uncertain(fmt.Errorf("%s: an earlier attempt may or may not have reset the server, and its BMC does not tell; check it, then run the graph again", b))
			}
			if last.After(earlier.Before) {
				return powerOn(ctx, c, b, o)
			}
		}
		if err := c.checkpoint(ctx, cycle{Asked: true, Before: last}); err != nil {
			return nil, err
		}
		return nil, within(ctx, powerLimit, func(ctx context.Context) error { return b.Restart(ctx, graceful) })
	}
}

func bootOnce(device bmc.BootDevice) powerAction {
	return func(ctx context.Context, _ *call, b *bmc.BMC, _ powerOptions) (any, error) {
		return nil, b.BootOnce(ctx, device)
	}
}

// press does what a person would with a button on the server, once: whether it has
// been done cannot be read back.
func press(kind bmc.ResetType) powerAction {
	return func(ctx context.Context, c *call, b *bmc.BMC, _ powerOptions) (any, error) {
		var earlier cycle
		if _, err := c.resumed(&earlier); err != nil {
			return nil, err
		}
		if earlier.Asked {
			return nil, uncertain(fmt.Errorf("%s: an earlier attempt may or may not have sent %s; check the server, then run the graph again", b, kind))
		}
		if err := c.checkpoint(ctx, cycle{Asked: true}); err != nil {
			return nil, err
		}
		return nil, b.Reset(ctx, kind)
	}
}

func identifyLight(on bool) powerAction {
	return func(ctx context.Context, _ *call, b *bmc.BMC, _ powerOptions) (any, error) {
		return nil, b.SetIdentifyLight(ctx, on)
	}
}

func clearSEL(ctx context.Context, _ *call, b *bmc.BMC, _ powerOptions) (any, error) {
	return nil, b.ClearLog(ctx, bmc.LogSEL)
}

func mcReset(ctx context.Context, c *call, b *bmc.BMC, _ powerOptions) (any, error) {
	return nil, c.resetBMC(ctx, b)
}
