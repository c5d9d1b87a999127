package activities

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/media"
)

// deployOptions are those of Job.Deploy.Check.
type deployOptions struct {
	Image     string            `json:"image"`
	Family    string            `json:"family"`
	Answers   json.RawMessage   `json:"answers"`
	Templates map[string]string `json:"templates"`
	// Callbacks is false where the host cannot reach rackflow.
	Callbacks *bool `json:"callbacks"`
	// Prove says how the installed system shows that it runs; empty is the best that can be had.
	Prove proof `json:"prove"`
	Port  int   `json:"port"`
	// Skip names checks that are left out.
	Skip []string `json:"skip"`
}

// proof is how an installed system shows that it runs.
type proof string

const (
	// proofBooted is a call of the system's own, at its first boot.
	proofBooted proof = "booted"
	// proofPort is a TCP port that answers at the first address it was given.
	proofPort proof = "port"
	proofNone proof = "none"
)

// deployment is what the tasks of a deployment go by: the result of Job.Deploy.Check.
type deployment struct {
	Image        string   `json:"image"`
	Family       string   `json:"family"`
	Product      string   `json:"product"`
	Version      string   `json:"version"`
	Architecture string   `json:"architecture"`
	Platforms    []string `json:"platforms"`
	Hostname     string   `json:"hostname"`
	// Addresses are those that the answers give the system; none with DHCP.
	Addresses []string `json:"addresses"`
	// Seed says that the answers are on an image of their own, in the second drive.
	Seed      bool `json:"seed"`
	Callbacks bool `json:"callbacks"`
	// SettleMs is how long the installer may take, after its last call, to turn the server off.
	SettleMs int64  `json:"settleMs"`
	Prove    proof  `json:"prove"`
	Host     string `json:"host"`
	Port     int    `json:"port"`
	// Disk is what the BMC has of the disk that the answers name.
	Disk     *foundDisk `json:"disk,omitempty"`
	BootMode string     `json:"bootMode,omitempty"`
	Licence  string     `json:"licence,omitempty"`

	recipe  iso.Recipe
	answers iso.Answers
}

// deployCheck finds out, before anything is changed, whether the image, the answers
// and the server go together. All that is wrong with the server is told at once.
func deployCheck(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o deployOptions
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	d, err := c.planDeployment(o)
	if err != nil {
		return graph.JobOutput{}, err
	}
	t, err := c.machine(ctx)
	if err != nil {
		return graph.JobOutput{}, err
	}
	if err := d.checkServer(ctx, t, o.Skip); err != nil {
		return graph.JobOutput{}, err
	}
	result, err := plainJSON(d)
	return graph.JobOutput{Result: result}, err
}

// planDeployment is what can be told without the server.
func (c *call) planDeployment(o deployOptions) (*deployment, error) {
	image, err := c.describe(o.Image, o.Family)
	if err != nil {
		return nil, err
	}
	custom := iso.Customization{Family: image.System.Family, Templates: installerTemplates(o.Templates)}
	if err := unmarshalAnswers(o.Answers, &custom.Answers); err != nil {
		return nil, permanent(err)
	}
	if err := custom.Validate(); err != nil {
		return nil, permanent(err)
	}
	recipe, err := iso.RecipeFor(custom.Family)
	if err != nil {
		return nil, permanent(err)
	}
	d := &deployment{
		Image: o.Image, Family: custom.Family, Product: image.System.Product, Version: image.System.Version,
		Architecture: image.System.Architecture, Hostname: custom.Answers.FQDN(), Addresses: addresses(custom.Answers),
		Seed: recipe.SeedBeside, Callbacks: o.Callbacks == nil || *o.Callbacks, SettleMs: settle(recipe).Milliseconds(),
		recipe: recipe, answers: custom.Answers,
	}
	for _, entry := range image.Info.Boot {
		if !entry.Bootable {
			continue
		}
		d.Platforms = append(d.Platforms, string(entry.Platform))
	}
	if !d.Callbacks && recipe.Reboots {
		return nil, permanent(fmt.Errorf("the installer of %s does not turn the server off at its end: without callbacks there is no sign of it", d.Family))
	}
	return d, d.prove(o)
}

// describe reads an image. Its family is its own, or the one given where it does not tell.
func (c *call) describe(ref, family string) (media.Description, error) {
	image, err := c.Media.Describe(ref)
	switch own := image.System.Family; {
	case err != nil:
		return image, err
	case len(image.Info.Boot) == 0:
		return image, permanent(fmt.Errorf("image %s: %w", ref, iso.ErrNotBootable))
	case family != "" && own != "" && family != own:
		return image, permanent(fmt.Errorf("image %s is of family %s, not %s: take another image or another family", ref, own, family))
	case family == "" && own == "":
		return image, permanent(fmt.Errorf("image %s does not tell which operating system it installs: name it as option family: %s",
			ref, strings.Join(iso.Families(), ", ")))
	}
	image.System.Family = cmp.Or(image.System.Family, family)
	return image, nil
}

const (
	// settleLimit is how long an installer may take to turn the server off.
	settleLimit = 10 * time.Minute
	// rebootGrace is what is left to an installer that restarts the server instead.
	rebootGrace = time.Minute
)

func settle(r iso.Recipe) time.Duration {
	if r.Reboots {
		return rebootGrace
	}
	return settleLimit
}

// addresses are all static ones, without their prefix lengths.
func addresses(a iso.Answers) []string {
	networks := slices.Clone(a.Networks)
	if a.Network != nil {
		networks = slices.Insert(networks, 0, *a.Network)
	}
	found := []string{}
	for _, n := range networks {
		for _, address := range append([]string{n.Address}, n.Addresses...) {
			if prefix, err := netip.ParsePrefix(address); err == nil {
				found = append(found, prefix.Addr().String())
			}
		}
	}
	return found
}

// ports are where a system of the family answers as it is installed; others have SSH.
var ports = map[string]int{"esxi": 443, "windows": 5985}

const sshPort = 22

// prove decides how the installed system shows that it runs.
func (d *deployment) prove(o deployOptions) error {
	d.Prove, d.Port = o.Prove, cmp.Or(o.Port, ports[d.Family], sshPort)
	if len(d.Addresses) > 0 {
		d.Host = d.Addresses[0]
	}
	calls := d.Callbacks && d.recipe.CallsAtBoot
	switch {
	case d.Prove == proofBooted && !calls:
		return permanent(fmt.Errorf("%s does not call at its first boot, or callbacks is false: leave prove out", d.Family))
	case d.Prove == proofPort && d.Host == "":
		return permanent(errors.New("the answers give the system no address at which its port could be asked: give it one, or leave prove out"))
	case d.Prove != "":
	case calls:
		d.Prove = proofBooted
	case d.Host != "":
		d.Prove = proofPort
	default:
		d.Prove = proofNone
	}
	return nil
}
