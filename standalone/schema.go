package standalone

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"go.temporal.io/server/common/headers"
	serverschema "go.temporal.io/server/schema"
	sqliteschema "go.temporal.io/server/schema/sqlite"
)

// Folders of the server's embedded schema files.
const (
	temporalSchemaDir   = "sqlite/v3/temporal"
	visibilitySchemaDir = "sqlite/v3/visibility"
)

// schema is one of the two database layouts of the embedded server.
type schema struct {
	schemaVersion

	name string
	// text makes an empty file one of this schema.
	text string
	// upgrade turns a file of an older version into one of this schema.
	upgrade func(ctx context.Context, tx *sql.Tx, from schemaVersion) error
}

// schemaVersion is what a file records about its schema. The server itself
// records nothing in SQLite files and opens any of them without a check.
type schemaVersion struct {
	// Version is the server's number for the schema, such as "0.11".
	Version string
	// Fingerprint is a hash of the schema's text, where Version alone does not
	// tell two schemas apart, and empty elsewhere.
	Fingerprint string
	// Server is the version of the Temporal server that the schema came with.
	Server string
}

func temporalSchema() (schema, error) {
	text, err := schemaText(temporalSchemaDir + "/schema.sql")
	return schema{
		name:          "temporal",
		schemaVersion: schemaVersion{Version: sqliteschema.Version, Server: headers.ServerVersion},
		text:          text,
		upgrade:       applySteps,
	}, err
}

// visibilitySchema has a fingerprint because the server changes its columns
// and indexes from release to release under one version number.
func visibilitySchema() (schema, error) {
	text, err := schemaText(visibilitySchemaDir + "/schema.sql")
	sum := sha256.Sum256([]byte(text))
	return schema{
		name: "visibility",
		schemaVersion: schemaVersion{
			Version:     sqliteschema.VisibilityVersion,
			Fingerprint: hex.EncodeToString(sum[:]),
			Server:      headers.ServerVersion,
		},
		text: text,
		upgrade: func(ctx context.Context, tx *sql.Tx, _ schemaVersion) error {
			return rebuildVisibility(ctx, tx, text)
		},
	}, err
}

func schemaText(path string) (string, error) {
	text, err := fs.ReadFile(serverschema.Assets(), path)
	if err != nil {
		return "", fmt.Errorf("read the server's schema: %w", err)
	}
	return string(text), nil
}

// compare returns a negative number when v is older than other, zero when both
// are the same schema, and a positive one when v is newer.
func (v schemaVersion) compare(other schemaVersion) (int, error) {
	bySchema, err := compareVersions(v.Version, other.Version)
	if err != nil || bySchema != 0 || v.Fingerprint == other.Fingerprint {
		return bySchema, err
	}
	byServer, err := compareVersions(v.Server, other.Server)
	// One server release has one schema, so a file that differs all the same was
	// made by another build of it: rebuilding is always safe.
	return cmp.Or(byServer, -1), err
}

func (v schemaVersion) String() string {
	return fmt.Sprintf("schema %s of Temporal %s", v.Version, v.Server)
}

// compareVersions compares versions such as 0.9 and 0.11 number by number.
func compareVersions(a, b string) (int, error) {
	left, err := parseVersion(a)
	if err != nil {
		return 0, err
	}
	right, err := parseVersion(b)
	if err != nil {
		return 0, err
	}
	return slices.Compare(left, right), nil
}

func parseVersion(text string) ([]uint64, error) {
	var numbers []uint64
	for part := range strings.SplitSeq(text, ".") {
		number, err := strconv.ParseUint(part, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("%q is not a version such as 1.2", text)
		}
		numbers = append(numbers, number)
	}
	return numbers, nil
}
