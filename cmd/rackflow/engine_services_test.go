package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// services fails at the first look after them, and waits in the third until it is told to end.
type services struct{ looked []time.Duration }

func (s *services) KeepServices(ctx context.Context) error {
	s.looked = append(s.looked, time.Since(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)))
	switch len(s.looked) {
	case 1:
		return errors.New("Temporal does not answer")
	case 3:
		<-ctx.Done()
		return ctx.Err()
	}
	return nil
}

func TestKeepServices(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		e := &engine{cfg: engineConfig{Log: slog.New(slog.NewTextHandler(&log, nil))}}
		var runs services
		e.keepServices(&runs)
		<-time.After(2*servicesEvery + time.Minute) // in the bubble, where it costs no time
		e.stopServices()
		if len(runs.looked) != 3 || runs.looked[0] != 0 || runs.looked[2] != 2*servicesEvery {
			t.Errorf("looked after them at %v", runs.looked)
		}
		if got := log.String(); strings.Count(got, "level=WARN") != 1 || !strings.Contains(got, "Temporal does not answer") {
			t.Errorf("log %q", got)
		}
	})
}
