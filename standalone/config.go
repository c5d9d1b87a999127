package standalone

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
)

// Defaults for the fields of [Config] that may be left empty.
const (
	DefaultFrontendAddr = "127.0.0.1:7233"
	DefaultNamespace    = "default"
	DefaultRetention    = 30 * 24 * time.Hour
)

// minRetention is the shortest retention the server accepts for a namespace
// that is not replicated.
const minRetention = time.Hour

// Config says where the server keeps its data, where it listens, and what its
// namespace looks like.
type Config struct {
	// Dir is the data folder. It is made, readable by the owner only, when it
	// does not exist, and is locked while the server runs.
	Dir string
	// FrontendAddr is the gRPC address that clients and workers dial, as
	// host:port on a loopback host. Port 0 picks a free one. Empty means
	// [DefaultFrontendAddr].
	FrontendAddr string
	// UIAddr is the address of Temporal's Web UI, with the same rules. Empty
	// means no Web UI.
	UIAddr string
	// UIPublicPath is the path below which a reverse proxy shows the Web UI,
	// such as "/temporal". Empty means the root.
	UIPublicPath string
	// Namespace is made on the first start. Empty means [DefaultNamespace].
	Namespace string
	// Retention is how long closed workflows are kept, at least one hour. A new
	// value is applied to the existing namespace at the next start. Zero means
	// [DefaultRetention].
	Retention time.Duration
	// SearchAttributes are registered with the namespace before the server
	// starts. Attributes left out here stay registered.
	SearchAttributes map[string]enumspb.IndexedValueType
	// Settings lie over the server's dynamic configuration, by Temporal's names, such
	// as "history.transferProcessorMaxPollRPS". None is needed: they are for measurements.
	Settings map[string]any
	// Log takes the server's own log at warning level and above, what this
	// package has to say, and what clients made by [Server.Client] say, unless they
	// have a logger of their own. Nil discards it all.
	Log *slog.Logger
}

// withDefaults returns a copy with every empty field filled in, or an error
// naming all fields that cannot be used.
func (c Config) withDefaults() (Config, error) {
	var errs []error
	if c.Dir == "" {
		errs = append(errs, errors.New("the data folder is not set"))
	}
	dir, err := filepath.Abs(c.Dir)
	errs = append(errs, err)
	c.Dir = dir

	c.FrontendAddr, err = loopbackAddr(cmp.Or(c.FrontendAddr, DefaultFrontendAddr))
	errs = append(errs, err)
	if c.UIAddr != "" {
		c.UIAddr, err = loopbackAddr(c.UIAddr)
		errs = append(errs, err)
	}
	errs = append(errs, checkPublicPath(c.UIPublicPath))

	c.Namespace = cmp.Or(c.Namespace, DefaultNamespace)
	c.Retention = cmp.Or(c.Retention, DefaultRetention)
	if c.Retention < minRetention {
		errs = append(errs, fmt.Errorf("retention %s is too short: use at least %s", c.Retention, minRetention))
	}
	c.SearchAttributes = maps.Clone(c.SearchAttributes)
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, errors.Join(errs...)
}

// loopbackAddr returns addr with its host as an IP address. Neither the server
// nor its Web UI asks for credentials, so any other host is refused.
func loopbackAddr(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", fmt.Errorf("address %q is not host:port: %w", addr, err)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("address %q: the port is not a number from 0 to 65535", addr)
	}
	if strings.EqualFold(host, "localhost") {
		host = loopback
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() {
		return "", fmt.Errorf("address %q is not a loopback address: the embedded Temporal server "+
			"has no authentication, so use 127.0.0.1 or [::1], or run a Temporal cluster", addr)
	}
	return net.JoinHostPort(ip.String(), port), nil
}

func checkPublicPath(path string) error {
	if path == "" || (strings.HasPrefix(path, "/") && !strings.HasSuffix(path, "/")) {
		return nil
	}
	return fmt.Errorf("the path of the Web UI, %q, must start with a slash and not end with one, as in /temporal", path)
}
