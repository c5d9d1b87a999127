package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"strconv"

	"github.com/rackflow/rackflow/iso"
)

// isoSource is where an image comes from.
type isoSource struct {
	name string
	size int64 // bytes
	// digest is what the image must have; empty: not known.
	digest string
	// tag tells this content from an older one, where there is no digest.
	tag string
	// from reads the image from an offset on.
	from  func(ctx context.Context, offset int64) (io.ReadCloser, error)
	close func() error
}

// openISOFile reads the file once before it is sent: what is no ISO, or not the
// image that was meant, is not worth the time.
func (a *app) openISOFile(ctx context.Context, name, digest string) (_ *isoSource, err error) {
	f, err := a.p.OpenFile(name)
	if err != nil {
		return nil, fmt.Errorf("read image: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.Close())
		}
	}()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read image: %w", err)
	}
	if _, err := iso.Open(f, info.Size()); err != nil {
		return nil, &exitError{code: exitRefused, err: fmt.Errorf("%s: %w", name, err)}
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, interruptible{ctx, io.NewSectionReader(f, 0, info.Size())}); err != nil {
		return nil, fmt.Errorf("read image: %w", err)
	}
	found := "sha256:" + hex.EncodeToString(sum.Sum(nil))
	if digest != "" && digest != found {
		return nil, &exitError{
			code: exitRefused, err: fmt.Errorf("%s has the digest %s, and not %s", name, found, digest), hint: "Download it again.",
		}
	}
	return &isoSource{
		name: filepath.ToSlash(filepath.Clean(name)), size: info.Size(), digest: found, close: f.Close,
		from: func(_ context.Context, offset int64) (io.ReadCloser, error) {
			return io.NopCloser(io.NewSectionReader(f, offset, info.Size()-offset)), nil
		},
	}, nil
}

// interruptible is a reader that fails once its context has ended.
type interruptible struct {
	ctx context.Context //nolint:containedctx // it lives for one copy
	r   io.Reader
}

// Read implements [io.Reader].
func (i interruptible) Read(p []byte) (int, error) {
	if err := i.ctx.Err(); err != nil {
		return 0, err
	}
	return i.r.Read(p)
}

// openISOURL asks what is at the URL.
func (a *app) openISOURL(ctx context.Context, u *url.URL, digest string) (*isoSource, error) {
	d := &download{client: &http.Client{Transport: a.p.HTTP}, url: u}
	resp, err := d.do(ctx, http.MethodHead, 0)
	if err != nil {
		return nil, err
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK || resp.ContentLength <= 0 {
		return nil, &exitError{
			code: exitRefused, err: fmt.Errorf("%s answered %s with %d bytes", u.Redacted(), resp.Status, resp.ContentLength),
			hint: "Is the URL that of the image itself? Else download it and add the file.",
		}
	}
	d.size, d.validator = resp.ContentLength, validatorOf(resp)
	return &isoSource{
		name: path.Base(u.Path), size: d.size, digest: digest, tag: d.tag(),
		from: d.from, close: func() error { return nil },
	}, nil
}

// download reads an image from a web server.
type download struct {
	client *http.Client
	url    *url.URL
	size   int64
	// validator is what the server calls this version of the content; it may be empty.
	validator string
}

// tag is a hash, because a URL may hold a password or a token.
func (d *download) tag() string {
	sum := sha256.Sum256([]byte(d.url.String() + " " + d.validator))
	return hex.EncodeToString(sum[:])
}

// validatorOf prefers the tag, which is exact.
func validatorOf(resp *http.Response) string {
	if tag := resp.Header.Get("ETag"); tag != "" {
		return tag
	}
	return resp.Header.Get("Last-Modified")
}

func (d *download) do(ctx context.Context, method string, offset int64) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, d.url.String(), nil)
	if err != nil {
		return nil, err
	}
	// A server that compresses would tell the size of something else.
	req.Header.Set("Accept-Encoding", "identity")
	if offset > 0 {
		req.Header.Set("Range", "bytes="+strconv.FormatInt(offset, 10)+"-")
	}
	resp, err := d.client.Do(req)
	if err != nil {
		if cause, ok := errors.AsType[*url.Error](err); ok {
			err = cause.Err // the rest may hold a password
		}
		return nil, &exitError{code: exitUnreachable, err: fmt.Errorf("download %s: %w", d.url.Redacted(), err), hint: "Try again."}
	}
	return resp, nil
}

// from reads from an offset on. A server that knows no ranges sends what is here
// already once more.
func (d *download) from(ctx context.Context, offset int64) (io.ReadCloser, error) {
	resp, err := d.do(ctx, http.MethodGet, offset)
	if err != nil {
		return nil, err
	}
	if err := d.check(resp, offset); err != nil {
		return nil, errors.Join(err, resp.Body.Close())
	}
	body := bufio.NewReaderSize(resp.Body, sniffLength)
	if resp.StatusCode == http.StatusOK && offset > 0 {
		if _, err := io.CopyN(io.Discard, body, offset); err != nil {
			return nil, errors.Join(fmt.Errorf("download %s: %w", d.url.Redacted(), err), resp.Body.Close())
		}
	}
	if offset == 0 {
		if err := d.sniff(body); err != nil {
			return nil, errors.Join(err, resp.Body.Close())
		}
	}
	return bodyReader{body, resp.Body}, nil
}

func (d *download) check(resp *http.Response, offset int64) error {
	begins := fmt.Sprintf("bytes %d-%d/%d", offset, d.size-1, d.size)
	switch {
	case resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusPartialContent:
		return &exitError{code: exitFailure, err: fmt.Errorf("%s answered %s", d.url.Redacted(), resp.Status)}
	case validatorOf(resp) != d.validator,
		resp.StatusCode == http.StatusPartialContent && resp.Header.Get("Content-Range") != begins:
		return &exitError{
			code: exitRefused, err: fmt.Errorf("the content of %s has changed", d.url.Redacted()), hint: "Start again.",
		}
	}
	return nil
}

// sniffLength reaches behind an ISO's first descriptor, in bytes.
const sniffLength = 64 << 10

// sniff finds a log-in page or an archive before gigabytes of it have come.
func (d *download) sniff(body *bufio.Reader) error {
	head, err := body.Peek(int(min(d.size, sniffLength)))
	if err != nil {
		return fmt.Errorf("download %s: %w", d.url.Redacted(), err)
	}
	if _, err := iso.Inspect(bytes.NewReader(head), d.size); errors.Is(err, iso.ErrNotISO) {
		return &exitError{code: exitRefused, err: fmt.Errorf("%s: %w", d.url.Redacted(), err)}
	}
	return nil
}

// bodyReader reads what is buffered before the rest.
type bodyReader struct {
	io.Reader
	io.Closer
}
