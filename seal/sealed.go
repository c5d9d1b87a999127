package seal

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// prefix starts every sealed token. After it come, in URL-safe base64 without
// padding, three bytes of length and that many bytes of ciphertext. The length
// tells where the token ends when a template has put text right behind it.
const (
	prefix       = "sealed:v1:"
	headBytes    = 3
	headChars    = headBytes * 4 / 3
	maxSealed    = 1<<(8*headBytes) - 1 // bytes of ciphertext
	tokenLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
)

// ErrMalformed says that a sealed token was cut off or changed.
var ErrMalformed = errors.New("a sealed value is cut off or changed")

// encoding refuses stray bits, so that a token has one spelling only.
var encoding = base64.RawURLEncoding.Strict()

// Seal returns plain as a sealed token of letters, digits, '-', '_' and the
// prefix "sealed:v1:". A string that is one sealed token already is returned as
// it is. Tokens inside a larger string are opened first, so one Open gives
// everything back in clear.
func (k *Keeper) Seal(ctx context.Context, plain string) (string, error) {
	if isToken(plain) {
		return plain, nil
	}
	plain, err := k.Open(ctx, plain)
	if err != nil {
		return "", err
	}
	ciphertext, err := k.secrets.Encrypt(ctx, []byte(plain))
	if err != nil {
		return "", fmt.Errorf("seal: seal a value: %w", err)
	}
	n := len(ciphertext)
	if n > maxSealed {
		return "", fmt.Errorf("seal: a value of %d bytes is too long to be sealed", len(plain))
	}
	head := []byte{byte(n >> 16), byte(n >> 8), byte(n)} //nolint:gosec // three bytes hold maxSealed
	return prefix + encoding.EncodeToString(append(head, ciphertext...)), nil
}

// Open returns s with every sealed token in it replaced by its clear text. What
// that text holds is not opened again. A token that is cut off is
// [ErrMalformed], rather than sent to a server as if it were the secret.
func (k *Keeper) Open(ctx context.Context, s string) (string, error) {
	return k.open(ctx, s, func(string) {})
}

func (k *Keeper) open(ctx context.Context, s string, note func(plain string)) (string, error) {
	return replaceTokens(s, func(ciphertext []byte) (string, error) {
		if ciphertext == nil {
			return "", fmt.Errorf("seal: open a value: %w; enter the secret again", ErrMalformed)
		}
		plain, err := k.secrets.Decrypt(ctx, ciphertext)
		if err != nil {
			return "", fmt.Errorf("seal: open a value: it was sealed with another key, or changed; enter the secret again or restore the key: %w", err)
		}
		note(string(plain))
		return string(plain), nil
	})
}

// isToken reports whether s is one well-formed token and nothing else.
func isToken(s string) bool {
	if !strings.HasPrefix(s, prefix) {
		return false
	}
	n, ciphertext := parseToken(s)
	return ciphertext != nil && n == len(s)
}

// replaceTokens returns s with each token replaced by what replace makes of its
// ciphertext, which is nil for a malformed token.
func replaceTokens(s string, replace func(ciphertext []byte) (string, error)) (string, error) {
	var out strings.Builder
	for {
		before, _, found := strings.Cut(s, prefix)
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		n, ciphertext := parseToken(s[len(before):])
		text, err := replace(ciphertext)
		if err != nil {
			return "", err
		}
		out.WriteString(text)
		s = s[len(before)+n:]
	}
}

// parseToken returns the length and the ciphertext of the token that s starts
// with. A malformed one has no ciphertext and reaches as far as its letters do.
func parseToken(s string) (n int, ciphertext []byte) {
	body, _, _ := strings.Cut(s[len(prefix):], prefix)
	body = body[:len(body)-len(strings.TrimLeft(body, tokenLetters))]
	n, ciphertext = parseBody(body)
	if ciphertext == nil {
		n = len(body)
	}
	return len(prefix) + n, ciphertext
}

func parseBody(body string) (n int, ciphertext []byte) {
	if len(body) < headChars {
		return 0, nil
	}
	head, err := encoding.DecodeString(body[:headChars])
	if err != nil {
		return 0, nil
	}
	size := int(head[0])<<16 | int(head[1])<<8 | int(head[2])
	n = headChars + encoding.EncodedLen(size)
	if size == 0 || n > len(body) {
		return 0, nil
	}
	ciphertext, err = encoding.DecodeString(body[headChars:n])
	if err != nil {
		return 0, nil
	}
	return n, ciphertext
}
