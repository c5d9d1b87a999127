package activities

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/store"
)

// RedfishService is RackHD's name for the settings of a BMC that speaks Redfish.
const RedfishService = "redfish-obm-service"

// serverID is the server a task acts on: options.nodeId, else the run's own.
func (c *call) serverID() (string, error) {
	if id, ok := c.options["nodeId"].(string); ok && id != "" {
		return id, nil
	}
	if c.server == "" {
		return "", permanent(errors.New("this task needs a server: start the graph on a node, or give it option nodeId"))
	}
	return c.server, nil
}

// ownServer reads the server a task acts on.
func (c *call) ownServer(ctx context.Context) (store.Server, error) {
	ref, err := c.serverID()
	if err != nil {
		return store.Server{}, err
	}
	return c.Store.Server(ctx, ref)
}

// ownSettings reads that server, how to reach its BMC, and the BMC's address.
func (c *call) ownSettings(ctx context.Context) (server store.Server, settings store.OBM, endpoint string, err error) {
	if server, err = c.ownServer(ctx); err != nil {
		return server, settings, "", err
	}
	if settings, err = c.redfishSettings(ctx, server); err != nil {
		return server, settings, "", err
	}
	if endpoint, err = Endpoint(settings.Config); err != nil {
		return server, settings, "", badSettings(server, err)
	}
	return server, settings, endpoint, nil
}

// connect returns the server's BMC, logged in, and its endpoint.
func (c *call) connect(ctx context.Context) (*bmc.BMC, string, error) {
	t, err := c.machine(ctx)
	return t.BMC, t.endpoint, err
}

func (c *call) redfishSettings(ctx context.Context, server store.Server) (store.OBM, error) {
	all, err := c.Store.OBMs(ctx, server.ID)
	if err != nil {
		return store.OBM{}, err
	}
	for _, o := range all {
		if o.Service == RedfishService {
			return o, nil
		}
	}
	return store.OBM{}, permanent(fmt.Errorf("%s has no BMC settings of service %s: add them with 'rackflow node add' or PUT /api/2.0/obms",
		server.Name, RedfishService))
}

// bmcConfig reads RackHD's settings: host, user or username, password, protocol, port, and our fingerprint.
func (c *call) bmcConfig(ctx context.Context, server store.Server, o store.OBM) (bmc.Config, error) {
	opened, err := c.Keeper.OpenSecrets(ctx, o.Config)
	if err != nil {
		return bmc.Config{}, badSettings(server, err)
	}
	config, _ := opened.(map[string]any)
	text := func(names ...string) string {
		for _, name := range names {
			if s, ok := config[name].(string); ok && s != "" {
				return s
			}
		}
		return ""
	}
	endpoint, err := Endpoint(config)
	if err != nil {
		return bmc.Config{}, badSettings(server, err)
	}
	return bmc.Config{
		Server: server.Name, Endpoint: endpoint, Username: text("user", "username"), Password: text("password"),
		Fingerprint: text("fingerprint"),
	}, nil
}

func badSettings(server store.Server, err error) error {
	return permanent(fmt.Errorf("%s: BMC settings: %w", server.Name, err))
}

// Endpoint makes the BMC's address out of the settings host, protocol and port.
func Endpoint(config map[string]any) (string, error) {
	host, _ := config["host"].(string)
	if host == "" {
		return "", errors.New("host is missing")
	}
	if strings.Contains(host, "://") {
		return strings.TrimSuffix(host, "/"), nil
	}
	protocol, _ := config["protocol"].(string)
	if protocol == "" {
		protocol = "https"
	}
	if port := portOf(config); port != "" {
		return protocol + "://" + net.JoinHostPort(strings.Trim(host, "[]"), port), nil
	}
	if addr, err := netip.ParseAddr(host); err == nil && addr.Is6() {
		host = "[" + host + "]"
	}
	return protocol + "://" + host, nil
}

func portOf(config map[string]any) string {
	switch port := config["port"].(type) {
	case float64:
		return strconv.Itoa(int(port))
	case string:
		return port
	}
	return ""
}
