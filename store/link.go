package store

import (
	"encoding/hex"
	"time"
)

// LinkKind says what answers at a link's URL.
type LinkKind string

// The kinds of links.
const (
	MediaLink    LinkKind = "media"    // serves the image that Ref names
	CallbackLink LinkKind = "callback" // reports back to the run
	// UsedLink answers at no URL: it says that a callback's event has been reported.
	UsedLink LinkKind = "used"
)

// Link is what an unguessable URL stands for. Only the hash of its token is
// kept, so that reading the store gives nobody a working URL.
type Link struct {
	TokenHash [32]byte // SHA-256 of the token
	Kind      LinkKind

	WorkflowID string
	RunID      string
	Task       string // the task's label in the graph
	ServerID   string // empty for a run that is bound to no server
	Name       string // the file name at the end of the URL

	Ref string // media only: the source that is served, such as image:rhel.iso

	Created time.Time // set by the store
	Expires time.Time // required: a link nobody cleans up must still end
}

func (l *Link) validate() error {
	switch {
	case l.Kind != MediaLink && l.Kind != CallbackLink && l.Kind != UsedLink:
		return invalid("link", l.ref(), "a link is a %q, a %q or a %q link, not %q", MediaLink, CallbackLink, UsedLink, l.Kind)
	case l.TokenHash == [32]byte{}:
		return invalid("link", "", "a link needs the hash of its token")
	case l.WorkflowID == "" || l.RunID == "":
		return invalid("link", l.ref(), "a link needs the workflow id and the run id of its run")
	case l.Expires.IsZero():
		return invalid("link", l.ref(), "a link needs a time at which it expires")
	case l.Kind == MediaLink && l.Ref == "":
		return invalid("link", l.ref(), "a media link needs the image it serves")
	}
	return nil
}

func (l *Link) ref() string { return linkRef(l.TokenHash) }

// linkRef names a link in messages by a part of its hash that is long enough to
// find the row.
func linkRef(hash [32]byte) string { return hex.EncodeToString(hash[:6]) }
