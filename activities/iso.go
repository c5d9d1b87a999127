package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/store"
)

// isoInspect reads options.image and fails unless it is an ISO image that a server can boot.
func isoInspect(_ context.Context, c *call) (out graph.JobOutput, err error) {
	var o struct {
		Image string `json:"image"`
	}
	if err := c.decode(&o); err != nil {
		return out, err
	}
	f, size, _, err := c.Images.OpenImage(o.Image)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := iso.Inspect(f, size)
	if err != nil {
		return out, permanent(fmt.Errorf("image %s: %w", o.Image, err))
	}
	var platforms []any
	for _, entry := range info.Boot {
		platforms = append(platforms, string(entry.Platform))
	}
	out.Result = map[string]any{
		"image": o.Image, "label": info.Label, "size": float64(size), "platforms": platforms, "source": imageSource + o.Image,
	}
	return out, nil
}

// isoSeed renders the answers of options.answers for the family options.family
// and keeps them as a seed image, with URLs by which the installer reports back.
func isoSeed(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o struct {
		Family    string            `json:"family"`
		Answers   json.RawMessage   `json:"answers"`
		Templates map[string]string `json:"templates"`
		Callbacks *bool             `json:"callbacks"`
	}
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	recipe, err := iso.RecipeFor(o.Family)
	if err != nil {
		return graph.JobOutput{}, permanent(err)
	}
	custom := iso.Customization{Family: o.Family, Templates: installerTemplates(o.Templates)}
	if err := unmarshalAnswers(o.Answers, &custom.Answers); err != nil {
		return graph.JobOutput{}, permanent(err)
	}
	if custom.Callbacks, err = c.callbacks(ctx, o.Callbacks); err != nil {
		return graph.JobOutput{}, err
	}
	image, err := custom.Seed()
	if err != nil {
		return graph.JobOutput{}, permanent(err)
	}
	key := c.blobFolder() + "/" + graph.InstanceID(c.info.WorkflowExecution.RunID, c.label) + ".iso"
	if err := c.Blobs.Put(ctx, key, image); err != nil {
		return graph.JobOutput{}, transient(err)
	}
	return graph.JobOutput{Result: map[string]any{"source": blobSource + key, "label": recipe.Label, "size": float64(len(image))}}, nil
}

func unmarshalAnswers(raw json.RawMessage, into *iso.Answers) error {
	if len(raw) == 0 || string(raw) == "null" {
		return errors.New("option answers is required: an object with hostname and more")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	// A mistyped disk would leave the choice of what is erased to the recipe.
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("option answers: %w", err)
	}
	return nil
}

// callbacks are the URLs of this run's installer, the same for all images that the run
// builds; none where wanted is false.
func (c *call) callbacks(ctx context.Context, wanted *bool) (iso.Callbacks, error) {
	if wanted != nil && !*wanted {
		return iso.Callbacks{}, nil
	}
	// The BMC's address tells on which of our networks the server is.
	_, _, endpoint, err := c.ownSettings(ctx)
	if err != nil {
		return iso.Callbacks{}, err
	}
	base, err := c.MediaURL(ctx, endpoint)
	if err != nil {
		return iso.Callbacks{}, err
	}
	token, err := c.link(ctx, store.CallbackLink, "installer", "callback", "")
	if err != nil {
		return iso.Callbacks{}, err
	}
	at := func(event string) string { return base + "/callback/" + token + "/" + event }
	return iso.Callbacks{Started: at("started"), Progress: at("progress"), Done: at("done"), Failed: at("failed"), Booted: at("booted")}, nil
}
