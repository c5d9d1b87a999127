package graph

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
)

// inOrder has conditions walk objects in the order of their keys. Go's order is another
// one each time, and what a run has decided must be decided again when it is replayed.
type inOrder struct{ types.Adapter }

// NativeToValue implements [types.Adapter].
func (a inOrder) NativeToValue(value any) ref.Val {
	switch v := value.(type) {
	case []any:
		return types.NewDynamicList(a, v)
	case map[string]any:
		return orderedMap{types.NewStringInterfaceMap(a, v)}
	case map[ref.Val]ref.Val: // an object that the condition itself writes out
		return orderedMap{types.NewRefValMap(a, v)}
	}
	return a.Adapter.NativeToValue(value)
}

type orderedMap struct{ traits.Mapper }

// Iterator implements [traits.Iterable].
func (m orderedMap) Iterator() traits.Iterator {
	var keys []ref.Val
	for it := m.Mapper.Iterator(); it.HasNext() == types.True; {
		keys = append(keys, it.Next())
	}
	slices.SortFunc(keys, func(a, b ref.Val) int {
		return cmp.Or(
			cmp.Compare(a.Type().TypeName(), b.Type().TypeName()),
			cmp.Compare(fmt.Sprint(a.Value()), fmt.Sprint(b.Value())),
		)
	})
	return types.NewRefValList(types.DefaultTypeAdapter, keys).Iterator()
}
