package activities_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/rackflow/rackflow/activities"
)

func TestParseConnectPolicy(t *testing.T) {
	t.Parallel()
	for entry, ok := range map[string]bool{
		"127.0.0.1": true, "::1": true, "fe80::1%eth0": true, "10.0.0.0/8": true, "fd00::/8": true, "cmdb.lab": true, "*.lab": true, "localhost": true,
		"": false, "10.0.0.0/33": false, "http://cmdb.lab": false, "cmdb.lab:8080": false, "user@cmdb": false, "*": false, "c*.lab": false, "a b": false,
	} {
		if _, err := activities.ParseConnectPolicy([]string{entry}); (err == nil) != ok {
			t.Errorf("%q: %v", entry, err)
		}
	}
}

func TestConnectPolicyOpensHosts(t *testing.T) {
	t.Parallel()
	policy, err := activities.ParseConnectPolicy([]string{"cmdb.lab", "*.Test"})
	check(t, err)
	for host, want := range map[string]bool{
		"cmdb.lab": true, "CMDB.lab.": true, "x.cmdb.lab": false, "a.test": true, "a.b.TEST": true, "test": false, "atest": false, "": false,
	} {
		if got := policy.OpensHost(host); got != want {
			t.Errorf("%q: %v", host, got)
		}
	}
}

// TestRestRefusesAddresses reaches a service on loopback only when that is allowed,
// by what the name stands for and not by the name.
func TestRestRefusesAddresses(t *testing.T) {
	t.Parallel()
	s := serve(t, answer(200, "in"))
	u, err := url.Parse(s.URL)
	check(t, err)
	at := func(host string) string { return "http://" + host + ":" + u.Port() }
	for name, c := range map[string]struct {
		url     string
		allow   []string
		refused string
	}{
		"loopback":                 {at("127.0.0.1"), nil, "calls to 127.0.0.1 are not allowed; start the worker with --rest-allow 127.0.0.1"},
		"a name of it":             {at("localhost"), nil, "are not allowed"},
		"in IPv6":                  {at("[::ffff:127.0.0.1]"), nil, "calls to 127.0.0.1 are not allowed"},
		"unspecified":              {at("0.0.0.0"), nil, "calls to 0.0.0.0 are not allowed"},
		"unspecified in IPv6":      {at("[::]"), nil, "calls to :: are not allowed"},
		"cloud metadata":           {"http://169.254.169.254/latest", nil, "calls to 169.254.169.254 are not allowed"},
		"metadata in IPv6":         {"http://[fd00:ec2::254]/latest", nil, "calls to fd00:ec2::254 are not allowed"},
		"metadata by way of NAT64": {"http://[64:ff9b::a9fe:a9fe]/latest", nil, "calls to 64:ff9b::a9fe:a9fe are not allowed"},
		"link-local":               {"http://[fe80::1]/", nil, "calls to fe80::1 are not allowed"},
		"multicast":                {"http://224.0.0.1/", nil, "calls to 224.0.0.1 are not allowed"},
		"another is allowed":       {at("127.0.0.1"), []string{"127.0.0.2", "10.0.0.0/8", "localhost"}, "are not allowed"},
		"the address is allowed":   {at("127.0.0.1"), []string{"127.0.0.1"}, ""},
		"its prefix is allowed":    {at("localhost"), []string{"127.0.0.0/8", "::1/128"}, ""},
		"the name is allowed":      {at("LOCALHOST"), []string{"localhost"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			policy, err := activities.ParseConnectPolicy(c.allow)
			check(t, err)
			b.cfg.Connect = policy
			for _, method := range []string{"GET", "POST"} {
				err := b.rest(t, map[string]any{"url": c.url, "method": method})
				if c.refused == "" {
					check(t, err)
					continue
				}
				wantFailure(t, err, activities.TypePermanent, false, method, c.refused)
			}
		})
	}
}

// TestRestRefusesWhereItIsLed has a redirect that leaves what is allowed.
func TestRestRefusesWhereItIsLed(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	var err error
	b.cfg.Connect, err = activities.ParseConnectPolicy([]string{"127.0.0.1"})
	check(t, err)
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/latest/meta-data", http.StatusFound)
	})
	failure := wantFailure(t, b.rest(t, map[string]any{"url": s.URL, "method": "GET", "followRedirects": true}),
		activities.TypePermanent, false, "calls to 169.254.169.254 are not allowed")
	if strings.Contains(failure.Message(), "meta-data") {
		t.Errorf("message %q tells more than where it was led", failure.Message())
	}
}
