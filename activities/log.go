package activities

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/store"
)

// logKept is how many entries of a log its catalog holds, the newest.
const logKept = 1000

type logOptions struct {
	// Log is Sel, which is the default, or Lclog.
	Log bmc.Log `json:"log"`
}

func (o logOptions) log() (bmc.Log, error) {
	switch o.Log {
	case "":
		return bmc.LogSEL, nil
	case bmc.LogSEL, bmc.LogLifecycle:
		return o.Log, nil
	}
	return "", permanent(fmt.Errorf("option log should be %s or %s, not %q", bmc.LogSEL, bmc.LogLifecycle, o.Log))
}

// logCatalog is what is kept of a log, and how far it has been read.
type logCatalog struct {
	Entries []bmc.LogEntry `json:"entries"`
	Cursor  bmc.Cursor     `json:"cursor"`
}

// logRead adds to the log's catalog what is new since it was last read.
func logRead(ctx context.Context, c *call, t machine, o logOptions) (any, error) {
	log, err := o.log()
	if err != nil {
		return nil, err
	}
	added, kept, err := c.readLog(ctx, t, log)
	if err != nil {
		return nil, err
	}
	return map[string]any{"log": log, "new": added, "kept": kept}, nil
}

func (c *call) readLog(ctx context.Context, t machine, log bmc.Log) (added, kept int, err error) {
	source := strings.ToLower(string(log))
	had, err := c.keptLog(ctx, t, source)
	if err != nil {
		return 0, 0, err
	}
	entries, cursor, err := t.LogEntries(ctx, log, had.Cursor)
	if err != nil {
		return 0, 0, err
	}
	all := slices.Concat(had.Entries, entries)
	all = all[max(0, len(all)-logKept):]
	_, err = c.keep(ctx, t, source, logCatalog{Entries: all, Cursor: cursor})
	return len(entries), len(all), err
}

func (c *call) keptLog(ctx context.Context, t machine, source string) (logCatalog, error) {
	var had logCatalog
	catalog, err := c.Store.Catalog(ctx, t.server.ID, source)
	if errors.Is(err, store.ErrNotFound) {
		return logCatalog{Entries: []bmc.LogEntry{}}, nil
	}
	if err != nil {
		return had, err
	}
	if err := json.Unmarshal(catalog.Data, &had); err != nil {
		return had, permanent(fmt.Errorf("catalog %s of %s cannot be read: %w", source, t.server.Name, err))
	}
	return had, nil
}

// logClear clears a log once what it holds is kept.
func logClear(ctx context.Context, c *call, t machine, o logOptions) (any, error) {
	log, err := o.log()
	if err != nil {
		return nil, err
	}
	_, kept, err := c.readLog(ctx, t, log)
	if err != nil {
		return nil, err
	}
	if err := t.ClearLog(ctx, log); err != nil {
		return nil, err
	}
	return map[string]any{"log": log, "kept": kept}, nil
}
