package activities_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/activities"
	"github.com/rackflow/rackflow/store"
)

// hasCatalog stores what a source tells of a server.
func (b *bench) hasCatalog(t *testing.T, server store.Server, source, data string) {
	t.Helper()
	_, err := b.db.PutCatalog(t.Context(), store.Catalog{ServerID: server.ID, Source: source, Data: json.RawMessage(data)})
	check(t, err)
}

func (b *bench) hasSKU(t *testing.T, name, rules string) store.SKU {
	t.Helper()
	sku, err := b.db.CreateSKU(t.Context(), store.SKU{Name: name, Rules: json.RawMessage(rules)})
	check(t, err)
	return sku
}

func (b *bench) hasTag(t *testing.T, name, rules string) {
	t.Helper()
	_, err := b.db.CreateTag(t.Context(), store.Tag{Name: name, Rules: json.RawMessage(rules)})
	check(t, err)
}

func (b *bench) stored(t *testing.T, id string) store.Server {
	t.Helper()
	server, err := b.db.Server(t.Context(), id)
	check(t, err)
	return server
}

func TestGenerateSKU(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	server := b.addServer(t, "web-1", nil)
	b.hasSKU(t, "dell", `[{"path": "redfish.maker", "contains": "Dell"}, {"path": "redfish.maker", "notContains": "HP"}]`)
	old := b.hasSKU(t, "r760", `[{"path": "redfish.summary.model", "equals": "R760"}]`)
	b.hasSKU(t, "r770", `[{"path": "redfish.summary.model.exactly", "equals": "R770"}]`)
	generate := func(want store.SKU, changed float64) {
		t.Helper()
		out, _, err := b.do(t, attempt{job: "Job.Catalog.GenerateSku", server: server.ID})
		check(t, err)
		result := map[string]any{"servers": 1.0, "changed": changed, "sku": want.ID, "name": want.Name}
		if diff := cmp.Diff(result, out.Result); diff != "" {
			t.Errorf("result (-want +got):\n%s", diff)
		}
		if got := b.stored(t, server.ID).SKU; got != want.ID {
			t.Errorf("the server has SKU %q, want %q", got, want.ID)
		}
	}
	generate(store.SKU{}, 0)
	b.hasCatalog(t, server, "redfish", `{"maker": "HP", "summary": {"model": "R760"}}`)
	b.hasCatalog(t, server, "redfish", `{"maker": "Dell Inc.", "summary": {"model": "R760"}}`)
	generate(old, 1)
	generate(old, 0)
	recent := b.hasSKU(t, "again", `[{"path": "redfish.summary.model", "contains": "R7"}]`)
	generate(recent, 1)
	b.hasCatalog(t, server, "redfish", `{}`)
	generate(store.SKU{}, 1)
}

func TestGenerateTag(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	server, other := b.addServer(t, "web-1", nil), b.addServer(t, "web-2", nil)
	server.Tags = []string{"mine", "big"}
	server, err := b.db.UpdateServer(t.Context(), server)
	check(t, err)
	for _, s := range []store.Server{server, other} {
		b.hasCatalog(t, s, "redfish", `{"memoryGiB": 512}`)
	}
	b.hasTag(t, "big", `[{"path": "redfish.memoryGiB", "min": 512}]`)
	b.hasTag(t, "even", `[{"path": "redfish.memoryGiB", "regex": "[02468]$"}]`)
	b.hasTag(t, "small", `[{"path": "redfish.memoryGiB", "max": 511}]`)
	for _, c := range []struct {
		name    string
		options map[string]any
		result  map[string]any
	}{
		{"the run's own", map[string]any{"nodeIds": []any{}}, map[string]any{"servers": 1.0, "changed": 1.0, "tags": []any{"big", "even"}}},
		{"again", map[string]any{"nodeId": "web-1"}, map[string]any{"servers": 1.0, "changed": 0.0, "tags": []any{"big", "even"}}},
		{"named", map[string]any{"nodeIds": []any{"web-2", server.ID}}, map[string]any{"servers": 2.0, "changed": 1.0}},
	} {
		out, _, err := b.do(t, attempt{job: "Job.Catalog.GenerateTag", server: server.ID, options: c.options})
		check(t, err)
		if diff := cmp.Diff(any(c.result), out.Result); diff != "" {
			t.Errorf("%s: result (-want +got):\n%s", c.name, diff)
		}
	}
	got := [][]string{b.stored(t, server.ID).Tags, b.stored(t, other.ID).Tags}
	if diff := cmp.Diff([][]string{{"mine", "big", "even"}, {"big", "even"}}, got); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}

func TestGenerateForAll(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	sku := b.hasSKU(t, "any", `[{"path": "bmc.n"}]`)
	b.hasTag(t, "odd", `[{"path": "bmc.n", "in": [1, 3]}]`)
	var servers []store.Server
	for _, data := range []string{`{}`, `{"n": 1}`, `{"n": 2}`, `{"n": 3}`} {
		server := b.addServer(t, "web", nil)
		servers = append(servers, server)
		b.hasCatalog(t, server, "bmc", data)
	}
	for job, changed := range map[string]float64{"Job.Catalog.GenerateSku": 3, "Job.Catalog.GenerateTag": 2} {
		out, _, err := b.do(t, attempt{job: job, options: map[string]any{"all": true}})
		check(t, err)
		if diff := cmp.Diff(any(map[string]any{"servers": 4.0, "changed": changed}), out.Result); diff != "" {
			t.Errorf("%s (-want +got):\n%s", job, diff)
		}
	}
	var got []string
	for _, server := range servers {
		server = b.stored(t, server.ID)
		got = append(got, server.SKU)
		got = append(got, server.Tags...)
	}
	if diff := cmp.Diff([]string{"", sku.ID, "odd", sku.ID, sku.ID, "odd"}, got); diff != "" {
		t.Errorf("SKUs and tags (-want +got):\n%s", diff)
	}
}

