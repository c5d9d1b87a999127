package store_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/rackflow/rackflow/store"
)

func TestError(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		err  store.Error
		is   error
		text string
	}{
		{store.Error{Kind: store.NotFound, What: "server", Ref: "web-1"}, store.ErrNotFound, `server "web-1" not found`},
		{store.Error{Kind: store.NotFound, What: "image", Ref: "x", Msg: "put it there"}, store.ErrNotFound, `image "x" not found: put it there`},
		{store.Error{Kind: store.Conflict, What: "server", Ref: "web", Msg: "fits 2"}, store.ErrConflict, `server "web": fits 2`},
		{store.Error{Kind: store.Invalid, What: "graph", Msg: "needs a name"}, store.ErrInvalid, `graph: needs a name`},
	} {
		if got := tc.err.Error(); got != tc.text {
			t.Errorf("got %q; want %q", got, tc.text)
		}
		for _, target := range []error{store.ErrNotFound, store.ErrConflict, store.ErrInvalid} {
			wrapped := fmt.Errorf("wrapped: %w", &tc.err)
			if errors.Is(wrapped, target) != (target == tc.is) { //nolint:errorlint // which of the three it is
				t.Errorf("%q: errors.Is(err, %q) is wrong", tc.text, target)
			}
		}
	}
}
