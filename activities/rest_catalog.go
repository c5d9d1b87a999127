package activities

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/seal"
	"github.com/rackflow/rackflow/store"
)

// restCatalog is rest whose answer is kept as a catalog of the server, named by option
// source. What is secret by its name is left out of it.
func restCatalog(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o struct {
		Source string `json:"source"`
	}
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	if o.Source == "" {
		return graph.JobOutput{}, permanent(errors.New("option source is required: the name of the catalog"))
	}
	server, err := c.ownServer(ctx)
	if err != nil {
		return graph.JobOutput{}, err
	}
	out, err := rest(ctx, c)
	if err != nil {
		return graph.JobOutput{}, err
	}
	data, err := c.withoutSecrets(ctx, restBodyOf(out))
	if err != nil {
		return graph.JobOutput{}, err
	}
	_, err = c.Store.PutCatalog(ctx, store.Catalog{ServerID: server.ID, Source: o.Source, Data: data})
	return out, err
}

func restBodyOf(out graph.JobOutput) any {
	result, _ := out.Result.(map[string]any)
	data, _ := result["restData"].(map[string]any)
	return data["body"]
}

func (c *call) withoutSecrets(ctx context.Context, v any) (json.RawMessage, error) {
	sealed, err := c.Keeper.SealSecrets(ctx, v)
	if err != nil {
		return nil, permanent(err)
	}
	data, err := json.Marshal(seal.Redact(sealed))
	if err != nil {
		return nil, permanent(err)
	}
	return data, nil
}
