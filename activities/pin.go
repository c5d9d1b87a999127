package activities

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/graph"
)

type pinOptions struct {
	// Fingerprint is the certificate to pin, which the BMC has to present.
	Fingerprint string `json:"fingerprint"`
	// Trust pins whatever the BMC presents.
	Trust bool `json:"trust"`
}

// bmcPin reads the certificate that the server's BMC presents now, and pins it in place of
// the one before where options say so. It sends no credentials.
func bmcPin(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o pinOptions
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	server, settings, endpoint, err := c.ownSettings(ctx)
	if err != nil {
		return graph.JobOutput{}, err
	}
	seen, err := bmc.Fingerprint(ctx, endpoint)
	if err != nil {
		return graph.JobOutput{}, err
	}
	before, _ := settings.Config["fingerprint"].(string)
	result := map[string]any{"endpoint": endpoint, "previous": before, "fingerprint": seen, "pinned": false}
	switch {
	case o.Fingerprint == "" && !o.Trust:
		return graph.JobOutput{Result: result}, nil
	case o.Fingerprint != "" && plainFingerprint(o.Fingerprint) != seen:
		return graph.JobOutput{}, permanent(fmt.Errorf("%s at %s presents the fingerprint %s, not that of option fingerprint: %w", server.Name, endpoint, seen, errNotPinned))
	}
	settings.Config = maps.Clone(settings.Config)
	settings.Config["fingerprint"] = seen
	if _, err := c.Store.PutOBM(ctx, settings); err != nil {
		return graph.JobOutput{}, err
	}
	result["pinned"] = true
	return graph.JobOutput{Result: result}, nil
}

var errNotPinned = errors.New("nothing was pinned; find out who answers there")
