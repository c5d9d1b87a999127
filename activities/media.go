package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/graph"
	"github.com/rackflow/rackflow/store"
)

// What sources begin with that jobs make: image:<name> is a vendor image,
// blob:<key> one that a job has built.
const (
	imageSource = "image:"
	blobSource  = "blob:"
)

// linkLife bounds how long a URL works when nobody takes it back.
const linkLife = 7 * 24 * time.Hour

// mediaInsert puts options.source into virtual drive options.slot (1 is the first)
// at a URL that works for this run alone.
func mediaInsert(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o struct {
		Source string `json:"source"`
		Slot   int    `json:"slot"`
	}
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	if err := c.Media.Check(ctx, o.Source); err != nil {
		return graph.JobOutput{}, err
	}
	b, endpoint, err := c.connect(ctx)
	if err != nil {
		return graph.JobOutput{}, err
	}
	slot, err := pickSlot(ctx, b, o.Slot)
	if err != nil {
		return graph.JobOutput{}, err
	}
	url, err := c.mediaLink(ctx, endpoint, o.Source)
	if err != nil {
		return graph.JobOutput{}, err
	}
	if err := b.InsertMedia(ctx, slot, url); err != nil {
		return graph.JobOutput{}, err
	}
	return graph.JobOutput{Result: map[string]any{"source": o.Source, "slot": slot + 1}}, nil
}

// pickSlot turns 1, 2, … into an index of the BMC's drives.
func pickSlot(ctx context.Context, b bmc.MediaMounter, number int) (int, error) {
	if number == 0 {
		number = 1
	}
	slots, err := b.MediaSlots(ctx)
	if err != nil {
		return 0, err
	}
	if number < 1 || number > len(slots) {
		return 0, permanent(fmt.Errorf("%s has %d virtual drives: there is no slot %d", b, len(slots), number))
	}
	return number - 1, nil
}

// mediaLink gives the source a URL. The token is derived, so a second attempt gets the same one.
func (c *call) mediaLink(ctx context.Context, endpoint, source string) (string, error) {
	token, err := c.link(ctx, store.MediaLink, c.label, path.Base(source), source)
	if err != nil {
		return "", err
	}
	base, err := c.MediaURL(ctx, endpoint)
	if err != nil {
		return "", err
	}
	return base + "/media/" + token + "/" + fileName(source), nil
}

// fileName is the end of the URL: plain, and with an ending that BMCs insist on. Those
// of Dell's update packages tell what is in them.
func fileName(source string) string {
	switch ending := strings.ToLower(path.Ext(source)); ending {
	case ".img":
		return "disk.img"
	case ".exe", ".bin", ".d7", ".d9", ".d10", ".pm", ".usc":
		return "update" + ending
	}
	return "disc.iso"
}

// link makes a token of this run for a purpose, and stores what it stands for.
func (c *call) link(ctx context.Context, kind store.LinkKind, purpose, name, ref string) (string, error) {
	run := c.info.WorkflowExecution
	token := c.Keeper.Token(string(kind), run.ID, run.RunID, purpose)
	c.hide(token)
	return token, c.Store.PutLink(ctx, store.Link{
		TokenHash: sha256.Sum256([]byte(token)), Kind: kind, WorkflowID: run.ID, RunID: run.RunID, Task: c.label,
		ServerID: c.server, Name: name, Ref: ref, Expires: time.Now().Add(linkLife),
	})
}

// mediaEject empties virtual drive options.slot, or all of them. With
// options.powerOff a server that still has media is turned off first: what runs
// from an image does not survive losing it.
func mediaEject(ctx context.Context, c *call) (graph.JobOutput, error) {
	var o struct {
		Slot     int  `json:"slot"`
		PowerOff bool `json:"powerOff"`
	}
	if err := c.decode(&o); err != nil {
		return graph.JobOutput{}, err
	}
	b, _, err := c.connect(ctx)
	if err != nil {
		return graph.JobOutput{}, err
	}
	if o.PowerOff {
		if err := powerOffIfInserted(ctx, b); err != nil {
			return graph.JobOutput{}, err
		}
	}
	if o.Slot == 0 {
		return graph.JobOutput{}, b.EjectAll(ctx)
	}
	slot, err := pickSlot(ctx, b, o.Slot)
	if err != nil {
		return graph.JobOutput{}, err
	}
	return graph.JobOutput{}, b.EjectMedia(ctx, slot)
}

func powerOffIfInserted(ctx context.Context, b *bmc.BMC) error {
	slots, err := b.MediaSlots(ctx)
	if err != nil {
		return err
	}
	for _, s := range slots {
		if s.Inserted {
			return turnOff(ctx, b, 0)
		}
	}
	return nil
}

// mediaRelease takes back the URLs of this run and deletes the images it built.
func mediaRelease(ctx context.Context, c *call) (graph.JobOutput, error) {
	run := c.info.WorkflowExecution
	return graph.JobOutput{}, errors.Join(
		c.Store.DeleteLinks(ctx, run.ID, run.RunID),
		c.Blobs.DeleteAll(c.blobFolder()),
	)
}

// blobFolder holds the images that this run has built.
func (c *call) blobFolder() string {
	run := c.info.WorkflowExecution
	sum := sha256.Sum256([]byte(run.ID + "." + run.RunID))
	return "runs/" + hex.EncodeToString(sum[:16])
}
