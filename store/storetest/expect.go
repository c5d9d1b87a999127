package storetest

import (
	"errors"
	"strings"
	"testing"

	"github.com/rackflow/rackflow/store"
)

// fails checks that err is an expected failure of the kind, and that its
// message says each of the parts.
func fails(t *testing.T, kind store.Kind, err error, parts ...string) {
	t.Helper()
	var e *store.Error
	if !errors.As(err, &e) {
		t.Errorf("got error %v; want a *store.Error of kind %q", err, kind)
		return
	}
	if e.Kind != kind {
		t.Errorf("error %q is of kind %q; want %q", err, e.Kind, kind)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}
