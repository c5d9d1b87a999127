package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/bmc"
)

const (
	redfishService = "redfish-obm-service"
	httpsPort      = "443"
)

const nodeAddHelp = `Add a server and the way to its BMC.

The BMC's password is read from stdin with --password-stdin, else from the
environment variable RACKFLOW_BMC_PASSWORD, else asked for on a terminal.

The BMC's certificate is checked against the system's authorities, unless its
fingerprint is given: the SHA-256 of its public key (SubjectPublicKeyInfo) in
hex. --trust asks the BMC for it now and believes the answer, which is no safer
than the network in between; the fingerprint is printed for comparison.

The id of the new server is printed.`

type nodeAdd struct {
	a           *app
	bmc         string
	user        string
	password    bmcPassword
	fingerprint string
	trust       bool
	macs        []string
	kind        string
}

func newNodeAdd(a *app) *cobra.Command {
	n := nodeAdd{a: a, password: bmcPassword{a: a}}
	cmd := &cobra.Command{
		Use:     "add NAME --bmc URL --user USER",
		Short:   "Add a server and the way to its BMC",
		Long:    nodeAddHelp,
		Example: "  rackflow node add web-01 --bmc https://10.0.0.5 --user root --trust",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return n.run(cmd.Context(), args[0]) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&n.bmc, "bmc", "", "`URL` of the BMC, such as https://10.0.0.5")
	flags.StringVar(&n.user, "user", "", "`name` of the BMC's user")
	flags.BoolVar(&n.password.stdin, "password-stdin", false, "read the BMC's password from stdin")
	flags.StringVar(&n.fingerprint, "fingerprint", "", "fingerprint of the BMC's certificate, in `hex`")
	flags.BoolVar(&n.trust, "trust", false, "ask the BMC for its fingerprint, and trust it")
	flags.StringSliceVar(&n.macs, "mac", nil, "MAC `address` of the server; may be repeated")
	flags.StringVar(&n.kind, "type", string(v2.NodeTypeCompute), "`type` of the node in RackHD's words")
	cmd.MarkFlagsMutuallyExclusive("fingerprint", "trust")
	offerWords(cmd, "type", v2.NodeTypeCompute, v2.NodeTypeSwitch, v2.NodeTypeEnclosure, v2.NodeTypeRack, v2.NodeTypeStorage)
	_ = cmd.MarkFlagRequired("bmc") // fails only for a flag that is not defined
	_ = cmd.MarkFlagRequired("user")
	return cmd
}

func (n nodeAdd) run(ctx context.Context, name string) error {
	endpoint, err := parseBMC(n.bmc)
	if err != nil {
		return err
	}
	config, err := n.config(endpoint)
	if err != nil {
		return err
	}
	identifiers, err := parseMACs(n.macs)
	if err != nil {
		return err
	}
	api, err := n.a.client()
	if err != nil {
		return err
	}
	if n.trust {
		if config["fingerprint"], err = n.askFingerprint(ctx, endpoint); err != nil {
			return err
		}
	}
	if config["password"], err = n.password.read(ctx, n.user, endpoint.Host); err != nil {
		return err
	}
	node, err := decode[v2.NodeDocument](api.NodesPost(ctx, v2.NodeCreate{
		Name: name, Type: v2.NodeType(n.kind), Identifiers: identifiers,
		Obms: []v2.ObmSettings{{Service: redfishService, Config: config}},
	}))
	if err != nil {
		return err
	}
	return n.a.print(node, func(b *strings.Builder) { fmt.Fprintln(b, node.ID) })
}

// parseBMC takes no URL with a password in it, and repeats none in an error.
func parseBMC(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Scheme != "https" || u.Hostname() == "":
		return nil, usagef("--bmc should be a URL such as https://10.0.0.5")
	case u.User != nil:
		return nil, usagef("--bmc should not hold user and password: use --user and --password-stdin")
	}
	return u, nil
}

// config makes RackHD's settings of a Redfish BMC, but for the password.
func (n nodeAdd) config(endpoint *url.URL) (map[string]any, error) {
	if n.user == "" {
		return nil, usagef("--user should not be empty")
	}
	port, err := strconv.ParseUint(cmp.Or(endpoint.Port(), httpsPort), 10, 16)
	if err != nil {
		return nil, usagef("--bmc: port %s is out of range", endpoint.Port())
	}
	config := map[string]any{
		"host": endpoint.Hostname(), "port": port, "protocol": endpoint.Scheme, "user": n.user,
		"uri": "https://" + endpoint.Host + "/redfish/v1", "root": "/redfish/v1/",
	}
	if n.fingerprint != "" {
		if config["fingerprint"], err = parseFingerprint(n.fingerprint); err != nil {
			return nil, err
		}
	}
	return config, nil
}

func parseFingerprint(text string) (string, error) {
	raw, err := hex.DecodeString(strings.ReplaceAll(text, ":", ""))
	if err != nil || len(raw) != sha256.Size {
		return "", usagef("--fingerprint should be a SHA-256 in hex: %d digits, with or without colons", hex.EncodedLen(sha256.Size))
	}
	return hex.EncodeToString(raw), nil
}

func parseMACs(texts []string) ([]string, error) {
	var macs []string
	for _, text := range texts {
		mac, err := net.ParseMAC(text)
		if err != nil {
			return nil, usagef("--mac %s is not a MAC address", text)
		}
		macs = append(macs, mac.String())
	}
	return macs, nil
}

func (n nodeAdd) askFingerprint(ctx context.Context, endpoint *url.URL) (string, error) {
	fingerprint, err := bmc.Fingerprint(ctx, "https://"+endpoint.Host)
	if err != nil {
		return "", fmt.Errorf("trust the BMC at %s: %w", endpoint.Host, err)
	}
	n.a.notef("The BMC at %s has the fingerprint %s", endpoint.Host, fingerprint)
	return fingerprint, nil
}
