package main

import (
	"context"
	"errors"
	"maps"
	"strings"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
)

const runAnswerHelp = `Answer what a run waits to be told. PROMPT may be left out where it waits for one
answer only; 'rackflow run prompts' lists them all.

On a terminal the answer is asked for, one question after the other. Elsewhere, and
in scripts, it is given with --set and --file, or --approve and --reject where it is
a yes or no. An answer that does not fit changes nothing: the run goes on waiting.

A secret is not taken by --set, as arguments can be seen in the list of processes:
the form asks for it without showing it, and --file - reads it from stdin. Secrets
are sealed by the server before they are recorded.

`

const runAnswerExample = `  rackflow run answer last
  rackflow run answer last ask-disk --set disk=/dev/sda --set raid.level=1
  rackflow run answer last approve --reject --reason "wrong rack"`

// runAnswer is an answer as the command line gives it.
type runAnswer struct {
	a       *app
	sets    []string
	file    string
	by      string
	approve bool
	reject  bool
	reason  string
}

func newRunAnswer(a *app) *cobra.Command {
	r := runAnswer{a: a}
	cmd := &cobra.Command{
		Use:               "answer ID [PROMPT]",
		Short:             "Answer what a run waits to be told",
		Long:              runAnswerHelp + runRefHelp,
		Example:           runAnswerExample,
		Args:              cobra.RangeArgs(1, 2),
		ValidArgsFunction: a.completeAnswer,
		RunE: func(cmd *cobra.Command, args []string) error {
			id := ""
			if len(args) > 1 {
				id = args[1]
			}
			return r.run(cmd.Context(), args[0], id)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringArrayVar(&r.sets, "set", nil, "`KEY=VALUE` of the answer; dots lead into objects; may be repeated")
	flags.StringVar(&r.file, "file", "", "`file` with the answer in JSON or YAML (\"-\" is stdin); --set wins over it")
	flags.BoolVar(&r.approve, "approve", false, "say yes")
	flags.BoolVar(&r.reject, "reject", false, "say no")
	flags.StringVar(&r.reason, "reason", "", "with --approve and --reject, the `reason`")
	flags.StringVar(&r.by, "by", a.p.Env("USER"), "`name` of who answers (default $USER)")
	flags.Lookup("by").DefValue = "" // help and documents are the same for everybody
	cmd.MarkFlagsMutuallyExclusive("approve", "reject")
	for _, yesOrNo := range []string{"approve", "reject"} {
		cmd.MarkFlagsMutuallyExclusive(yesOrNo, "set")
		cmd.MarkFlagsMutuallyExclusive(yesOrNo, "file")
	}
	return cmd
}

func (r runAnswer) run(ctx context.Context, ref, id string) error {
	if r.reason != "" && !r.approve && !r.reject {
		return usagef("--reason goes with --approve or --reject")
	}
	api, err := r.a.client()
	if err != nil {
		return err
	}
	prompts, err := runPrompts(ctx, api, ref)
	if err != nil {
		return err
	}
	prompt, err := pickPrompt(prompts, ref, id)
	if err != nil {
		return err
	}
	answer, err := r.answer(ctx, prompt)
	if err != nil {
		return err
	}
	if err := checkFit(answer, prompt.Prompt); err != nil {
		return err
	}
	return done(api.WorkflowsPostAnswer(ctx, prompt.InstanceID, prompt.ID, v2.PromptAnswer{Answer: answer, By: r.by}))
}

// answer is what the flags say or, without flags and on a terminal, the form.
func (r runAnswer) answer(ctx context.Context, prompt v2.WorkflowPrompt) (map[string]any, error) {
	switch {
	case r.approve || r.reject:
		return r.decision(prompt.Prompt)
	case len(r.sets) > 0 || r.file != "":
		return r.given(prompt.Prompt)
	case r.a.p.Terminal.Stdin:
		return newForm(r.a, prompt).fill(ctx)
	}
	err := usagef("the answer is missing: give it with --set or --file")
	if prompt.Approval {
		err = usagef("the answer is missing: give --approve or --reject")
	}
	err.hint = "It asks: " + prompt.Title + expects(prompt.Schema)
	return nil, err
}

func (r runAnswer) decision(prompt v2.Prompt) (map[string]any, error) {
	if !prompt.Approval {
		return nil, usagef("prompt %s is no question of yes or no: use --set or --file", prompt.ID)
	}
	answer := map[string]any{"approved": r.approve}
	if r.reason != "" {
		answer["reason"] = r.reason
	}
	return answer, nil
}

func (r runAnswer) given(prompt v2.Prompt) (map[string]any, error) {
	answer := map[string]any{}
	if r.file != "" {
		read, err := r.read()
		if err != nil {
			return nil, err
		}
		maps.Copy(answer, read)
	}
	for _, text := range r.sets {
		if err := setAnswer(answer, text, prompt.Schema); err != nil {
			return nil, err
		}
	}
	return answer, nil
}

func (r runAnswer) read() (map[string]any, error) {
	data, err := r.a.readInput(r.file)
	if err != nil {
		return nil, err
	}
	asJSON, err := graph.ToJSON(data)
	if err != nil {
		// What is wrong with it may quote a secret.
		return nil, usagef("--file %s is neither JSON nor YAML", r.file)
	}
	var answer map[string]any
	if err := unmarshalExactly(asJSON, &answer); err != nil {
		return nil, usagef("--file %s should hold an object: the answer", r.file)
	}
	return answer, nil
}

// checkFit finds before the server does what is wrong with an answer.
func checkFit(answer map[string]any, prompt v2.Prompt) error {
	problems := graph.CheckAnswer(answer, prompt.Schema)
	if problems.Err() == nil {
		return nil
	}
	refused := &exitError{code: exitRefused, err: errors.New("the answer to " + prompt.ID + " does not fit; nothing was sent")}
	for _, p := range problems {
		refused.problems = append(refused.problems, v2.Problem{Path: p.Path, Message: p.Message, Hint: p.Hint})
	}
	return refused
}

// expects says what the answer is made of; empty for a schema that does not.
func expects(schema []byte) string {
	var names []string
	for _, f := range fieldsOf(schema) {
		name := f.name()
		if f.required {
			name += " (required)"
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return ""
	}
	return " It takes " + strings.Join(names, ", ") + "."
}
