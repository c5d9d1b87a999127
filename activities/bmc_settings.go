package activities

import (
	"context"
	"errors"
	"maps"
	"net/url"

	"github.com/rackflow/rackflow/bmc"
)

// bmcSettings reads the BMC's own network, accounts and event subscriptions.
func bmcSettings(ctx context.Context, c *call, t machine, _ struct{}) (any, error) {
	interfaces, err := t.Interfaces(ctx)
	if err != nil {
		return nil, err
	}
	accounts, err := t.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	subscriptions, err := t.Subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	settings := map[string]any{"interfaces": interfaces, "accounts": accounts, "subscriptions": subscriptions}
	_, err = c.keep(ctx, t, sourceSettings, settings)
	return settings, err
}

type networkOptions struct {
	// Interface is the BMC's name of it; the only one when empty.
	Interface string `json:"interface"`
	// VLAN is the tag: 1 to 4094, or 0 for none.
	VLAN *int         `json:"vlan"`
	IPv4 *ipv4Options `json:"ipv4"`
	// Host is where the BMC answers afterwards, when that changes.
	Host string `json:"host"`
}

type ipv4Options struct {
	Address string `json:"address"`
	Mask    string `json:"mask"`
	Gateway string `json:"gateway"`
}

// bmcNetwork changes the VLAN tag or the address of the BMC. It can cut the BMC off:
// a graph does it last. With a new address the server's BMC settings follow.
func bmcNetwork(ctx context.Context, c *call, t machine, o networkOptions) (any, error) {
	if o.VLAN == nil && o.IPv4 == nil {
		return nil, permanent(errors.New("option vlan or ipv4 is required"))
	}
	change, err := o.change(ctx, t)
	if err != nil {
		return nil, err
	}
	if err := t.SetNetwork(ctx, change); err != nil {
		return nil, err
	}
	if o.Host == "" {
		return nil, nil //nolint:nilnil // nothing is a result
	}
	return nil, c.moveOBM(ctx, t, o.Host)
}

func (o networkOptions) change(ctx context.Context, t machine) (bmc.NetworkChange, error) {
	change := bmc.NetworkChange{Interface: o.Interface}
	if o.Interface == "" {
		all, err := t.Interfaces(ctx)
		if err != nil {
			return change, err
		}
		if len(all) != 1 {
			return change, permanent(errors.New("option interface is required: the BMC has not exactly one"))
		}
		change.Interface = all[0].ID
	}
	if o.VLAN != nil {
		change.VLAN = &bmc.VLAN{Enabled: *o.VLAN > 0, ID: max(*o.VLAN, 1)}
	}
	if o.IPv4 != nil {
		change.IPv4 = (*bmc.IPv4)(o.IPv4)
	}
	if o.Host != "" {
		endpoint, err := url.Parse(t.endpoint)
		if err != nil {
			return change, permanent(errors.New("the BMC's endpoint is not a URL"))
		}
		config := map[string]any{"host": o.Host}
		if port := endpoint.Port(); port != "" {
			config["port"] = port
		}
		if change.Endpoint, err = Endpoint(config); err != nil {
			return change, permanent(err)
		}
	}
	return change, nil
}

// moveOBM stores the BMC's new address.
func (c *call) moveOBM(ctx context.Context, t machine, host string) error {
	settings, err := c.redfishSettings(ctx, t.server)
	if err != nil {
		return err
	}
	settings.Config = maps.Clone(settings.Config)
	settings.Config["host"] = host
	_, err = c.Store.PutOBM(ctx, settings)
	return err
}

// bmcAccount creates or changes an account of the BMC, or with options.absent deletes it.
func bmcAccount(ctx context.Context, _ *call, t machine, o struct {
	User     string `json:"user"`
	Password string `json:"password"`
	Role     string `json:"role"`
	Absent   bool   `json:"absent"`
},
) (any, error) {
	if o.User == "" {
		return nil, permanent(errors.New("option user is required: the name of the account"))
	}
	if o.Absent {
		return nil, t.DeleteAccount(ctx, o.User)
	}
	return nil, t.EnsureAccount(ctx, bmc.AccountSpec{UserName: o.User, Password: o.Password, Role: o.Role})
}

// eventContext marks the subscriptions that rackflow has made.
const eventContext = "rackflow"

// bmcSubscribe makes the BMC send its alerts to options.destination, or with
// options.absent nowhere that rackflow has asked for.
func bmcSubscribe(ctx context.Context, _ *call, t machine, o struct {
	Destination string `json:"destination"`
	Context     string `json:"context"`
	Absent      bool   `json:"absent"`
},
) (any, error) {
	mark := o.Context
	if mark == "" {
		mark = eventContext
	}
	if o.Absent {
		return nil, t.DeleteSubscriptions(ctx, mark)
	}
	if o.Destination == "" {
		return nil, permanent(errors.New("option destination is required: the https URL that takes the events"))
	}
	return nil, t.EnsureSubscription(ctx, o.Destination, mark)
}
