package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/rackflow/rackflow/activities"
)

func newUp(a *app) *cobra.Command {
	cfg := engineConfig{}
	var verbose bool
	var restAllow []string
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run everything in this process: Temporal, its Web UI, worker, API and media server",
		Long: `Run everything in this process: Temporal, its Web UI, worker, API and media server.

All data is in one folder. Stop it any way you like and start it again: every run
goes on where it was. The API has no authentication yet, so it listens on loopback
unless told otherwise; the media listener serves nothing but images and takes
nothing but installers' reports, each at an address that cannot be guessed.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if cfg.Connect, err = activities.ParseConnectPolicy(restAllow); err != nil {
				return usagef("--rest-allow: %w", err)
			}
			if !(cfg.BMCPace > 0 && cfg.BMCPace <= 1) { // NaN is refused, too
				return usagef("--bmc-pace should be above 0, and 1 at most")
			}
			cfg.Log = newLog(a.p.Stderr, verbose)
			cfg.Version = readBuildInfo().Version
			return up(cmd.Context(), a.p.Stdout, cfg)
		},
	}
	engineFlags(cmd, &cfg)
	cmd.Flags().StringArrayVar(&restAllow, "rest-allow", nil,
		"`address`, prefix or host name that graphs may call although it is loopback, link-local or multicast; may be repeated")
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "log every request")
	return cmd
}

func engineFlags(cmd *cobra.Command, cfg *engineConfig) {
	flags := cmd.Flags()
	flags.StringVar(&cfg.Data, "data", "rackflow-data", "`folder` of all data")
	flags.StringVar(&cfg.Images, "images", "", "`folder` of vendor ISOs (default <data>/images)")
	flags.StringVar(&cfg.API, "listen", "127.0.0.1:8080", "`address` of the REST API")
	flags.StringVar(&cfg.Media, "media-listen", ":8081", "`address` of the media listener, which BMCs and installers reach")
	flags.StringVar(&cfg.MediaURL, "media-url", "", "`URL` by which they reach it (default: this machine's address on the way to each BMC)")
	flags.StringVar(&cfg.Temporal, "temporal-listen", "127.0.0.1:7233", "loopback `address` of Temporal")
	flags.StringVar(&cfg.UI, "ui-listen", "127.0.0.1:8233", "loopback `address` of Temporal's Web UI")
	flags.Float64Var(&cfg.BMCPace, "bmc-pace", 1, "`factor` of all waits between looks at a BMC; below 1, such as 0.05, for simulators only")
	flags.DurationVar(&cfg.Retention, "retention", 30*24*time.Hour, "how long runs are kept after their end")
}

func newLog(w io.Writer, verbose bool) *slog.Logger {
	level := slog.LevelWarn
	if verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}

// up runs an engine until the context ends or a listener fails.
func up(ctx context.Context, out io.Writer, cfg engineConfig) error {
	e, err := startEngine(ctx, cfg)
	if err != nil {
		return err
	}
	defer e.stop()
	if err := e.print(out); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-e.failed:
		return err
	}
}

// print says where everything is.
func (e *engine) print(out io.Writer) error {
	frontend, ui := e.temporal.addresses()
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "rackflow %s is up\n", e.cfg.Version)
	fmt.Fprintf(w, "  REST API\thttp://%s/api/2.0\n", e.apiAddr)
	fmt.Fprintf(w, "  media\thttp://%s\n", e.mediaAddr)
	fmt.Fprintf(w, "  Temporal\t%s\n", frontend)
	fmt.Fprintf(w, "  Web UI\thttp://%s\n", ui)
	fmt.Fprintf(w, "  data\t%s\n", e.cfg.Data)
	fmt.Fprintf(w, "  images\t%s\n", e.cfg.Images)
	return w.Flush()
}
