package store

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestUpdatedIsAVersionWhileTheClockStands(t *testing.T) {
	t.Parallel()
	s, err := OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "rackflow.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	frozen := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	s.now = func() time.Time { return frozen }

	read, err := s.CreateServer(t.Context(), Server{Name: "web", Type: "compute"})
	if err != nil {
		t.Fatal(err)
	}
	written, err := s.UpdateServer(t.Context(), read)
	if err != nil {
		t.Fatal(err)
	}
	if !written.Updated.After(read.Updated) {
		t.Errorf("Updated stayed at %v", written.Updated)
	}
	if _, err := s.UpdateServer(t.Context(), read); !errors.Is(err, ErrConflict) {
		t.Errorf("an update from the old version: %v; want ErrConflict", err)
	}
}

func TestCandidatesAreFew(t *testing.T) {
	t.Parallel()
	found := make([]Server, 300)
	for i := range found {
		found[i] = Server{ID: newID(time.Unix(0, 0)), Name: "Enclosure Node"}
	}
	_, err := pickServer("enclosure node", found)
	if !errors.Is(err, ErrConflict) || !strings.Contains(err.Error(), "300 servers") || strings.Count(err.Error(), "(") != maxCandidates {
		t.Errorf("got %v", err)
	}
}

func TestNewIDs(t *testing.T) {
	t.Parallel()
	early, late := newID(time.Unix(1_000_000_000, 0)), newID(time.Unix(2_000_000_000, 0))
	for _, id := range []string{early, late} {
		if err := checkID("server", id); err != nil {
			t.Error(err)
		}
	}
	if early >= late {
		t.Errorf("%s does not sort before %s", early, late)
	}
	if again := newID(time.Unix(1_000_000_000, 0)); again == early {
		t.Errorf("%s came twice", again)
	}
}
