package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	v2 "github.com/rackflow/rackflow/api/v2"
	"github.com/rackflow/rackflow/graph"
)

const isoBuildHelp = `Write an image as it installs one server, to look at it or to try it.

ANSWERS is a JSON or YAML file of what the installer is to be told; "-" is stdin.
It is what a graph's deployment takes as answers. The image in FILE is complete,
and has the answers' secrets: only its owner can read it.`

func newISOBuild(a *app) *cobra.Command {
	var family string
	var templates []string
	cmd := &cobra.Command{
		Use:               "build IMAGE ANSWERS FILE",
		Short:             "Write an image, customised by answers, to a file",
		Long:              isoBuildHelp,
		Args:              cobra.ExactArgs(3),
		ValidArgsFunction: a.completeImages,
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := a.customization(args[1], templates)
			if err != nil {
				return err
			}
			body.Family = family
			return a.buildISO(cmd.Context(), args[0], body, args[2])
		},
	}
	cmd.Flags().StringVar(&family, "family", "", "OS `family`, for an image that does not tell")
	cmd.Flags().StringArrayVar(&templates, "template", nil,
		"`file` to use as the answer file of its name, or with .append behind it to add to that; may be repeated")
	return cmd
}

func (a *app) customization(answers string, templates []string) (v2.ImageCustomization, error) {
	var body v2.ImageCustomization
	data, err := a.readInput(answers)
	if err != nil {
		return body, err
	}
	if body.Answers, err = graph.ToJSON(data); err != nil {
		return body, usagef("%s: %w", answers, err)
	}
	for _, file := range templates {
		text, err := a.p.ReadFile(file)
		if err != nil {
			return body, fmt.Errorf("read template: %w", err)
		}
		if body.Templates == nil {
			body.Templates = make(map[string]string)
		}
		body.Templates[filepath.Base(file)] = string(text)
	}
	if !json.Valid(body.Answers) || body.Answers[0] != '{' {
		return body, usagef("%s should be an object of answers", answers)
	}
	return body, nil
}

// buildISO leaves either the whole image or nothing under the name.
func (a *app) buildISO(ctx context.Context, image string, body v2.ImageCustomization, name string) (err error) {
	api, err := a.patientClient()
	if err != nil {
		return err
	}
	resp, err := api.ImagesCustomize(ctx, image, body)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	out, err := a.p.CreateFile(name)
	if err != nil {
		return fmt.Errorf("write image: %w", err)
	}
	n, err := io.Copy(out, resp.Body)
	if err == nil && resp.ContentLength >= 0 && n != resp.ContentLength {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write image: %w", err), out.Discard())
	}
	if err := out.Keep(); err != nil {
		return fmt.Errorf("write image: %w", err)
	}
	a.notef("%s has %s.", name, formatBytes(n))
	return nil
}
