// Package storetest holds the conformance suite of [store.Store]. Every
// implementation runs it, so that callers need not know which one they have.
// Only tests import it.
package storetest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rackflow/rackflow/store"
)

// Run checks that the stores open returns keep the contract of [store.Store].
// Each call of open must return an empty store, and close it when its test
// ends. Tests run in parallel.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, store.Store){
		"CreateServer":                   createServer,
		"CreateServerRefuses":            createServerRefuses,
		"ServerByReference":              serverByReference,
		"ServerAmbiguous":                serverAmbiguous,
		"Servers":                        servers,
		"UpdateServer":                   updateServer,
		"UpdateServerMovesLookups":       updateServerMovesLookups,
		"UpdateServerLosesNoChange":      updateServerLosesNoChange,
		"UpdateServerRefuses":            updateServerRefuses,
		"DeleteServer":                   deleteServer,
		"PutOBM":                         putOBM,
		"PutOBMByID":                     putOBMByID,
		"PutOBMRefuses":                  putOBMRefuses,
		"OBMs":                           obms,
		"DeleteOBM":                      deleteOBM,
		"PutDefinition":                  putDefinition,
		"PutDefinitionRefuses":           putDefinitionRefuses,
		"DefinitionsInOrder":             definitionsInOrder,
		"DefinitionKinds":                definitionKinds,
		"DeleteDefinition":               deleteDefinition,
		"PutCatalog":                     putCatalog,
		"PutCatalogRefuses":              putCatalogRefuses,
		"CatalogVersions":                catalogVersions,
		"Catalogs":                       catalogs,
		"CreateSKU":                      createSKU,
		"CreateSKURefuses":               createSKURefuses,
		"SKUs":                           skus,
		"UpdateSKU":                      updateSKU,
		"UpdateSKURefuses":               updateSKURefuses,
		"DeleteSKU":                      deleteSKU,
		"Tags":                           tags,
		"CreateTagRefuses":               createTagRefuses,
		"PutLink":                        putLink,
		"PutLinkAgain":                   putLinkAgain,
		"PutLinkRefuses":                 putLinkRefuses,
		"LinkExpires":                    linkExpires,
		"MediaLinks":                     mediaLinks,
		"DeleteLinks":                    deleteLinks,
		"ConcurrentServersAndSettings":   concurrentServers,
		"ConcurrentPutOBMMakesOne":       concurrentPutOBM,
		"ConcurrentUpdatesConflictOrWin": concurrentUpdates,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// must unpacks what has to succeed for a test to go on.
func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func noError(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T any](t *testing.T, what string, want, got T) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// isRecent checks when something was created.
func isRecent(t *testing.T, when time.Time) {
	t.Helper()
	if age := time.Since(when); age < -time.Minute || age > time.Minute || when.Location() != time.UTC {
		t.Errorf("Created is %v: want the present, in UTC", when)
	}
}
