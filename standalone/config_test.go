package standalone

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.temporal.io/server/common/dynamicconfig"
)

func TestConfigDefaults(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	got, err := Config{Dir: dir}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	want := Config{Dir: dir, FrontendAddr: "127.0.0.1:7233", Namespace: "default", Retention: 720 * time.Hour}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Config{}, "Log")); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
	if got.Log == nil {
		t.Error("no logger")
	}
}

func TestConfigRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*Config)
		want   string
	}{
		"no folder":             {func(c *Config) { c.Dir = "" }, "data folder is not set"},
		"frontend for everyone": {func(c *Config) { c.FrontendAddr = "0.0.0.0:7233" }, `"0.0.0.0:7233" is not a loopback address`},
		"frontend on any host":  {func(c *Config) { c.FrontendAddr = ":7233" }, "not a loopback address"},
		"frontend by name":      {func(c *Config) { c.FrontendAddr = "example.com:7233" }, "not a loopback address"},
		"UI on the network":     {func(c *Config) { c.UIAddr = "192.0.2.1:8233" }, "not a loopback address"},
		"no port":               {func(c *Config) { c.FrontendAddr = "127.0.0.1" }, "is not host:port"},
		"port by name":          {func(c *Config) { c.FrontendAddr = "127.0.0.1:http" }, "port is not a number"},
		"port too large":        {func(c *Config) { c.FrontendAddr = "127.0.0.1:65536" }, "port is not a number"},
		"retention too short":   {func(c *Config) { c.Retention = time.Minute }, "use at least 1h0m0s"},
		"relative UI path":      {func(c *Config) { c.UIPublicPath = "temporal" }, "must start with a slash"},
		"open UI path":          {func(c *Config) { c.UIPublicPath = "/temporal/" }, "not end with one"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{Dir: t.TempDir()}
			test.change(&cfg)
			_, err := Start(t.Context(), cfg)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestLoopbackAddr(t *testing.T) {
	t.Parallel()
	for addr, want := range map[string]string{
		"127.0.0.1:0":    "127.0.0.1:0",
		"127.0.0.9:7233": "127.0.0.9:7233",
		"localhost:8233": "127.0.0.1:8233",
		"[::1]:7233":     "[::1]:7233",
	} {
		got, err := loopbackAddr(addr)
		if err != nil || got != want {
			t.Errorf("loopbackAddr(%q) = %q, %v, want %q", addr, got, err, want)
		}
	}
}

func TestDynamicSettings(t *testing.T) {
	t.Parallel()
	key := dynamicconfig.TransferProcessorMaxPollRPS.Key()
	for want, over := range map[int]map[string]any{100: nil, 7: {"history.transferProcessorMaxPollRPS": 7}} {
		values := dynamicSettings(over).GetValue(key)
		if len(values) != 1 || values[0].Value != want {
			t.Errorf("with %v over it: %v, want %d", over, values, want)
		}
	}
}
