package library_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/rackflow/rackflow/iso"
	"github.com/rackflow/rackflow/library"
)

// TestAskedAnswers holds the question for answers against what the recipes take.
func TestAskedAnswers(t *testing.T) {
	t.Parallel()
	raw, err := iso.AnswersSchema("")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]any
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	for _, document := range library.Tasks() {
		if !bytes.Contains(document, []byte("injectableName: Task.Deploy.Ask\n")) {
			continue
		}
		var task struct {
			Options struct {
				Schema map[string]any `json:"schema"`
			} `json:"options"`
		}
		if err := yaml.Unmarshal(document, &task); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, task.Options.Schema); diff != "" {
			t.Errorf("the schema of Task.Deploy.Ask is not that of iso (-iso +task):\n%s", diff)
		}
		return
	}
	t.Fatal("there is no Task.Deploy.Ask")
}
