package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/rackflow/rackflow/store"
	"github.com/rackflow/rackflow/workflows"
)

// Links turns the tokens in URLs of the media listener into what they stand for.
// It is the MediaSource and the EventSink of that listener.
type Links struct {
	Store  LinkStore
	Images ImageOpener
	Blobs  BlobOpener
	Runs   InstallerRuns
}

// LinkStore looks up links.
type LinkStore interface {
	Link(ctx context.Context, tokenHash [32]byte) (store.Link, error)
}

// ImageOpener opens a vendor image by name.
type ImageOpener interface {
	OpenImage(name string) (f *os.File, size int64, modified time.Time, err error)
}

// BlobOpener opens an image that a job has built.
type BlobOpener interface {
	Open(key string) (*os.File, int64, error)
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
	f, size, modified, err := l.open(link)
	if errors.Is(err, store.ErrNotFound) {
		return nil, fs.ErrNotExist
	}
	if err != nil {
		return nil, err
	}
	return &MediaFile{Content: f, Size: size, Modified: modified, ETag: etag(link.Ref, size, modified), Close: f.Close}, nil
}

func (l *Links) open(link store.Link) (*os.File, int64, time.Time, error) {
	if name, ok := strings.CutPrefix(link.Ref, "image:"); ok {
		return l.Images.OpenImage(name)
	}
	f, size, err := l.Blobs.Open(strings.TrimPrefix(link.Ref, "blob:"))
	return f, size, link.Created, err
}

func etag(ref string, size int64, modified time.Time) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", ref, size, modified.UnixNano()))
	return fmt.Sprintf(`"%x"`, sum[:12])
}

// InstallerEvent passes a report on to the run that the token belongs to.
func (l *Links) InstallerEvent(ctx context.Context, token, event string, detail []byte) error {
	link, err := l.find(ctx, token, store.CallbackLink)
	if err != nil {
		return err
	}
	return l.Runs.InstallerEvent(ctx, link.WorkflowID, link.RunID, installerEvent(event, detail))
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
