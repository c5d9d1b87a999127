package seal_test

import (
	"regexp"
	"testing"

	"github.com/rackflow/rackflow/seal"
)

func TestTokenIsStableAndURLSafe(t *testing.T) {
	t.Parallel()
	first := seal.NewLocal(testKey(1)).Token("media", "run-1", "install")
	again := seal.NewLocal(testKey(1)).Token("media", "run-1", "install")
	if first != again {
		t.Errorf("the same key and purpose gave %q and %q", first, again)
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{43}$`).MatchString(first) {
		t.Errorf("token %q is not 43 URL-safe characters", first)
	}
}

func TestTokenTellsPurposesAndKeysApart(t *testing.T) {
	t.Parallel()
	k := seal.NewLocal(testKey(1))
	seen := map[string]string{}
	for name, token := range map[string]string{
		"none":        k.Token(),
		"one empty":   k.Token(""),
		"two empty":   k.Token("", ""),
		"a, bc":       k.Token("a", "bc"),
		"ab, c":       k.Token("ab", "c"),
		"abc":         k.Token("abc"),
		"another key": seal.NewLocal(testKey(2)).Token("abc"),
	} {
		if other, ok := seen[token]; ok {
			t.Errorf("%q and %q share a token", name, other)
		}
		seen[token] = name
	}
}
