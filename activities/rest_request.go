package activities

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/rackflow/rackflow/graph"
)

type credential struct {
	Username string `json:"username"`
	Password string `json:"password"`
}

// auth is how a call says who makes it.
type auth struct {
	credential

	// Type is basic or bearer.
	Type  string `json:"type"`
	Token string `json:"token"`
}

// check finds what is wrong with the options, and puts the method into capitals.
// What was given as URL is never repeated: it may hold a password.
func (o *restOptions) check() error {
	o.Method = strings.ToUpper(o.Method)
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("option url should be http(s)://host/path")
	case o.Method == "":
		return errors.New("option method is required")
	case o.bodies() > 1:
		return errors.New("options data, body and form exclude each other: a call has one body")
	case o.Credential != nil && o.Auth != nil:
		return errors.New("options credential and auth exclude each other")
	case o.MaxBytes < 0 || o.MaxBytes > maxRestBody:
		return fmt.Errorf("option maxBytes should be at most %d", maxRestBody)
	case o.Until != "" && !o.Repeat && o.Method != http.MethodGet && o.Method != http.MethodHead:
		return fmt.Errorf("option until makes the call more than once: say repeat: true if %s may be", o.Method)
	}
	return o.Auth.check()
}

func (o *restOptions) bodies() int {
	n := 0
	for _, given := range []bool{o.Data != nil, o.Body != nil, o.Form != nil} {
		if given {
			n++
		}
	}
	return n
}

func (a *auth) check() error {
	switch {
	case a == nil:
	case a.Type == "basic" && a.Username == "":
		return errors.New("option auth.username is required")
	case a.Type == "bearer" && a.Token == "":
		return errors.New("option auth.token is required")
	case a.Type != "basic" && a.Type != "bearer":
		return errors.New("option auth.type should be basic or bearer")
	}
	return nil
}

func (r *restCall) request(ctx context.Context) (*http.Request, error) {
	o := &r.options
	query, err := encodeQuery(o.Query)
	if err != nil {
		return nil, err
	}
	body, contentType, err := o.encodeBody()
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, o.Method, o.URL, body)
	if err != nil {
		return nil, err
	}
	req.URL.RawQuery = strings.Trim(req.URL.RawQuery+"&"+query, "&")
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if !o.repeats() {
		req.Header.Set("Idempotency-Key", r.idempotencyKey())
	}
	for name, value := range o.Headers {
		req.Header.Set(name, value)
	}
	// net/http takes the name of the host from here alone.
	req.Host = cmp.Or(req.Header.Get("Host"), req.Host)
	r.authorize(req)
	return req, nil
}

func (r *restCall) authorize(req *http.Request) {
	if password, ok := req.URL.User.Password(); ok {
		r.hide(password)
	}
	if c := r.options.Credential; c != nil {
		r.hide(c.Password)
		req.SetBasicAuth(c.Username, c.Password)
	}
	a := r.options.Auth
	if a == nil {
		return
	}
	r.hide(a.Password)
	r.hide(a.Token)
	if a.Type == "bearer" {
		req.Header.Set("Authorization", "Bearer "+a.Token)
		return
	}
	req.SetBasicAuth(a.Username, a.Password)
}

// idempotencyKey is the same for every attempt at this task: one that follows a
// crash sends the call again, and the receiver can tell.
func (c *call) idempotencyKey() string {
	run := c.info.WorkflowExecution
	return graph.InstanceID(run.ID+"."+run.RunID, c.label)
}

func (o *restOptions) encodeBody() (body io.Reader, contentType string, err error) {
	if o.Form != nil {
		form, err := encodeQuery(o.Form)
		return strings.NewReader(form), "application/x-www-form-urlencoded", err
	}
	data := o.Data
	if data == nil {
		data = o.Body
	}
	switch v := data.(type) {
	case nil:
		return http.NoBody, "", nil
	case string:
		if json.Valid([]byte(v)) {
			contentType = "application/json"
		}
		return strings.NewReader(v), contentType, nil
	}
	encoded, err := json.Marshal(data)
	return bytes.NewReader(encoded), "application/json", err
}

// encodeQuery writes an object, whose values may be lists, or a list of pairs, which
// keep their order.
func encodeQuery(v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case map[string]any:
		return encodeValues(v), nil
	case []any:
		return encodePairs(v)
	}
	return "", errors.New("option query should be an object, or a list of [name, value] pairs")
}

func encodeValues(object map[string]any) string {
	values := url.Values{}
	for name, value := range object {
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		for _, element := range list {
			values.Add(name, queryText(element))
		}
	}
	return values.Encode()
}

func encodePairs(list []any) (string, error) {
	parts := make([]string, len(list))
	for i, element := range list {
		pair, _ := element.([]any)
		if len(pair) != 2 {
			return "", fmt.Errorf("option query[%d] should be a pair [name, value]", i)
		}
		parts[i] = url.QueryEscape(queryText(pair[0])) + "=" + url.QueryEscape(queryText(pair[1]))
	}
	return strings.Join(parts, "&"), nil
}

// queryText is a value as a query has it, where null is nothing.
func queryText(v any) string {
	if v == nil {
		return ""
	}
	return graph.Text(v)
}
