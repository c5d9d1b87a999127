package graph

import (
	"errors"
	"testing"
)

func TestMemo(t *testing.T) {
	t.Parallel()
	made := 0
	var m memo[int, int]
	get := func(key int) {
		t.Helper()
		if v, err := m.get(key, func(key int) (int, error) { made++; return -key, nil }); err != nil || v != -key {
			t.Fatalf("%d: got %d, %v", key, v, err)
		}
	}
	if _, err := m.get(1, func(int) (int, error) { return 0, errors.New("not now") }); err == nil {
		t.Error("a failure should be told")
	}
	get(1)
	get(1)
	if made != 1 {
		t.Errorf("made %d times, want once, and anew after the failure", made)
	}
	for key := range 3 * maxRemembered {
		get(key)
	}
	if len(m.known) > maxRemembered {
		t.Errorf("%d are remembered, %d are the most", len(m.known), maxRemembered)
	}
}
