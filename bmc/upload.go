package bmc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/stmcginnis/gofish"
)

// uploadRate is the slowest upload that is waited for, in bytes a second.
const uploadRate = 256 << 10

// upload is a file on its way to the BMC with the parameters that go before it. It is
// never held in memory: gofish's own multipart support reads the whole file first.
type upload struct {
	uri        string
	parameters any
	file       FirmwareFile
}

// parts returns what to send before and after the file, and the content type.
func (u upload) parts() (head, tail []byte, contentType string, err error) {
	parameters, err := json.Marshal(u.parameters)
	if err != nil {
		return nil, nil, "", err
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="UpdateParameters"`},
		"Content-Type":        {"application/json"},
	})
	if err != nil {
		return nil, nil, "", err
	}
	if _, err := part.Write(parameters); err != nil {
		return nil, nil, "", err
	}
	if _, err := w.CreateFormFile("UpdateFile", u.file.Name); err != nil {
		return nil, nil, "", err
	}
	head = bytes.Clone(form.Bytes())
	if err := w.Close(); err != nil {
		return nil, nil, "", err
	}
	return head, form.Bytes()[len(head):], w.FormDataContentType(), nil
}

// startUpload sends the file with its length and returns the id of the job that works on
// it. The time it may take grows with the file.
func (b *BMC) startUpload(ctx context.Context, op string, u upload) (jobID string, err error) {
	if err := b.checkURI(op, u.uri); err != nil {
		return "", err
	}
	head, tail, contentType, err := u.parts()
	if err != nil {
		return "", b.refuse(op, err.Error(), "")
	}
	f := b.failure(op)
	f.write = true
	f.timeout = b.cfg.Timeout + time.Duration(u.file.Size/uploadRate)*time.Second
	err = b.call(ctx, f, func(c *gofish.APIClient) error {
		file, err := u.file.Open()
		if err != nil {
			return &Error{Outcome: Permanent, Op: op, Server: b.cfg.Server, Message: "the firmware file " + u.file.Name + " cannot be opened", Hint: "check that it is still there", Err: err}
		}
		defer file.Close() //nolint:errcheck // it was only read
		body := &oneWay{io.MultiReader(bytes.NewReader(head), &exactly{r: file, left: u.file.Size}, bytes.NewReader(tail))}
		length := int64(len(head)) + u.file.Size + int64(len(tail))
		resp, err := c.RunRawRequestWithHeaders(http.MethodPost, u.uri, body, contentType, map[string]string{
			"Content-Length": strconv.FormatInt(length, 10),
		})
		if err != nil {
			return err
		}
		defer resp.Body.Close() //nolint:errcheck // nothing more is wanted from it
		jobID = startedJob(resp)
		return nil
	})
	if errors.Is(err, errFileLength) {
		return "", b.refuse(op, u.file.Name+": "+errFileLength.Error(), "the BMC got only a part and drops it; check the file")
	}
	return jobID, err
}

// errFileLength is a file that is not as long as was said.
var errFileLength = errors.New("the file's length is not the one that was given")

// exactly reads as many bytes as were announced, and fails rather than let the BMC have
// another number.
type exactly struct {
	r    io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		if n, _ := e.r.Read(make([]byte, 1)); n > 0 {
			return 0, errFileLength
		}
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if errors.Is(err, io.EOF) && e.left > 0 {
		return n, fmt.Errorf("%w: %d bytes are missing", errFileLength, e.left)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// oneWay is a request body. gofish wants to seek in one, but never does.
type oneWay struct{ io.Reader }

func (*oneWay) Seek(int64, int) (int64, error) { return 0, errors.ErrUnsupported }

// safeFileName keeps a name from ending its header line.
func safeFileName(name string) bool {
	return name != "" && !strings.ContainsAny(name, "/\\\"\r\n\x00")
}
