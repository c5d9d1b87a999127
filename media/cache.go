package media

import "container/list"

// cache keeps what was used last, within a limit of costs. It is not safe for
// concurrent use.
type cache[K comparable, V any] struct {
	limit   int64
	evicted func(V) // may be nil

	used  int64
	items map[K]*list.Element
	order list.List // of cached[K, V], the last used first
}

type cached[K comparable, V any] struct {
	key   K
	value V
	cost  int64
}

func newCache[K comparable, V any](limit int64, evicted func(V)) *cache[K, V] {
	return &cache[K, V]{limit: limit, evicted: evicted, items: make(map[K]*list.Element)}
}

func (c *cache[K, V]) get(key K) (value V, ok bool) {
	element, ok := c.items[key]
	if !ok {
		return value, false
	}
	c.order.MoveToFront(element)
	return element.Value.(cached[K, V]).value, true //nolint:forcetypeassert // put adds nothing else
}

// put adds a value, and evicts the oldest until all fit. A value that alone is
// over the limit stays until the next one comes.
func (c *cache[K, V]) put(key K, value V, cost int64) {
	c.remove(key)
	c.items[key] = c.order.PushFront(cached[K, V]{key, value, cost})
	c.used += cost
	for c.used > c.limit && c.order.Len() > 1 {
		c.drop(c.order.Back())
	}
}

func (c *cache[K, V]) remove(key K) {
	if element, ok := c.items[key]; ok {
		c.drop(element)
	}
}

func (c *cache[K, V]) clear() {
	for c.order.Len() > 0 {
		c.drop(c.order.Back())
	}
}

func (c *cache[K, V]) drop(element *list.Element) {
	item := c.order.Remove(element).(cached[K, V]) //nolint:forcetypeassert // put adds nothing else
	delete(c.items, item.key)
	c.used -= item.cost
	if c.evicted != nil {
		c.evicted(item.value)
	}
}
