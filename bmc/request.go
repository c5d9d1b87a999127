package bmc

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/stmcginnis/gofish"
	"github.com/stmcginnis/gofish/schemas"
)

// call runs requests through gofish as one step of an operation. When the session
// has ended, it logs in once and runs them again: a request refused with 401 has
// done nothing.
func (b *BMC) call(ctx context.Context, f failure, requests func(*gofish.APIClient) error) error {
	client, err := b.current(f.op)
	if err != nil {
		return err
	}
	err = b.attempt(ctx, client, f, requests)
	if !hasStatus(err, http.StatusUnauthorized) {
		return err
	}
	client, err = b.renew(ctx, client)
	if err != nil {
		return f.of(ctx, err)
	}
	return b.attempt(ctx, client, f, requests)
}

func (b *BMC) attempt(ctx context.Context, client *gofish.APIClient, f failure, requests func(*gofish.APIClient) error) error {
	done, err := b.limit.acquire(ctx, f.write)
	if err != nil {
		return f.of(ctx, err)
	}
	attemptCtx, seen := traced(ctx)
	f.seen = seen
	attemptCtx, cancel := context.WithTimeout(attemptCtx, cmp.Or(f.timeout, b.cfg.Timeout))
	defer cancel()
	err = f.of(ctx, requests(client.WithContext(attemptCtx)))
	done(err)
	return err
}

// get reads a resource into out and returns its ETag. The URI is used as the BMC
// wrote it: decoding and encoding an iDRAC's %23 again would name another resource.
func (b *BMC) get(ctx context.Context, op, uri string, out any) (etag string, err error) {
	err = b.read(ctx, op, uri, func(resp *http.Response) error {
		etag = resp.Header.Get("ETag")
		return decode(resp.Body, out)
	})
	return etag, err
}

// body reads what need not be a JSON document.
func (b *BMC) body(ctx context.Context, op, uri string) (body []byte, err error) {
	err = b.read(ctx, op, uri, func(resp *http.Response) error {
		var err error
		body, err = io.ReadAll(resp.Body)
		return err
	})
	return body, err
}

func (b *BMC) read(ctx context.Context, op, uri string, use func(*http.Response) error) error {
	if err := b.checkURI(op, uri); err != nil {
		return err
	}
	return b.call(ctx, b.failure(op), func(c *gofish.APIClient) error {
		resp, err := c.Get(uri) //nolint:bodyclose // closed by gofish's own clean-up
		if err != nil {
			return err
		}
		defer schemas.DeferredCleanupHTTPResponse(resp)
		return use(resp)
	})
}

// post runs an action. It sends no If-Match: an iDRAC refuses it on actions.
func (b *BMC) post(ctx context.Context, op, uri string, body any) error {
	return b.write(ctx, op, uri, func(c *gofish.APIClient) (*http.Response, error) {
		return c.Post(uri, body)
	})
}

// patch changes a resource that was read with this ETag. iDRACs refuse their own
// ETags in some forms, so it tries the tag as given, in its strong form and last
// without: what is patched here is one setting, not a read-modify-write.
func (b *BMC) patch(ctx context.Context, op, uri, etag string, body any) error {
	return matching(etag, func(headers map[string]string) error {
		return b.write(ctx, op, uri, func(c *gofish.APIClient) (*http.Response, error) {
			return c.PatchWithHeaders(uri, body, headers)
		})
	})
}

// matching runs a conditional request with one form of the ETag after the other until
// the BMC does not say that it does not match.
func matching(etag string, request func(headers map[string]string) error) error {
	var err error
	for _, tag := range matchForms(etag) {
		headers := map[string]string{}
		if tag != "" {
			headers["If-Match"] = tag
		}
		err = request(headers)
		if !hasStatus(err, http.StatusPreconditionFailed) {
			return err
		}
	}
	return err
}

// matchForms lists what to send as If-Match, "" for nothing. A strong form drops
// the weak mark and the suffix of a compressed answer.
func matchForms(etag string) []string {
	if etag == "" {
		return []string{""}
	}
	strong := strings.TrimPrefix(etag, "W/")
	if bare, found := strings.CutSuffix(strong, `-gzip"`); found {
		strong = bare + `"`
	}
	if strong == etag {
		return []string{etag, ""}
	}
	return []string{etag, strong, ""}
}

func (b *BMC) write(ctx context.Context, op, uri string, request func(*gofish.APIClient) (*http.Response, error)) error {
	if err := b.checkURI(op, uri); err != nil {
		return err
	}
	f := b.failure(op)
	f.write = true
	return b.call(ctx, f, func(c *gofish.APIClient) error {
		resp, err := request(c) //nolint:bodyclose // closed by gofish's own clean-up
		schemas.DeferredCleanupHTTPResponse(resp)
		return err
	})
}

// checkURI accepts only paths: gofish appends links to the endpoint, where
// "@elsewhere" would name another host.
func (b *BMC) checkURI(op, uri string) error {
	if !strings.HasPrefix(uri, "/") {
		return b.refuse(op, "the BMC does not link to the resource that this needs", "its firmware may be too old, or its licence may not cover this")
	}
	return nil
}
