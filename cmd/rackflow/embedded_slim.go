//go:build slim

package main

import (
	"context"
	"errors"

	"go.temporal.io/sdk/client"
)

// embeddedTemporal is absent from a slim build.
type embeddedTemporal struct{ client client.Client }

func startTemporal(context.Context, engineConfig) (*embeddedTemporal, error) {
	return nil, errors.New("this build has no Temporal server inside: build without the tag slim")
}

func (*embeddedTemporal) addresses() (frontend, ui string) { return "", "" }

func (*embeddedTemporal) stop() {}
