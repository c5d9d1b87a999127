package activities

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/media"
)

// rackhdInstall are the options of Job.Deploy.RackHD beside RackHD's own.
type rackhdInstall struct {
	// Image is the vendor image; empty: what Repo names.
	Image string `json:"image"`
	// Repo is RackHD's: where the installer's files are.
	Repo string `json:"repo"`
	// Version is RackHD's, and what the image's must begin with where both are numbers.
	Version string `json:"version"`
	// Families are those that the graph is for.
	Families []string `json:"families"`
	// Answers are laid over those that RackHD's options mean.
	Answers json.RawMessage `json:"answers"`
	// Deploy are further options for the graph that deploys.
	Deploy map[string]any `json:"deploy"`
}

// ownOptions are no options of RackHD's payload.
var ownOptions = []string{"image", "families", "answers", "deploy", "retries", "delay"}

// deployRackHD turns the options of RackHD's installation graphs into the options of the
// graph that deploys.
func deployRackHD(_ context.Context, c *call) (graph.JobOutput, error) {
	var o rackhdInstall
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	payload := maps.Clone(c.options)
	for _, name := range ownOptions {
		delete(payload, name)
	}
	image := o.Image
	if image == "" {
		image = imageOfRepo(o.Repo)
		delete(payload, "repo")
	}
	if image == "" {
		return graph.JobOutput{}, permanent(errors.New("option repo is required: image:NAME, or a path or URL that ends in the name of an image; or option image"))
	}
	system, err := c.rackhdImage(image, o)
	if err != nil {
		return graph.JobOutput{}, err
	}
	answers, err := iso.FromRackHD(payload)
	if err != nil {
		return graph.JobOutput{}, permanent(err)
	}
	merged, err := overAnswers(answers, o.Answers)
	if err != nil {
		return graph.JobOutput{}, err
	}
	deploy := graph.MergeOptions(map[string]any{"image": image, "family": system.Family, "answers": merged}, o.Deploy)
	return graph.JobOutput{Result: map[string]any{"deploy": deploy}}, nil
}

// imageOfRepo is the image that RackHD's repo names: by image:NAME, or by the last part
// of a path or URL.
func imageOfRepo(repo string) string {
	if name, ok := strings.CutPrefix(repo, imageSource); ok {
		return name
	}
	name := path.Base(strings.TrimRight(repo, "/"))
	if name == "." || name == "/" {
		return ""
	}
	return name
}

// rackhdImage refuses an image that is not what the graph is called after.
func (c *call) rackhdImage(image string, o rackhdInstall) (iso.System, error) {
	family := ""
	if len(o.Families) == 1 {
		family = o.Families[0]
	}
	found, err := c.describe(image, family)
	if err != nil {
		return iso.System{}, err
	}
	if system := found.System; len(o.Families) > 0 && !slices.Contains(o.Families, system.Family) {
		return system, permanent(fmt.Errorf("image %s is of family %s, and this graph installs %s: take another image or another graph",
			image, system.Family, strings.Join(o.Families, " or ")))
	}
	return found.System, checkVersion(found, o.Version)
}

// checkVersion compares numbers only: RackHD calls some versions by names, such as trusty.
func checkVersion(image media.Description, want string) error {
	is := image.System.Version
	if !startsWithDigit(want) || !startsWithDigit(is) || is == want || strings.HasPrefix(is, want+".") {
		return nil
	}
	return permanent(fmt.Errorf("image %s installs version %s, and option version is %s: take another image", image.Name, is, want))
}

func startsWithDigit(s string) bool { return s != "" && s[0] >= '0' && s[0] <= '9' }

// overAnswers lays answers as they are written over others, deeply.
func overAnswers(under iso.Answers, over json.RawMessage) (map[string]any, error) {
	plain, err := plainJSON(under)
	if err != nil {
		return nil, err
	}
	merged, _ := plain.(map[string]any)
	if len(bytes.TrimSpace(over)) == 0 {
		return merged, nil
	}
	var object map[string]any
	if err := json.Unmarshal(over, &object); err != nil {
		return nil, permanent(errors.New("option answers: want an object"))
	}
	return graph.MergeOptions(merged, object), nil
}
