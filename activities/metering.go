package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/rackflow/rackflow/bmc"
)

// powerRead reads what the server consumes, in watts, and with options.sensors its
// temperatures and fans too.
func powerRead(ctx context.Context, _ *call, t machine, o struct {
	Sensors bool `json:"sensors"`
},
) (any, error) {
	reading, err := t.PowerReading(ctx)
	if err != nil {
		return nil, err
	}
	result := map[string]any{"power": reading}
	if !o.Sensors {
		return result, nil
	}
	result["sensors"], err = t.Sensors(ctx)
	return result, err
}

// serverHealth tells how the server, its components and its BMC are. With
// options.require a server that is not OK fails the task.
func serverHealth(ctx context.Context, _ *call, t machine, o struct {
	Require bool `json:"require"`
},
) (any, error) {
	health, err := t.Health(ctx)
	if err != nil {
		return nil, err
	}
	if o.Require && health.Status != healthOK {
		return nil, permanent(fmt.Errorf("%s is %q, not %s (%s): its logs may say why, see Graph.Log.Collect",
			t, health.Status, healthOK, strings.Join(health.Ailing(), ", ")))
	}
	return health, nil
}

const healthOK = "OK"

type capOptions struct {
	Watts *int `json:"watts"`
}

// powerCap sets the cap of options.watts; 0 takes it away. The result has the one
// before, so that a later task can bring it back.
func powerCap(ctx context.Context, _ *call, t machine, o capOptions) (any, error) {
	if o.Watts == nil || *o.Watts < 0 {
		return nil, permanent(errors.New("option watts is required: the cap in watts, 0 for none"))
	}
	previous, err := t.SetPowerCap(ctx, *o.Watts)
	if err != nil {
		return nil, err
	}
	now, err := t.PowerCap(ctx)
	if err != nil {
		return nil, err
	}
	return map[string]bmc.PowerCap{"previous": previous, "cap": now}, nil
}
