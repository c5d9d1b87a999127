package iso

import (
	_ "embed" // for the schema
	"encoding/json"
	"fmt"
	"slices"
)

//go:embed answers.schema.json
var answersSchema []byte

// familyParts are the answers that are for some families alone.
var familyParts = map[string][]string{
	"esxi":    {"esxi"},
	"suse":    {"suse", "agama"},
	"windows": {"windows"},
	"coreos":  {"coreos", "flatcar"},
}

// AnswersSchema returns the JSON Schema (2020-12) of a family's answers: of those
// that all families share without what its installer cannot do, and of the
// family's own part. An empty family gives everything. Secrets are writeOnly.
//
// The schema catches slips early; [Answers.Validate] has the last word.
func AnswersSchema(family string) ([]byte, error) {
	if family == "" {
		return slices.Clone(answersSchema), nil
	}
	recipe, err := RecipeFor(family)
	if err != nil {
		return nil, err
	}
	var schema map[string]any
	if err := json.Unmarshal(answersSchema, &schema); err != nil {
		return nil, fmt.Errorf("read the schema of answers: %w", err)
	}
	properties, _ := schema["properties"].(map[string]any)
	for part, families := range familyParts {
		if !slices.Contains(families, family) {
			delete(properties, part)
		}
	}
	for _, name := range recipe.refuses {
		delete(properties, name)
	}
	if recipe.needsDisk {
		schema["required"] = []string{"hostname", "disk"}
	}
	schema["title"] = "Answers for an unattended installation of " + family
	out, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the schema of answers: %w", err)
	}
	return append(out, '\n'), nil
}
