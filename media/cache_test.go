package media

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCache(t *testing.T) {
	t.Parallel()
	var evicted []string
	c := newCache[int](10, func(v string) { evicted = append(evicted, v) })
	c.put(1, "one", 4)
	c.put(2, "two", 4)
	if _, ok := c.get(1); !ok { // 2 is the oldest from here on
		t.Error("1 is not there")
	}
	c.put(3, "three", 4)
	c.put(3, "drei", 4)
	c.put(4, "far too large", 100)
	if _, ok := c.get(4); !ok {
		t.Error("the only one is not kept")
	}
	c.remove(5)
	c.remove(4)
	c.put(6, "six", 1)
	c.clear()
	if diff := cmp.Diff([]string{"two", "three", "one", "drei", "far too large", "six"}, evicted); diff != "" {
		t.Errorf("evicted (-want +got):\n%s", diff)
	}
	if c.used != 0 || len(c.items) != 0 {
		t.Errorf("%d bytes in %d items are left", c.used, len(c.items))
	}
}
