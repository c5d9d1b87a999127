package media

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/rackflow/rackflow/store"
)

// maxFollowed bounds the links whose progress is kept.
const maxFollowed = 10_000

// Progress keeps, in memory, how much BMCs have read of the images they were
// given. It is the sign of life of an installation that cannot call back, and
// the proof that the BMC has fetched its image. It is safe for concurrent use.
type Progress struct {
	mu    sync.Mutex
	links *cache[[32]byte, *Fetch]
	// runs finds the links of a run by its instance id.
	runs map[string]map[[32]byte]*Fetch
}

// Fetch is how far a BMC has got with one image.
type Fetch struct {
	// Task is the label of the task that gave the image to the BMC.
	Task string `json:"task"`
	// Source is the image.
	Source string `json:"source"`
	// Size is the image's, in bytes.
	Size int64 `json:"size"`
	// Bytes were read in all. An installer reads some parts often and most never.
	Bytes int64 `json:"bytes"`
	// Highest is the offset of the last byte so far, and one more.
	Highest int64 `json:"highest"`
	// First and Last are when the BMC first and last read something.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`

	run  string
	hash [32]byte
}

func newProgress() *Progress {
	p := &Progress{runs: make(map[string]map[[32]byte]*Fetch)}
	p.links = newCache[[32]byte](maxFollowed, p.forget)
	return p
}

// Note records that n bytes at offset off were read through a link, of an image of
// that size in bytes.
func (p *Progress) Note(link store.Link, size, off int64, n int) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	f, ok := p.links.get(link.TokenHash)
	if !ok {
		f = &Fetch{
			Task: link.Task, Source: link.Ref, Size: size, First: now,
			run: link.WorkflowID + "." + link.RunID, hash: link.TokenHash,
		}
		p.remember(f)
	}
	f.Bytes += int64(n)
	f.Highest = max(f.Highest, off+int64(n))
	f.Last = now
}

func (p *Progress) remember(f *Fetch) {
	p.links.put(f.hash, f, 1)
	if p.runs[f.run] == nil {
		p.runs[f.run] = make(map[[32]byte]*Fetch)
	}
	p.runs[f.run][f.hash] = f
}

// forget is called with the mutex held, as the cache is.
func (p *Progress) forget(f *Fetch) {
	delete(p.runs[f.run], f.hash)
	if len(p.runs[f.run]) == 0 {
		delete(p.runs, f.run)
	}
}

// Run returns what has been read since this process started for the run of that
// instance id, which is its workflow id and its run id with a dot between. The
// first image read comes first.
func (p *Progress) Run(instanceID string) []Fetch {
	p.mu.Lock()
	defer p.mu.Unlock()
	var fetches []Fetch
	for _, f := range p.runs[instanceID] {
		fetches = append(fetches, *f)
	}
	slices.SortFunc(fetches, func(a, b Fetch) int {
		return cmp.Or(a.First.Compare(b.First), cmp.Compare(a.Task, b.Task))
	})
	return fetches
}
