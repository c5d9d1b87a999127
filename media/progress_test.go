package media_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rackflow/rackflow/media"
	"github.com/rackflow/rackflow/store"
)

func TestProgress(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := media.New(media.Config{}).Progress
		vendor := store.Link{TokenHash: [32]byte{1}, WorkflowID: "server-1", RunID: "r", Task: "insert", Ref: "image:rhel.iso"}
		seed := store.Link{TokenHash: [32]byte{2}, WorkflowID: "server-1", RunID: "r", Task: "insert-seed", Ref: "blob:seed"}
		other := store.Link{TokenHash: [32]byte{3}, WorkflowID: "server-2", RunID: "r", Task: "insert", Ref: "image:rhel.iso"}
		start := time.Now()
		p.Note(vendor, 1000, 500, 100)
		<-time.After(time.Minute)
		p.Note(seed, 10, 0, 10)
		p.Note(vendor, 1000, 0, 50)
		p.Note(other, 1000, 0, 1)
		want := []media.Fetch{
			{Task: "insert", Source: "image:rhel.iso", Size: 1000, Bytes: 150, Highest: 600, First: start, Last: start.Add(time.Minute)},
			{Task: "insert-seed", Source: "blob:seed", Size: 10, Bytes: 10, Highest: 10, First: start.Add(time.Minute), Last: start.Add(time.Minute)},
		}
		if diff := cmp.Diff(want, p.Run("server-1.r"), cmpopts.IgnoreUnexported(media.Fetch{})); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if got := p.Run("server-1.another"); got != nil {
			t.Errorf("of a run that read nothing: %v", got)
		}
	})
}

// TestProgressIsBounded follows more links than are kept.
func TestProgressIsBounded(t *testing.T) {
	t.Parallel()
	p := media.New(media.Config{}).Progress
	for i := range 10_001 {
		p.Note(store.Link{TokenHash: [32]byte{byte(i), byte(i >> 8)}, WorkflowID: "server-1", RunID: "r"}, 1, 0, 1)
	}
	if got := p.Run("server-1.r"); len(got) != 10_000 {
		t.Errorf("%d links are followed", len(got))
	}
}
