package standalone

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	serverschema "go.temporal.io/server/schema"
)

// upgradeStep is one folder of the server's versioned schema changes.
type upgradeStep struct {
	dir     string
	version string
	files   []string
}

// applySteps runs, in order, the server's schema changes that are newer than from.
func applySteps(ctx context.Context, tx *sql.Tx, from schemaVersion) error {
	steps, err := upgradeSteps(from.Version)
	if err != nil {
		return err
	}
	for _, step := range steps {
		if err := step.apply(ctx, tx); err != nil {
			return fmt.Errorf("step %s: %w", step.version, err)
		}
	}
	return nil
}

// upgradeSteps lists the changes that are newer than a version, oldest first.
func upgradeSteps(from string) ([]upgradeStep, error) {
	dirs, err := fs.Glob(serverschema.Assets(), temporalSchemaDir+"/versioned/v*")
	if err != nil {
		return nil, fmt.Errorf("list the server's schema changes: %w", err)
	}
	var steps []upgradeStep
	for _, dir := range dirs {
		version := strings.TrimPrefix(path.Base(dir), "v")
		order, err := compareVersions(version, from)
		if err != nil {
			return nil, fmt.Errorf("schema change %s: %w", dir, err)
		}
		if order <= 0 {
			continue
		}
		step, err := readStep(dir, version)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step)
	}
	slices.SortFunc(steps, func(a, b upgradeStep) int {
		order, _ := compareVersions(a.version, b.version) // Both have been parsed above.
		return order
	})
	return steps, nil
}

func readStep(dir, version string) (upgradeStep, error) {
	text, err := schemaText(dir + "/manifest.json")
	if err != nil {
		return upgradeStep{}, err
	}
	var manifest struct {
		// The server uses one manifest format for all its databases.
		Files []string `json:"SchemaUpdateCqlFiles"`
	}
	if err := json.Unmarshal([]byte(text), &manifest); err != nil {
		return upgradeStep{}, fmt.Errorf("read %s/manifest.json: %w", dir, err)
	}
	return upgradeStep{dir: dir, version: version, files: manifest.Files}, nil
}

func (s upgradeStep) apply(ctx context.Context, tx *sql.Tx) error {
	for _, file := range s.files {
		text, err := schemaText(s.dir + "/" + file)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}
