package activities

import (
	"context"
	"encoding/json"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/iso"
)

// isoOverlay customises the vendor image options.image by options.answers, so
// that it installs this server, with URLs by which the installer reports back.
// The family is the image's own, unless options.family says otherwise.
func isoOverlay(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o struct {
		Image     string            `json:"image"`
		Family    string            `json:"family"`
		Answers   json.RawMessage   `json:"answers"`
		Templates map[string]string `json:"templates"`
		Callbacks *bool             `json:"callbacks"`
	}
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	custom := iso.Customization{Family: o.Family, Templates: installerTemplates(o.Templates)}
	if err := unmarshalAnswers(o.Answers, &custom.Answers); err != nil {
		return graph.JobOutput{}, permanent(err)
	}
	var err error
	if custom.Callbacks, err = c.callbacks(ctx, o.Callbacks); err != nil {
		return graph.JobOutput{}, err
	}
	key := c.blobFolder() + "/" + graph.InstanceID(c.info.WorkflowExecution.RunID, c.label)
	made, err := c.Media.PutOverlay(ctx, key, o.Image, custom)
	if err != nil {
		return graph.JobOutput{}, err
	}
	return graph.JobOutput{Result: map[string]any{
		"source": made.Source, "label": made.Label, "size": float64(made.Size), "stored": float64(made.Stored),
		"family": made.System.Family, "product": made.System.Product, "version": made.System.Version,
	}}, nil
}
