package seal

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"gocloud.dev/secrets"
	"gocloud.dev/secrets/localsecrets"
)

// KeySize is the length of a local key in bytes.
const KeySize = 32

// Keeper seals and opens secrets and derives tokens. It is safe for concurrent
// use. No error of its methods holds clear text.
type Keeper struct {
	secrets  *secrets.Keeper
	tokenKey [KeySize]byte
}

// NewLocal returns a Keeper that needs nothing but the key. Tokens are derived
// from it too.
func NewLocal(key [KeySize]byte) *Keeper {
	return &Keeper{secrets: localsecrets.NewKeeper(key), tokenKey: deriveTokenKey(key)}
}

// Open returns a Keeper on the key service that keyURL names, in the form that
// [gocloud.dev/secrets] documents: "base64key://" with a URL-safe base64 key, or
// that of a service whose driver the program links in. Key services hand out no
// key material, so tokens are derived from tokenKey, which must stay the same
// for as long as runs are open.
func Open(ctx context.Context, keyURL string, tokenKey [KeySize]byte) (*Keeper, error) {
	keeper, err := openKeeper(ctx, keyURL)
	if err != nil {
		return nil, fmt.Errorf("seal: open the key service: %w", err)
	}
	return &Keeper{secrets: keeper, tokenKey: deriveTokenKey(tokenKey)}, nil
}

// openKeeper never passes on an error that may quote the URL before it is known
// not to be the key itself.
func openKeeper(ctx context.Context, keyURL string) (*secrets.Keeper, error) {
	u, err := url.Parse(keyURL)
	if err != nil {
		return nil, errors.New("the key URL cannot be parsed")
	}
	if u.Scheme == localsecrets.Scheme {
		return openBase64Key(u)
	}
	if schemes := secrets.DefaultURLMux().KeeperSchemes(); !slices.Contains(schemes, u.Scheme) {
		return nil, fmt.Errorf("the key URL must start with one of %s://", strings.Join(schemes, "://, "))
	}
	return secrets.OpenKeeper(ctx, keyURL)
}

func openBase64Key(u *url.URL) (*secrets.Keeper, error) {
	if u.Host == "" {
		return nil, errors.New("the key URL holds no key; a random one could not open anything after a restart")
	}
	key, err := localsecrets.Base64Key(u.Host)
	if err != nil {
		return nil, fmt.Errorf("the key URL needs %d bytes in URL-safe base64 with padding", KeySize)
	}
	return localsecrets.NewKeeper(key), nil
}

// deriveTokenKey keeps the key that seals apart from the key that makes tokens:
// tokens are shown to others.
func deriveTokenKey(key [KeySize]byte) (derived [KeySize]byte) {
	// The only error is a length beyond what SHA-256 can give.
	b, _ := hkdf.Key(sha256.New, key[:], nil, "rackflow token v1", KeySize)
	copy(derived[:], b)
	return derived
}

// Close releases the connection to a key service.
func (k *Keeper) Close() error { return k.secrets.Close() }
