package activities

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/rackflow/rackflow/bmc"
	"github.com/rackflow/rackflow/store"
)

// serverIDLength is that of a server's id in hexadecimal digits.
const serverIDLength = 24

// enter brings a server that has been found into the inventory, or up to date there.
func (s *scan) enter(ctx context.Context, target scanTarget, fingerprint string, identity bmc.Identity) (server store.Server, created bool, err error) {
	refs := references(identity)
	if len(refs) == 0 {
		return server, false, errAnonymous
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	server, err = s.find(ctx, refs)
	if errors.Is(err, store.ErrNotFound) {
		server, created, err = s.create(ctx, refs)
	}
	if err != nil {
		return server, false, err
	}
	settings, err := s.settingsFor(ctx, server, target, fingerprint)
	if err != nil {
		return server, false, err
	}
	if !created {
		if err := s.identify(ctx, server, identity); err != nil {
			return server, false, err
		}
	}
	_, err = s.Store.PutOBM(ctx, settings)
	return server, created, err
}

// references are what a server is found by, the most telling first.
func references(identity bmc.Identity) []string {
	if identity.ServiceTag == "" {
		return identity.MACs
	}
	return append([]string{identity.ServiceTag}, identity.MACs...)
}

// find returns the one server that any of the references leads to.
func (s *scan) find(ctx context.Context, refs []string) (store.Server, error) {
	var found store.Server
	for _, ref := range refs {
		server, err := s.Store.Server(ctx, ref)
		switch {
		case errors.Is(err, store.ErrNotFound):
			continue
		case err != nil:
			return store.Server{}, err
		case found.ID != "" && found.ID != server.ID:
			return store.Server{}, fmt.Errorf("%s is an identifier of %s, others of this server's are those of %s: correct one of the two", ref, server.Name, found.Name)
		}
		found = server
	}
	if found.ID == "" {
		return store.Server{}, store.ErrNotFound
	}
	return found, nil
}

// create adds a server. Its id follows from what it is found by: of two scans that find
// it at a time, on whatever machines, one adds it and the other finds it added.
func (s *scan) create(ctx context.Context, refs []string) (server store.Server, created bool, err error) {
	sum := sha256.Sum256([]byte(strings.ToLower(refs[0])))
	id := hex.EncodeToString(sum[:])[:serverIDLength]
	server, err = s.Store.CreateServer(ctx, store.Server{ID: id, Name: refs[0], Type: "compute", Identifiers: refs})
	if err == nil {
		return server, true, nil
	}
	if there, lookup := s.Store.Server(ctx, id); lookup == nil {
		return there, false, nil
	}
	return store.Server{}, false, err
}

// settingsFor are the server's BMC settings with this way to it. Where another key was
// pinned, somebody may only say to be the server.
func (s *scan) settingsFor(ctx context.Context, server store.Server, target scanTarget, fingerprint string) (store.OBM, error) {
	settings := store.OBM{ServerID: server.ID, Service: RedfishService, Config: map[string]any{}}
	all, err := s.Store.OBMs(ctx, server.ID)
	if err != nil {
		return settings, err
	}
	for _, o := range all {
		if o.Service == RedfishService {
			settings = o
			settings.Config = maps.Clone(o.Config)
		}
	}
	if pinned, _ := settings.Config["fingerprint"].(string); pinned != "" && plainFingerprint(pinned) != fingerprint {
		host, _ := settings.Config["host"].(string)
		return settings, fmt.Errorf("the inventory has %s at %s with another certificate: if its BMC got a new one or was exchanged, correct its BMC settings", server.Name, host)
	}
	password, err := s.Keeper.Seal(ctx, target.credentials.Password)
	if err != nil {
		return settings, permanent(fmt.Errorf("seal the password: %w", err))
	}
	delete(settings.Config, "username")
	maps.Copy(settings.Config, map[string]any{
		"host": target.host, "port": target.port, "protocol": "https", "uri": target.endpoint() + "/redfish/v1", "root": "/redfish/v1/",
		"user": target.credentials.name(), "password": password, "fingerprint": fingerprint,
	})
	return settings, nil
}
