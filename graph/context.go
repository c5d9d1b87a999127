package graph

// Merge applies a JSON merge patch (RFC 7386) to the context in place: objects
// merge, null removes, all else replaces. Each task changes only what its patch
// names, so parallel tasks do not overwrite each other.
func Merge(context, patch map[string]any) {
	// Each key is taken by itself.
	//workflowcheck:ignore
	for key, value := range patch {
		if value == nil {
			delete(context, key)
			continue
		}
		sub, ok := value.(map[string]any)
		if !ok {
			context[key] = value
			continue
		}
		old, ok := context[key].(map[string]any)
		if !ok {
			old = map[string]any{}
			context[key] = old
		}
		Merge(old, sub)
	}
}

// Clone copies a JSON-like value deeply.
func Clone(v any) any {
	switch v := v.(type) {
	case map[string]any:
		return CloneMap(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = Clone(v[i])
		}
		return out
	}
	return v
}

// CloneMap copies a JSON-like object deeply; nil stays nil.
func CloneMap(m map[string]any) map[string]any {
	if m == nil {
		return nil
	}
	out := make(map[string]any, len(m))
	// A copy has no order.
	//workflowcheck:ignore
	for k, v := range m {
		out[k] = Clone(v)
	}
	return out
}
