package standalone

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	enumspb "go.temporal.io/api/enums/v1"
)

func TestAssignAliases(t *testing.T) {
	t.Parallel()
	const keyword, number = enumspb.INDEXED_VALUE_TYPE_KEYWORD, enumspb.INDEXED_VALUE_TYPE_INT
	tests := map[string]struct {
		given  map[string]string
		wanted map[string]enumspb.IndexedValueType
		want   map[string]string
	}{
		"nothing": {nil, nil, map[string]string{}},
		"first start": {
			nil,
			map[string]enumspb.IndexedValueType{"Server": keyword, "Graph": keyword, "Tries": number},
			map[string]string{"Keyword01": "Graph", "Keyword02": "Server", "Int01": "Tries"},
		},
		"one more, in a gap": {
			map[string]string{"Keyword02": "Server"},
			map[string]enumspb.IndexedValueType{"Server": keyword, "Graph": keyword},
			map[string]string{"Keyword01": "Graph", "Keyword02": "Server"},
		},
		"one that is no longer wanted stays": {
			map[string]string{"Keyword01": "Old"},
			map[string]enumspb.IndexedValueType{"Graph": keyword},
			map[string]string{"Keyword01": "Old", "Keyword02": "Graph"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := assignAliases(test.given, test.wanted)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("aliases (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAssignAliasesRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		given  map[string]string
		wanted map[string]enumspb.IndexedValueType
		want   string
	}{
		"another type": {
			map[string]string{"Keyword01": "Server"},
			map[string]enumspb.IndexedValueType{"Server": enumspb.INDEXED_VALUE_TYPE_INT},
			"Server is a Keyword here and cannot become a Int",
		},
		"too many": {
			map[string]string{"Bool01": "A", "Bool02": "B", "Bool03": "C"},
			map[string]enumspb.IndexedValueType{"D": enumspb.INDEXED_VALUE_TYPE_BOOL},
			"no column of type Bool is left",
		},
		"no type": {
			nil,
			map[string]enumspb.IndexedValueType{"D": enumspb.INDEXED_VALUE_TYPE_UNSPECIFIED},
			"no column of type Unspecified is left",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := assignAliases(test.given, test.wanted); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}
