package graph

import (
	"strconv"
	"strings"
)

// lookup follows a path such as outputs["login"].restData.list[0] into a value.
// A whole key wins over its parts: "a.b" finds the key "a.b" before b in a.
func lookup(root any, path string) (any, bool) {
	if m, ok := root.(map[string]any); ok {
		if v, ok := m[path]; ok {
			return v, true
		}
	}
	return Follow(root, SplitPath(path))
}

// Follow goes down from a value of JSON, key by key; false when there is no such way.
func Follow(v any, keys []string) (any, bool) {
	for _, key := range keys {
		switch at := v.(type) {
		case map[string]any:
			next, ok := at[key]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i < 0 || i >= len(at) {
				return nil, false
			}
			v = at[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// SplitPath cuts a path as lodash reads it: a.b["c.d"][0] into a, b, c.d, 0.
func SplitPath(path string) []string {
	var keys []string
	for path != "" {
		var key string
		switch path[0] {
		case '.':
			path = path[1:]
			continue
		case '[':
			key, path = cutBracket(path[1:])
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			key, path = path[:end], path[end:]
		}
		keys = append(keys, key)
	}
	return keys
}

func cutBracket(path string) (key, rest string) {
	if path != "" && (path[0] == '"' || path[0] == '\'') {
		quote := path[:1]
		if key, rest, ok := strings.Cut(path[1:], quote+"]"); ok {
			return key, rest
		}
	}
	key, rest, _ = strings.Cut(path, "]")
	return key, rest
}
