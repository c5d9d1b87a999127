package activities

import (
	"context"
	"encoding/json"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/store"
)

// machine is the server that a job acts on, and its BMC.
type machine struct {
	*bmc.BMC

	server store.Server
	// endpoint is the BMC's address.
	endpoint string
}

// onBMC makes a job out of what is done with the options and the server's BMC. What
// it returns is the result, as JSON spells it.
func onBMC[O any](do func(ctx context.Context, c *call, t machine, o O) (any, error)) job {
	return func(ctx context.Context, c *call) (graph.JobOutput, error) {
		var o O
		if err := c.decode(&o); err != nil {
			return graph.JobOutput{}, err
		}
		t, err := c.machine(ctx)
		if err != nil {
			return graph.JobOutput{}, err
		}
		result, err := do(ctx, c, t, o)
		if err != nil {
			return graph.JobOutput{}, err
		}
		plain, err := plainJSON(result)
		return graph.JobOutput{Result: plain}, err
	}
}

// machine reads the task's server and logs in to its BMC.
func (c *call) machine(ctx context.Context) (machine, error) {
	server, err := c.ownServer(ctx)
	if err != nil {
		return machine{}, err
	}
	settings, err := c.redfishSettings(ctx, server)
	if err != nil {
		return machine{}, err
	}
	cfg, err := c.bmcConfig(ctx, server, settings)
	if err != nil {
		return machine{}, err
	}
	c.hide(cfg.Password)
	b, err := c.BMCs.Get(ctx, cfg)
	return machine{BMC: b, server: server, endpoint: cfg.Endpoint}, err
}

// plainJSON turns a value into maps, lists and scalars, which is what results are made of.
func plainJSON(v any) (any, error) {
	if v == nil {
		return nil, nil //nolint:nilnil // nothing is a result
	}
	data, err := json.Marshal(v)
	if err != nil {
		return nil, permanent(err)
	}
	var plain any
	if err := json.Unmarshal(data, &plain); err != nil {
		return nil, permanent(err)
	}
	return plain, nil
}
