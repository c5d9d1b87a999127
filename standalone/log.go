package standalone

import (
	"context"
	"log/slog"
	"slices"
	"strings"

	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
)

// serverLogger hands the server's log on to slog, from warning level up.
type serverLogger struct {
	log   *slog.Logger
	level *slog.LevelVar
	// tags are on every line. The server makes loggers by the thousand, of which few
	// ever write: tags become attributes when one does.
	tags []tag.Tag
}

var (
	_ log.Logger      = serverLogger{}
	_ log.WithLogger  = serverLogger{}
	_ log.SLogWrapper = serverLogger{}
)

func newServerLogger(l *slog.Logger) serverLogger {
	level := new(slog.LevelVar)
	level.Set(slog.LevelWarn)
	filter := noiseFilter{Handler: l.Handler(), level: level}
	return serverLogger{log: slog.New(filter).With(slog.String("component", "temporal")), level: level}
}

// stopping leaves only errors in the log: while the server's services stop one
// after the other, each warns that it cannot reach those that are gone.
func (l serverLogger) stopping() { l.level.Set(slog.LevelError) }

func (l serverLogger) Debug(msg string, tags ...tag.Tag)  { l.write(slog.LevelDebug, msg, tags) }
func (l serverLogger) Info(msg string, tags ...tag.Tag)   { l.write(slog.LevelInfo, msg, tags) }
func (l serverLogger) Warn(msg string, tags ...tag.Tag)   { l.write(slog.LevelWarn, msg, tags) }
func (l serverLogger) Error(msg string, tags ...tag.Tag)  { l.write(slog.LevelError, msg, tags) }
func (l serverLogger) DPanic(msg string, tags ...tag.Tag) { l.write(slog.LevelError, msg, tags) }

func (l serverLogger) Panic(msg string, tags ...tag.Tag) {
	l.write(slog.LevelError, msg, tags)
	panic("temporal: " + msg)
}

// Fatal panics, so that the process ends with a trace and its deferred calls:
// the server counts on Fatal not returning.
func (l serverLogger) Fatal(msg string, tags ...tag.Tag) { l.Panic(msg, tags...) }

// With returns a logger that adds tags to every line.
func (l serverLogger) With(tags ...tag.Tag) log.Logger {
	l.tags = slices.Concat(l.tags, tags)
	return l
}

// SLog is for the SDK workers inside the server, which log to slog.
func (l serverLogger) SLog() *slog.Logger {
	if len(l.tags) == 0 {
		return l.log
	}
	return slog.New(l.log.Handler().WithAttrs(attrs(l.tags)))
}

func (l serverLogger) write(level slog.Level, msg string, tags []tag.Tag) {
	ctx := context.Background()
	if !l.log.Enabled(ctx, level) {
		return
	}
	l.log.LogAttrs(ctx, level, msg, append(attrs(l.tags), attrs(tags)...)...)
}

func attrs(tags []tag.Tag) []slog.Attr {
	out := make([]slog.Attr, 0, len(tags))
	for _, t := range tags {
		out = append(out, slog.Any(t.Key(), t.Value()))
	}
	return out
}

// noiseFilter drops what would bury a real problem: records below its level,
// expected warnings, and calls that their caller gave up. The server reports
// the latter as errors whenever a worker, or the server itself, stops while it
// waits for work.
type noiseFilter struct {
	slog.Handler

	level *slog.LevelVar
}

func (f noiseFilter) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= f.level.Level() && f.Handler.Enabled(ctx, level)
}

func (f noiseFilter) Handle(ctx context.Context, record slog.Record) error {
	if isExpected(record) || isGivenUp(record) {
		return nil
	}
	return f.Handler.Handle(ctx, record)
}

func (f noiseFilter) WithAttrs(attrs []slog.Attr) slog.Handler {
	return noiseFilter{f.Handler.WithAttrs(attrs), f.level}
}

func (f noiseFilter) WithGroup(name string) slog.Handler {
	return noiseFilter{f.Handler.WithGroup(name), f.level}
}

// isExpected knows the warning about the HTTP port, which is closed on purpose.
func isExpected(record slog.Record) bool {
	return strings.HasPrefix(record.Message, "HTTP API port has not been set.")
}

// isGivenUp looks at the text, because errors that crossed gRPC or were formatted
// by the server no longer wrap [context.Canceled].
func isGivenUp(record slog.Record) bool {
	found := false
	record.Attrs(func(attr slog.Attr) bool {
		found = strings.EqualFold(attr.Key, "error") &&
			strings.Contains(attr.Value.String(), context.Canceled.Error())
		return !found
	})
	return found
}