// busyStore is a store in which somebody else is faster to change servers.
type busyStore struct {
	*store.SQLite

	faster  int // how often
	deletes bool
}

func (s *busyStore) UpdateServer(ctx context.Context, server store.Server) (store.Server, error) {
	if s.deletes {
		if err := s.DeleteServer(ctx, server.ID); err != nil {
			return store.Server{}, err
		}
	}
	if s.faster > 0 {
		s.faster--
		theirs, err := s.Server(ctx, server.ID)
		if err != nil {
			return store.Server{}, err
		}
		theirs.Tags = []string{"theirs"}
		if _, err := s.SQLite.UpdateServer(ctx, theirs); err != nil {
			return store.Server{}, err
		}
	}
	return s.SQLite.UpdateServer(ctx, server)
}

func TestGenerateBesideOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		store   busyStore
		options map[string]any
		kind    string // of the failure; none when empty
		again   bool
		says    string
	}{
		"once":          {store: busyStore{faster: 1}},
		"all the time":  {store: busyStore{faster: 100}, kind: activities.TypeTransient, again: true, says: "web-1"},
		"it is deleted": {store: busyStore{deletes: true}, kind: activities.TypePermanent, says: "not found"},
		"one of all is": {store: busyStore{deletes: true}, options: map[string]any{"all": true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			c.store.SQLite = b.db
			b.cfg.Store = &c.store
			server := b.addServer(t, "web-1", nil)
			b.addServer(t, "web-2", nil)
			b.hasCatalog(t, server, "redfish", `{"n": 1}`)
			sku := b.hasSKU(t, "any", `[{"path": "redfish.n"}]`)
			_, _, err := b.do(t, attempt{job: "Job.Catalog.GenerateSku", server: server.ID, options: c.options})
			if c.kind != "" {
				wantFailure(t, err, c.kind, c.again, c.says)
				return
			}
			check(t, err)
			if c.store.deletes {
				return
			}
			got := b.stored(t, server.ID)
			if diff := cmp.Diff([]string{sku.ID, "theirs"}, append([]string{got.SKU}, got.Tags...)); diff != "" {
				t.Errorf("SKU and tags (-want +got):\n%s", diff)
			}
		})
	}
}

// changingStore is a store in which somebody changes the only SKU while a job looks at servers.
type changingStore struct {
	*store.SQLite

	rules []string // one after the other
}

func (s *changingStore) UpdateServer(ctx context.Context, server store.Server) (store.Server, error) {
	if len(s.rules) > 0 {
		skus, err := s.SKUs(ctx)
		if err != nil {
			return store.Server{}, err
		}
		skus[0].Rules, s.rules = json.RawMessage(s.rules[0]), s.rules[1:]
		if _, err := s.UpdateSKU(ctx, skus[0]); err != nil {
			return store.Server{}, err
		}
	}
	return s.SQLite.UpdateServer(ctx, server)
}

func TestGenerateSKUWhileItChanges(t *testing.T) {
	t.Parallel()
	const match, other = `[{"path": "redfish.n"}]`, `[{"path": "redfish.m"}]`
	for name, c := range map[string]struct {
		rules []string
		sku   bool
		says  string
	}{
		"to another":   {rules: []string{other}},
		"and back":     {rules: []string{other, match}, sku: true},
		"all the time": {rules: slices.Repeat([]string{other, match}, 50), says: "all the time"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.cfg.Store = &changingStore{SQLite: b.db, rules: c.rules}
			server := b.addServer(t, "web-1", nil)
			b.hasCatalog(t, server, "redfish", `{"n": 1}`)
			b.hasSKU(t, "any", match)
			_, _, err := b.do(t, attempt{job: "Job.Catalog.GenerateSku", server: server.ID})
			if c.says != "" {
				wantFailure(t, err, activities.TypeTransient, true, c.says)
				return
			}
			check(t, err)
			if got := b.stored(t, server.ID).SKU; (got != "") != c.sku {
				t.Errorf("the server has SKU %q", got)
			}
		})
	}
}

func TestGenerateRefuses(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.addServer(t, "twin", nil)
	b.addServer(t, "twin", nil)
	server := b.addServer(t, "web-1", nil)
	for _, c := range []struct {
		job     string
		options map[string]any
		says    string
	}{
		{"Job.Catalog.GenerateSku", nil, "needs a server"},
		{"Job.Catalog.GenerateSku", map[string]any{"nodeId": "nowhere"}, "nowhere"},
		{"Job.Catalog.GenerateTag", map[string]any{"nodeIds": []any{"web-1", "twin"}}, "fits 2 servers"},
		{"Job.Catalog.GenerateTag", map[string]any{"nodeIds": "web-1"}, "nodeIds"},
		{"Job.Catalog.GenerateSku", map[string]any{"all": "yes"}, "all"},
	} {
		_, _, err := b.do(t, attempt{job: c.job, options: c.options})
		wantFailure(t, err, activities.TypePermanent, false, c.says)
	}
	b.hasSKU(t, "broken", `[{"path": "redfish", "regex": "("}]`)
	b.hasTag(t, "odd", `[{"path": "redfish", "is": 1}]`)
	for job, says := range map[string]string{"Job.Catalog.GenerateSku": "SKU broken", "Job.Catalog.GenerateTag": "tag odd"} {
		_, _, err := b.do(t, attempt{job: job, server: server.ID})
		wantFailure(t, err, activities.TypePermanent, false, says)
	}
}
