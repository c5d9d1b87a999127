package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

const defaultServer = "http://127.0.0.1:8080"

const rootHelp = `rackflow runs bare-metal task graphs as durable workflows: it installs, updates
and controls servers through their BMCs.

What was asked for goes to stdout, everything else to stderr. With -o json an
error is the last line of stderr, as one JSON object.`

// app is what the commands share: the process and the global flags.
type app struct {
	p       *process
	server  string
	output  outputFormat
	timeout time.Duration
}

// run runs the command line and reports its error.
func run(ctx context.Context, p *process) exitCode {
	err := execute(ctx, newRoot(p), p.Args)
	if err == nil {
		return exitOK
	}
	if outputOf(p.Args) == outputJSON {
		err.reportJSON(p.Stderr)
	} else {
		err.report(p.Stderr)
	}
	return err.code
}

// execute takes what has no exit code for wrong usage: commands give all their
// errors one, so it comes from cobra.
func execute(ctx context.Context, root *cobra.Command, args []string) *exitError {
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return nil
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		message, suggestion, _ := strings.Cut(err.Error(), "\n")
		exit = &exitError{code: exitUsage, err: errors.New(message), hint: strings.Join(strings.Fields(suggestion), " ")}
	}
	if exit.code == exitUsage && exit.hint == "" {
		exit.hint = fmt.Sprintf("Run '%s --help' for usage.", cmd.CommandPath())
	}
	return exit
}

// outputOf finds -o among arguments that may be wrong, so that the error about them comes as it was asked for.
func outputOf(args []string) outputFormat {
	var format string
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	flags.StringVarP(&format, "output", "o", "", "")
	_ = flags.Parse(args) // what is wrong with them has been found already
	return outputFormat(format)
}

// constructors make the commands below the root, in the order of the help.
func constructors() []func(*app) *cobra.Command {
	return []func(*app) *cobra.Command{
		newUp,
		newSim,
		newDemo,
		newRun,
		newGraph,
		newTask,
		newNode,
		newISO,
		newVersion,
	}
}

func newRoot(p *process) *cobra.Command {
	a := &app{p: p, server: defaultServer, output: outputText}
	if server := p.Env("RACKFLOW_SERVER"); server != "" {
		a.server = server
	}
	root := &cobra.Command{
		Use:           "rackflow",
		Short:         "Run bare-metal task graphs as durable workflows",
		Long:          rootHelp,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	flags := root.PersistentFlags()
	flags.StringVar(&a.server, "server", a.server, "`URL` of the rackflow server (env RACKFLOW_SERVER)")
	flags.VarP(&a.output, "output", "o", "output `format`: text, json or yaml")
	flags.DurationVar(&a.timeout, "timeout", 0, "give up after this `duration`, such as 90s or 2h (default none)")
	offerWords(root, "output", outputText, outputJSON, outputYAML)
	for _, construct := range constructors() {
		root.AddCommand(construct(a))
	}
	root.InitDefaultCompletionCmd()
	root.SetHelpTemplate(root.HelpTemplate() + "\n" + exitHelp + "\n")
	a.guard(root)
	return root
}

// guard bounds every command by --timeout and gives its errors an exit code.
func (a *app) guard(cmd *cobra.Command) {
	if inner := cmd.RunE; inner != nil {
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			ctx, cancel := a.bounded(cmd.Context())
			defer cancel()
			cmd.SetContext(ctx)
			if err := asExit(ctx, inner(cmd, args)); err != nil {
				return err
			}
			return nil
		}
	}
	for _, sub := range cmd.Commands() {
		a.guard(sub)
	}
}

func (a *app) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if a.timeout <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, a.timeout)
}

// newNoun is a command that has only verbs below it.
func newNoun(name, short string, verbs ...*cobra.Command) *cobra.Command {
	noun := &cobra.Command{
		Use:   name,
		Short: short,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownVerb(cmd, args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		SuggestionsMinimumDistance: 2, // cobra's own default, which it sets on the root alone
	}
	noun.AddCommand(verbs...)
	return noun
}

func unknownVerb(noun *cobra.Command, verb string) error {
	err := usagef("unknown command %q for %q", verb, noun.CommandPath())
	if near := noun.SuggestionsFor(verb); len(near) > 0 {
		err.hint = "Did you mean this? " + strings.Join(near, ", ")
	}
	return err
}
