package seal_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"

	"github.com/rackflow/rackflow/seal"
)

func mustSeal(t testing.TB, k *seal.Keeper, plain string) string {
	t.Helper()
	sealed, err := k.Seal(t.Context(), plain)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestSealMakesOneToken(t *testing.T) {
	t.Parallel()
	k := localKeeper(t)
	for _, plain := range []string{"calvin", "", "pä$$ {\"x\"}\n", strings.Repeat("long ", 1000)} {
		sealed := mustSeal(t, k, plain)
		if !regexp.MustCompile(`^sealed:v1:[A-Za-z0-9_-]+$`).MatchString(sealed) {
			t.Errorf("%q is not one token", sealed)
		}
		if plain != "" && strings.Contains(sealed, plain) {
			t.Errorf("%q shows its clear text", sealed)
		}
		if got, err := k.Open(t.Context(), sealed); err != nil || got != plain {
			t.Errorf("opened %q, %v; want %q", got, err, plain)
		}
	}
}

func TestSealTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	k := localKeeper(t)
	once := mustSeal(t, k, "calvin")
	if twice := mustSeal(t, k, once); twice != once {
		t.Errorf("sealed again: %q became %q", once, twice)
	}
}

func TestSealOpensTokensInside(t *testing.T) {
	t.Parallel()
	k := localKeeper(t)
	sealed := mustSeal(t, k, "Bearer "+mustSeal(t, k, "abc"))
	if got, err := k.Open(t.Context(), sealed); err != nil || got != "Bearer abc" {
		t.Errorf("opened %q, %v", got, err)
	}
}

func TestOpenReplacesTokensInText(t *testing.T) {
	t.Parallel()
	k := localKeeper(t)
	one, two := mustSeal(t, k, "ONE"), mustSeal(t, k, "TWO")
	for name, tc := range map[string]struct{ in, want string }{
		"nothing sealed":     {"plain sealed:v2:x", "plain sealed:v2:x"},
		"empty":              {"", ""},
		"in front":           {one + " rest", "ONE rest"},
		"at the end":         {"Bearer " + one, "Bearer ONE"},
		"letters right on":   {"x" + one + "y_-9", "xONEy_-9"},
		"one after another":  {one + two, "ONETWO"},
		"in a URL":           {"https://root:" + one + "@bmc/?k=" + two, "https://root:ONE@bmc/?k=TWO"},
		"clear like a token": {mustSeal(t, k, "see sealed") + ":v1:x", "see sealed:v1:x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := k.Open(t.Context(), tc.in)
			if err != nil || got != tc.want {
				t.Errorf("got %q, %v; want %q", got, err, tc.want)
			}
		})
	}
}

func TestOpenRefusesDamage(t *testing.T) {
	t.Parallel()
	k := localKeeper(t)
	sealed := mustSeal(t, k, "calvin")
	for name, in := range map[string]string{
		"cut off":       sealed[:len(sealed)-1],
		"cut before":    sealed[:len(sealed)-1] + sealed,
		"no body":       "sealed:v1:",
		"no ciphertext": "sealed:v1:AAAA",
		"length only":   "sealed:v1:____",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := k.Open(t.Context(), in); !errors.Is(err, seal.ErrMalformed) {
				t.Errorf("opened %q, %v; want ErrMalformed", got, err)
			}
		})
	}
}

func TestOpenNeedsTheSameKey(t *testing.T) {
	t.Parallel()
	sealed := mustSeal(t, localKeeper(t), "calvin")
	got, err := seal.NewLocal(testKey(2)).Open(t.Context(), sealed)
	if err == nil {
		t.Fatalf("another key opened it to %q", got)
	}
	if strings.Contains(err.Error(), "calvin") || !strings.Contains(err.Error(), "another key") {
		t.Errorf("error %q: want it to name the cause and not the secret", err)
	}
}

func FuzzOpen(f *testing.F) {
	k := seal.NewLocal(testKey(1))
	sealed := mustSeal(f, k, "calvin")
	for _, seed := range []string{"", "plain", sealed, "Bearer " + sealed + "x", sealed[:20], sealed + sealed, "sealed:v1:", "sealed:v1:AAAB_w"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		plain, err := k.Open(t.Context(), s)
		if err != nil {
			if plain != "" {
				t.Errorf("failed and still returned %q", plain)
			}
			return
		}
		if !strings.Contains(s, "sealed:v1:") && plain != s {
			t.Errorf("%q holds nothing sealed and became %q", s, plain)
		}
		again, err := k.Seal(t.Context(), s)
		if err != nil {
			t.Fatalf("what could be opened could not be sealed: %v", err)
		}
		if reopened, err := k.Open(t.Context(), again); err != nil || reopened != plain {
			t.Errorf("sealing %q first changed what it opens to: %q, %v; want %q", s, reopened, err, plain)
		}
	})
}
