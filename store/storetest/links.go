package storetest

import (
	"testing"
	"time"

	"github.com/rackflow/rackflow/store"
)

func mediaLink(n byte) store.Link {
	return store.Link{
		TokenHash: [32]byte{0: 0xfe, 31: n}, Kind: store.MediaLink, WorkflowID: "server-1", RunID: "run-1",
		Task: "insert-media", Name: "install.iso", Ref: "seed/run-1.iso",
		Expires: time.Now().Add(time.Hour).Truncate(time.Microsecond).UTC(),
	}
}

func putLink(t *testing.T, s store.Store) {
	server := created(t, s, compute("web"))
	bound, unbound := mediaLink(1), mediaLink(2)
	bound.ServerID = server.ID
	unbound.Kind, unbound.Ref = store.CallbackLink, ""
	for _, want := range []store.Link{bound, unbound} {
		noError(t, s.PutLink(t.Context(), want))
		got := must[store.Link](t)(s.Link(t.Context(), want.TokenHash))
		isRecent(t, got.Created)
		want.Created = got.Created
		equal(t, "stored", want, got)
	}
	_, err := s.Link(t.Context(), [32]byte{1})
	fails(t, store.NotFound, err, "link")
}

func putLinkAgain(t *testing.T, s store.Store) {
	link := mediaLink(1)
	noError(t, s.PutLink(t.Context(), link))
	first := must[store.Link](t)(s.Link(t.Context(), link.TokenHash))
	link.Ref, link.Task, link.Expires = "seed/other.iso", "retry", link.Expires.Add(time.Hour)
	noError(t, s.PutLink(t.Context(), link))
	link.Created = first.Created
	equal(t, "stored", link, must[store.Link](t)(s.Link(t.Context(), link.TokenHash)))
}

func putLinkRefuses(t *testing.T, s store.Store) {
	for _, tc := range []struct {
		kind   store.Kind
		change func(*store.Link)
		says   string
	}{
		{store.NotFound, func(l *store.Link) { l.ServerID = someID }, someID},
		{store.Invalid, func(l *store.Link) { l.TokenHash = [32]byte{} }, "token"},
		{store.Invalid, func(l *store.Link) { l.Kind = "mail" }, "mail"},
		{store.Invalid, func(l *store.Link) { l.WorkflowID = "" }, "workflow id"},
		{store.Invalid, func(l *store.Link) { l.RunID = "" }, "run id"},
		{store.Invalid, func(l *store.Link) { l.Expires = time.Time{} }, "expires"},
		{store.Invalid, func(l *store.Link) { l.Ref = "" }, "image"},
	} {
		link := mediaLink(1)
		tc.change(&link)
		fails(t, tc.kind, s.PutLink(t.Context(), link), tc.says)
		_, err := s.Link(t.Context(), link.TokenHash)
		fails(t, store.NotFound, err)
	}
}

func linkExpires(t *testing.T, s store.Store) {
	link := mediaLink(1)
	link.Expires = time.Now().Add(-time.Millisecond)
	noError(t, s.PutLink(t.Context(), link))
	_, err := s.Link(t.Context(), link.TokenHash)
	fails(t, store.NotFound, err, "link")

	noError(t, s.PutLink(t.Context(), mediaLink(2)))
	link.Expires = time.Now().Add(time.Hour)
	noError(t, s.PutLink(t.Context(), link))
	must[store.Link](t)(s.Link(t.Context(), link.TokenHash))
}

func deleteLinks(t *testing.T, s store.Store) {
	one, two, otherRun, otherWorkflow := mediaLink(1), mediaLink(2), mediaLink(3), mediaLink(4)
	otherRun.RunID, otherWorkflow.WorkflowID = "run-2", "server-2"
	for _, l := range []store.Link{one, two, otherRun, otherWorkflow} {
		noError(t, s.PutLink(t.Context(), l))
	}
	for range 2 {
		noError(t, s.DeleteLinks(t.Context(), "server-1", "run-1"))
	}
	for _, l := range []store.Link{one, two} {
		_, err := s.Link(t.Context(), l.TokenHash)
		fails(t, store.NotFound, err)
	}
	for _, l := range []store.Link{otherRun, otherWorkflow} {
		must[store.Link](t)(s.Link(t.Context(), l.TokenHash))
	}
}

func mediaLinks(t *testing.T, s store.Store) {
	open, callback, expired, used := mediaLink(1), mediaLink(2), mediaLink(3), mediaLink(4)
	callback.Kind, callback.Ref = store.CallbackLink, ""
	used.Kind, used.Ref = store.UsedLink, ""
	expired.Expires = time.Now().Add(-time.Millisecond)
	equal(t, "links before the first", nil, must[[]store.Link](t)(s.MediaLinks(t.Context())))
	for _, l := range []store.Link{open, callback, expired, used} {
		noError(t, s.PutLink(t.Context(), l))
	}
	want := must[store.Link](t)(s.Link(t.Context(), open.TokenHash))
	equal(t, "links to images", []store.Link{want}, must[[]store.Link](t)(s.MediaLinks(t.Context())))
}
