package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

const nodeRepinHelp = `Look at the certificate that a server's BMC presents now, and pin it in place of the
one before.

Both fingerprints are shown. The new one is pinned when it is that of --fingerprint,
with --trust whatever it is, else when that is confirmed on a terminal. Compare it
with what the BMC itself shows: whoever sits in between can present a certificate, too.

The server looks at the certificate, not this command. No credentials are sent.`

type nodeRepin struct {
	a           *app
	fingerprint string
	trust       bool
}

func newNodeRepin(a *app) *cobra.Command {
	r := nodeRepin{a: a}
	cmd := &cobra.Command{
		Use:               "repin REF",
		Short:             "Pin the new certificate of a server's BMC",
		Long:              nodeRepinHelp,
		Example:           "  rackflow node repin web-01",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeNodes,
		RunE:              func(cmd *cobra.Command, args []string) error { return r.run(cmd.Context(), args[0]) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&r.fingerprint, "fingerprint", "", "fingerprint that the BMC's certificate has to have, in `hex`")
	flags.BoolVar(&r.trust, "trust", false, "pin whatever certificate the BMC presents")
	cmd.MarkFlagsMutuallyExclusive("fingerprint", "trust")
	return cmd
}

// pinned is what has been seen of a BMC's certificate.
type pinned struct {
	Endpoint    string `json:"endpoint"`
	Previous    string `json:"previous"`
	Fingerprint string `json:"fingerprint"`
	Pinned      bool   `json:"pinned"`
}

func (r nodeRepin) run(ctx context.Context, ref string) error {
	wanted := r.fingerprint
	if wanted == "" {
		seen, err := r.pin(ctx, ref, "")
		if err != nil {
			return err
		}
		if seen.Previous == seen.Fingerprint {
			r.a.notef("The BMC at %s has the certificate that is pinned", seen.Endpoint)
			return r.show(seen)
		}
		if err := r.confirm(seen); err != nil {
			return err
		}
		wanted = seen.Fingerprint
	}
	wanted, err := parseFingerprint(wanted)
	if err != nil {
		return err
	}
	now, err := r.pin(ctx, ref, wanted)
	if err != nil {
		return err
	}
	return r.show(now)
}

// pin looks at the certificate, and pins it when it has that fingerprint.
func (r nodeRepin) pin(ctx context.Context, ref, fingerprint string) (pinned, error) {
	options := map[string]any{}
	if fingerprint != "" {
		options["fingerprint"] = fingerprint
	}
	var out pinned
	err := r.a.runTask(ctx, ref, "Graph.Bmc.Pin", "pin", options, &out)
	return out, err
}

func (r nodeRepin) confirm(seen pinned) error {
	if r.trust {
		return nil
	}
	r.a.notef("The BMC at %s has another certificate than the pinned one.", seen.Endpoint)
	r.a.notef("Pinned fingerprint: %s", orNone(seen.Previous))
	r.a.notef("Fingerprint now:    %s", seen.Fingerprint)
	if !r.a.p.Terminal.Stdin {
		return usagef("the certificate is not pinned: say --fingerprint %s once you have compared it", seen.Fingerprint)
	}
	fmt.Fprint(r.a.p.Stderr, "Pin the new one? [y/N] ")
	answer, err := readLine(r.a.p.Stdin)
	if err != nil {
		return err
	}
	if !strings.EqualFold(answer, "y") && !strings.EqualFold(answer, "yes") {
		return &exitError{code: exitRefused, err: fmt.Errorf("the certificate of %s is not pinned", seen.Endpoint)}
	}
	return nil
}

func orNone(fingerprint string) string {
	if fingerprint == "" {
		return "(none)"
	}
	return fingerprint
}

func (r nodeRepin) show(p pinned) error {
	return r.a.print(p, func(b *strings.Builder) {
		writeFields(b, [2]string{"BMC", p.Endpoint}, [2]string{"Previous", p.Previous}, [2]string{"Fingerprint", p.Fingerprint})
	})
}
