package graph

import "sync"

// maxRemembered bounds what one memo holds. A library has some dozens of schemas and
// conditions; one filled by passing texts begins anew.
const maxRemembered = 1000

// memo remembers what is slow to make. It is safe for concurrent use.
type memo[K comparable, V any] struct {
	mu    sync.Mutex
	known map[K]V
}

// get returns what was made for the key, or makes it. A failure is not remembered.
func (m *memo[K, V]) get(key K, create func(K) (V, error)) (V, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if v, ok := m.known[key]; ok {
		return v, nil
	}
	v, err := create(key)
	if err != nil {
		return v, err
	}
	if m.known == nil || len(m.known) >= maxRemembered {
		m.known = map[K]V{}
	}
	m.known[key] = v
	return v, nil
}
