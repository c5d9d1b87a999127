package standalone

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	persistencespb "go.temporal.io/server/api/persistence/v1"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/persistence/serialization"
	persistencesql "go.temporal.io/server/common/persistence/sql"
	"go.temporal.io/server/common/persistence/sql/sqlplugin"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/common/resolver"
	"go.temporal.io/server/common/searchattribute/sadefs"
	sqliteschema "go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

// prepareNamespace makes the namespace or brings it to cfg. It writes to the
// file while no server runs: the server's own API would show a change to its
// services only when each next refreshes its cache.
func prepareNamespace(ctx context.Context, cfg Config) (err error) {
	db, err := persistencesql.NewSQLDB(sqlplugin.DbKindMain, sqliteConfig(filepath.Join(cfg.Dir, temporalFile)),
		resolver.NewNoopResolver(), log.NewNoopLogger(), metrics.NoopMetricsHandler)
	if err != nil {
		return fmt.Errorf("open the namespaces: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()

	rows, err := db.SelectFromNamespace(ctx, sqlplugin.NamespaceFilter{Name: &cfg.Namespace})
	if errors.Is(err, sql.ErrNoRows) {
		err = createNamespace(ctx, db, cfg)
	} else if err == nil {
		err = updateNamespace(ctx, db, cfg, rows[0])
	}
	if err != nil {
		return fmt.Errorf("prepare namespace %q: %w", cfg.Namespace, err)
	}
	return nil
}

func createNamespace(ctx context.Context, db sqlplugin.DB, cfg Config) error {
	created, err := sqliteschema.NewNamespaceConfig(clusterName, cfg.Namespace, false, nil)
	if err != nil {
		return err
	}
	if err := applyConfig(created.Detail, cfg); err != nil {
		return err
	}
	row := sqlplugin.NamespaceRow{Name: cfg.Namespace}
	if row.ID, err = primitives.ParseUUID(created.Detail.GetInfo().GetId()); err != nil {
		return err
	}
	if err := encode(&row, created.Detail); err != nil {
		return err
	}
	_, err = db.InsertIntoNamespace(ctx, &row)
	return err
}

func updateNamespace(ctx context.Context, db sqlplugin.DB, cfg Config, row sqlplugin.NamespaceRow) error {
	blob := &commonpb.DataBlob{Data: row.Data, EncodingType: enumspb.ENCODING_TYPE_PROTO3}
	detail, err := serialization.NewSerializer().NamespaceDetailFromBlob(blob)
	if err != nil {
		return err
	}
	before := proto.CloneOf(detail)
	if err := applyConfig(detail, cfg); err != nil {
		return err
	}
	if proto.Equal(before, detail) {
		return nil
	}
	detail.ConfigVersion++
	if err := encode(&row, detail); err != nil {
		return err
	}
	_, err = db.UpdateNamespace(ctx, &row)
	return err
}

func encode(row *sqlplugin.NamespaceRow, detail *persistencespb.NamespaceDetail) error {
	blob, err := serialization.NewSerializer().NamespaceDetailToBlob(detail)
	if err != nil {
		return err
	}
	row.Data, row.DataEncoding = blob.GetData(), blob.GetEncodingType().String()
	return nil
}

func applyConfig(detail *persistencespb.NamespaceDetail, cfg Config) error {
	aliases, err := assignAliases(detail.GetConfig().GetCustomSearchAttributeAliases(), cfg.SearchAttributes)
	if err != nil {
		return err
	}
	detail.Config.CustomSearchAttributeAliases = aliases
	detail.Config.Retention = durationpb.New(cfg.Retention)
	return nil
}

// assignAliases gives each wanted search attribute one of the visibility
// table's prepared columns of its type, keeping those given before. Keys of the
// result are columns, values attribute names.
func assignAliases(given map[string]string, wanted map[string]enumspb.IndexedValueType) (map[string]string, error) {
	columnTypes := sadefs.GetDBIndexSearchAttributes(nil).GetCustomSearchAttributes()
	columns := slices.Sorted(maps.Keys(columnTypes))
	aliases := maps.Clone(given)
	if aliases == nil {
		aliases = map[string]string{}
	}
	columnOf := make(map[string]string, len(given))
	for column, name := range given {
		columnOf[name] = column
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		want := wanted[name]
		if column, ok := columnOf[name]; ok {
			if have := columnTypes[column]; have != want {
				return nil, fmt.Errorf("search attribute %s is a %s here and cannot become a %s: use another name", name, have, want)
			}
			continue
		}
		free := slices.IndexFunc(columns, func(column string) bool {
			return columnTypes[column] == want && aliases[column] == ""
		})
		if free < 0 {
			return nil, fmt.Errorf("search attribute %s: no column of type %s is left", name, want)
		}
		aliases[columns[free]] = name
	}
	return aliases, nil
}
