package standalone

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

func TestServerLogger(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	handler := slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})
	ours := newServerLogger(slog.New(handler))
	var logger log.Logger = ours
	logger.Debug("debug")
	logger.Info("info")
	logger.Warn("slow disk", tag.Key("k"))
	log.With(logger, tag.ShardID(1)).Error("lost shard")
	shard := log.With(log.With(logger, tag.ShardID(2)), tag.Key("a"))
	log.With(shard, tag.Key("b")).Debug("not shown")
	shard.Error("lost another", tag.Value("v"))
	log.NewSlogLogger(shard).Error("and a third")
	logger.Error("poll failed", tag.Error(errors.New("GetTasks failed. Error: context canceled")))
	logger.Warn("HTTP API port has not been set. Nexus is off.")
	log.NewSlogLogger(logger).Info("from a worker inside")
	ours.stopping()
	log.NewSlogLogger(logger).Warn("no route to a stopped service")
	logger.Error("disk full")

	want := []string{
		`level=WARN msg="slow disk" component=temporal key=k`,
		`level=ERROR msg="lost shard" component=temporal shard-id=1`,
		`level=ERROR msg="lost another" component=temporal shard-id=2 key=a value=v`,
		`level=ERROR msg="and a third" component=temporal shard-id=2 key=a`,
		`level=ERROR msg="disk full" component=temporal`,
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != len(want) {
		t.Fatalf("got %d lines, want %d:\n%s", len(lines), len(want), out.String())
	}
	for i, line := range lines {
		if !strings.HasSuffix(line, want[i]) {
			t.Errorf("line %d: got %q, want it to end in %q", i, line, want[i])
		}
	}
}

func TestServerLoggerFatalDoesNotReturn(t *testing.T) {
	t.Parallel()
	defer func() {
		if got := recover(); got != "temporal: no listener" {
			t.Errorf("recovered %v", got)
		}
	}()
	newServerLogger(slog.New(slog.DiscardHandler)).Fatal("no listener")
	t.Error("Fatal returned")
}
