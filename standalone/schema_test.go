package standalone

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompareSchemaVersions(t *testing.T) {
	t.Parallel()
	base := schemaVersion{Version: "0.9", Fingerprint: "a", Server: "1.32.1"}
	tests := map[string]struct {
		other schemaVersion
		want  int
	}{
		"same":                        {base, 0},
		"same schema, other server":   {schemaVersion{"0.9", "a", "1.40.0"}, 0},
		"later by number":             {schemaVersion{"0.11", "a", "1.32.1"}, -1},
		"earlier":                     {schemaVersion{"0.8", "a", "1.32.1"}, 1},
		"changed in a later server":   {schemaVersion{"0.9", "b", "1.33.0"}, -1},
		"changed in an older server":  {schemaVersion{"0.9", "b", "1.9.7"}, 1},
		"changed in the same release": {schemaVersion{"0.9", "b", "1.32.1"}, -1},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := base.compare(test.other)
			if err != nil || got != test.want {
				t.Errorf("compare = %d, %v, want %d", got, err, test.want)
			}
		})
	}
}

func TestCompareVersionsRefusesText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "1.", "v1", "1.x", "-1", "1.0-rc1"} {
		if _, err := compareVersions("1.0", text); err == nil {
			t.Errorf("compareVersions took %q", text)
		}
	}
}

// Versions are read from files.
func FuzzCompareVersions(f *testing.F) {
	for _, text := range []string{"0.11", "1.32.1", "", "1..2", "99999999999999999999", "1.-2"} {
		f.Add(text, "0.9")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		forth, err := compareVersions(a, b)
		back, backErr := compareVersions(b, a)
		if (err == nil) != (backErr == nil) || forth != -back {
			t.Errorf("%q to %q is %d, %v; back it is %d, %v", a, b, forth, err, back, backErr)
		}
		if same, err := compareVersions(a, a); err == nil && same != 0 {
			t.Errorf("%q differs from itself", a)
		}
	})
}

func TestUpgradeSteps(t *testing.T) {
	t.Parallel()
	for from, want := range map[string][]string{
		"0.8":  {"0.9", "0.10", "0.11"},
		"0.10": {"0.11"},
		"0.11": nil,
	} {
		steps, err := upgradeSteps(from)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, step := range steps {
			got = append(got, step.version)
			if len(step.files) == 0 {
				t.Errorf("step %s has no files", step.version)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("steps from %s (-want +got):\n%s", from, diff)
		}
	}
}

// The schema of a new file is one text, that of an old one a chain of changes:
// a server release that forgets the last link would leave old files behind.
func TestUpgradeStepsReachTheSchema(t *testing.T) {
	t.Parallel()
	steps, err := upgradeSteps("0.1")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := steps[len(steps)-1].version, must(temporalSchema()).Version; got != want {
		t.Errorf("the last step leads to %s, the schema is %s", got, want)
	}
}
