package seal_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/rackflow/rackflow/seal"
)

func testKey(first byte) (key [seal.KeySize]byte) {
	for i := range key {
		key[i] = first + byte(i)
	}
	return key
}

func localKeeper(t *testing.T) *seal.Keeper {
	t.Helper()
	k := seal.NewLocal(testKey(1))
	t.Cleanup(func() {
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k
}

func TestOpenBase64KeyIsTheLocalKey(t *testing.T) {
	t.Parallel()
	key := testKey(1)
	keyURL := "base64key://" + base64.URLEncoding.EncodeToString(key[:])
	byURL, err := seal.Open(t.Context(), keyURL, testKey(9))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = byURL.Close() }()
	sealed, err := byURL.Seal(t.Context(), "calvin")
	if err != nil {
		t.Fatal(err)
	}
	local := localKeeper(t)
	plain, err := local.Open(t.Context(), sealed)
	if err != nil || plain != "calvin" {
		t.Errorf("the same key as NewLocal opened %q, %v", plain, err)
	}
	if byURL.Token("x") == local.Token("x") {
		t.Error("the token key made no difference")
	}
}

func TestOpenRefusesWithoutQuotingTheKey(t *testing.T) {
	t.Parallel()
	const key = "c21Hd2JqbTcxTnhkMUlnNUZTMHdqOVNsYnpBSXJub2w"
	for name, tc := range map[string]struct{ url, want string }{
		"no key":         {"base64key://", "random one"},
		"short key":      {"base64key://" + key + "x", "32 bytes"},
		"unknown scheme": {"base64keys://" + key, "base64key://"},
		"no scheme":      {key, "base64key://"},
		"not a URL":      {"base64key://" + key + "\x7f", "cannot be parsed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := seal.Open(t.Context(), tc.url, testKey(1))
			if err == nil {
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %q does not say %q", err, tc.want)
			}
			if strings.Contains(err.Error(), key) {
				t.Errorf("error %q quotes the key", err)
			}
		})
	}
}
