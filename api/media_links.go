package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/rackflow/rackflow/media"
	"github.com/rackflow/rackflow/store"
	"github.com/rackflow/rackflow/workflows"
)

// Links turns the tokens in URLs of the media listener into what they stand for.
// It is the MediaSource and the EventSink of that listener.
type Links struct {
	Store LinkStore
	Media *media.Library
	Runs  InstallerRuns

	limits callbackLimits
}

// LinkStore looks up links, and adds some.
type LinkStore interface {
	Link(ctx context.Context, tokenHash [32]byte) (store.Link, error)
	PutLink(ctx context.Context, l store.Link) error
}

// InstallerRuns takes what installers report.
type InstallerRuns interface {
	InstallerEvent(ctx context.Context, workflowID, runID string, event workflows.InstallerEvent) error
}

func (l *Links) find(ctx context.Context, token string, kind store.LinkKind) (store.Link, error) {
	link, err := l.Store.Link(ctx, sha256.Sum256([]byte(token)))
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && link.Kind != kind:
		return store.Link{}, fs.ErrNotExist
	case err != nil:
		return store.Link{}, fmt.Errorf("look up link: %w", err)
	}
	return link, nil
}

// OpenMedia opens the image behind a token.
func (l *Links) OpenMedia(ctx context.Context, token string) (*MediaFile, error) {
	link, err := l.find(ctx, token, store.MediaLink)
	if err != nil {
		return nil, err
	}
	f, err := l.Media.Open(ctx, link.Ref)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	return &MediaFile{
		Content: f, Size: f.Size, Modified: f.Modified, ETag: f.ETag, Close: f.Close,
		Note: func(off int64, n int) { l.Media.Progress.Note(link, f.Size, off, n) },
	}, nil
}

// InstallerEvent passes a report on to the run that the token belongs to. Every event but
// progress is taken once: a second one is fs.ErrExist.
func (l *Links) InstallerEvent(ctx context.Context, token, event string, detail []byte) error {
	if !l.limits.allow(sha256.Sum256([]byte(token))) {
		return errTooOften
	}
	link, err := l.find(ctx, token, store.CallbackLink)
	if err != nil {
		return err
	}
	used := usedLink(link, token, event)
	if event != eventProgress {
		if err := l.unused(ctx, used); err != nil {
			return err
		}
	}
	if err := l.Runs.InstallerEvent(ctx, link.WorkflowID, link.RunID, installerEvent(event, detail)); err != nil {
		return err
	}
	if event == eventProgress {
		return nil
	}
	// Only now: the event must not be lost between the two, and the run takes it twice.
	return l.Store.PutLink(ctx, used)
}

// usedLink is how it is kept that an event has been reported: as a link of the run, which
// ends with it.
func usedLink(link store.Link, token, event string) store.Link {
	link.TokenHash = sha256.Sum256([]byte(token + "/" + event))
	link.Kind = store.UsedLink
	link.Name = event
	return link
}

func (l *Links) unused(ctx context.Context, used store.Link) error {
	_, err := l.Store.Link(ctx, used.TokenHash)
	switch {
	case err == nil:
		return fs.ErrExist
	case errors.Is(err, store.ErrNotFound):
		return nil
	}
	return fmt.Errorf("look up link: %w", err)
}

// maxMessage bounds what an installer can write into a run's history with one report.
const maxMessage = 2000

// installerEvent reads {"value": percent, "message": text}; what is not that is the message itself.
func installerEvent(event string, detail []byte) workflows.InstallerEvent {
	var body struct {
		Value   int    `json:"value"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(detail, &body); err != nil {
		body.Message = strings.ToValidUTF8(string(detail), "")
	}
	if len(body.Message) > maxMessage {
		body.Message = strings.ToValidUTF8(body.Message[:maxMessage], "")
	}
	return workflows.InstallerEvent{Event: event, Value: min(max(body.Value, 0), 100), Message: body.Message}
}
