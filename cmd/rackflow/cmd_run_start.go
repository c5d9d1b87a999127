package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
)

const runStartHelp = `Start a run of a graph, on a server or bound to none, and print its instance id.

Options are laid over those of the graph. An option is LABEL.KEY=VALUE, where
LABEL is that of a task, or "defaults" for all tasks that know the key; further
dots lead into objects. VALUE is taken as JSON where it is JSON, else as a text.
--options reads them from a file in JSON or YAML ("-" is stdin), which is the
place for secrets: arguments can be seen in the list of processes.

With --wait it follows the run on stderr and ends with its outcome. A run goes on
when nobody watches it any more.`

const runStartExample = `  rackflow run start Graph.Reboot --node web-01 --wait
  rackflow run start Graph.Deploy.VirtualMedia --node web-01 --options web-01.yaml
  rackflow run start Graph.noop-example --option defaults.delay=500`

type runStart struct {
	a           *app
	node        string
	options     []string
	optionsFile string
	context     []string
	wait        bool
	quiet       bool
}

// startedRun is the answer to a start.
type startedRun struct {
	InstanceID string       `json:"instanceId"`
	Warnings   []v2.Problem `json:"x-warnings"`
}

func newRunStart(a *app) *cobra.Command {
	s := runStart{a: a}
	cmd := &cobra.Command{
		Use:               "start GRAPH",
		Short:             "Start a run of a graph",
		Long:              runStartHelp,
		Example:           runStartExample,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: a.completeGraphs,
		RunE:              func(cmd *cobra.Command, args []string) error { return s.run(cmd.Context(), args[0]) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&s.node, "node", "", "server to run on: its name, id or identifier (`REF`)")
	flags.StringArrayVar(&s.options, "option", nil, "`LABEL.KEY=VALUE`, an option; may be repeated")
	flags.StringVar(&s.optionsFile, "options", "", "`file` of options; --option wins over it")
	flags.StringArrayVar(&s.context, "context", nil, "`KEY=VALUE` that the context of the run begins with; may be repeated")
	flags.BoolVar(&s.wait, "wait", false, "wait for the end of the run")
	flags.BoolVarP(&s.quiet, "quiet", "q", false, "with --wait, do not show how the run goes on")
	offer(cmd, "node", a.completeNodeFlag)
	return cmd
}

func (s runStart) run(ctx context.Context, graphName string) error {
	body, err := s.request(graphName)
	if err != nil {
		return err
	}
	api, err := s.a.client()
	if err != nil {
		return err
	}
	started, err := decode[startedRun](s.post(ctx, api, body))
	if err != nil {
		return err
	}
	for _, w := range started.Warnings {
		s.a.notef("Warning: %s", problemLine(v2.Problem{Path: w.Path, Message: w.Message, Hint: w.Hint}))
	}
	return s.a.showStarted(ctx, api, started.InstanceID, s.wait, s.quiet)
}

// showStarted prints the id of a run that has been started, and follows the run if that is wanted.
func (a *app) showStarted(ctx context.Context, api *v2.Client, id string, wait, quiet bool) error {
	if a.output == outputText {
		if err := a.print(nil, func(b *strings.Builder) { fmt.Fprintln(b, id) }); err != nil {
			return err
		}
	}
	if !wait {
		return a.showInFull(ctx, api, id)
	}
	w := &watcher{a: a, api: api, ids: []string{id}, reached: true}
	if !quiet {
		w.view = a.newView(a.p.Stderr)
	}
	return a.follow(ctx, w)
}

func (s runStart) post(ctx context.Context, api *v2.Client, body []byte) (*http.Response, error) {
	const contentType = "application/json"
	if s.node != "" {
		return api.NodesPostWorkflowByIDWithBody(ctx, s.node, nil, contentType, bytes.NewReader(body))
	}
	return api.WorkflowsPostWithBody(ctx, nil, contentType, bytes.NewReader(body))
}

// showInFull prints the run in the form that all other commands do, unless text is wanted.
func (a *app) showInFull(ctx context.Context, api *v2.Client, id string) error {
	if a.output == outputText {
		return nil
	}
	run, err := decode[v2.Workflow](api.WorkflowsGetByInstanceID(ctx, id))
	if err != nil {
		return fmt.Errorf("show run %s, which has started: %w", id, err)
	}
	return a.print(run, nil)
}

func (s runStart) request(graphName string) ([]byte, error) {
	options, err := s.readOptions()
	if err != nil {
		return nil, err
	}
	for _, text := range s.options {
		if err := setOption(options, text); err != nil {
			return nil, err
		}
	}
	start := map[string]any{}
	for _, text := range s.context {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return nil, usagef("--context should be KEY=VALUE")
		}
		start[key] = jsonOrText(value)
	}
	body, err := json.Marshal(map[string]any{"name": graphName, "options": options, "context": start})
	if err != nil {
		return nil, fmt.Errorf("write the request: %w", err)
	}
	return body, nil
}

func (s runStart) readOptions() (map[string]any, error) {
	options := map[string]any{}
	if s.optionsFile == "" {
		return options, nil
	}
	data, err := s.a.readInput(s.optionsFile)
	if err != nil {
		return nil, err
	}
	asJSON, err := graph.ToJSON(data)
	if err != nil {
		return nil, usagef("--options %s is neither JSON nor YAML: %w", s.optionsFile, err)
	}
	var read map[string]any
	if err := unmarshalExactly(asJSON, &read); err != nil {
		return nil, usagef("--options %s should hold an object: task labels with their options", s.optionsFile)
	}
	maps.Copy(options, read)
	return options, nil
}

// setOption lays LABEL.KEY=VALUE over the options. The value may be a secret, so errors do not repeat it.
func setOption(options map[string]any, text string) error {
	path, value, ok := strings.Cut(text, "=")
	keys := strings.Split(path, ".")
	if !ok || len(keys) < 2 {
		return usagef("--option %s should be LABEL.KEY=VALUE; the label \"defaults\" stands for all tasks", path)
	}
	at := options
	for i, key := range keys {
		if key == "" {
			return usagef("--option %s should be LABEL.KEY=VALUE: there is an empty name in it", path)
		}
		if i == len(keys)-1 {
			at[key] = jsonOrText(value)
			return nil
		}
		if _, ok := at[key]; !ok {
			at[key] = map[string]any{}
		}
		below, ok := at[key].(map[string]any)
		if !ok {
			return usagef("--option %s: %s is not an object", path, strings.Join(keys[:i+1], "."))
		}
		at = below
	}
	return nil
}

func jsonOrText(text string) any {
	var value any
	if unmarshalExactly([]byte(text), &value) != nil {
		return text
	}
	return value
}

// unmarshalExactly keeps the digits of numbers.
func unmarshalExactly(data []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("read JSON: more follows the value")
	}
	return nil
}
