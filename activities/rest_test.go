package activities_test

import (
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rackflow/rackflow/activities"
)

// service is an HTTP server that remembers what it was asked.
type service struct {
	*httptest.Server

	asked chan *http.Request
	body  chan string
}

func serve(t *testing.T, answer http.HandlerFunc) *service {
	t.Helper()
	s := &service{asked: make(chan *http.Request, 10), body: make(chan string, 10)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		s.asked <- r
		s.body <- string(body)
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func answer(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

// restData runs Job.Rest and returns what becomes of its answer.
func (b *bench) restData(t *testing.T, options map[string]any) map[string]any {
	t.Helper()
	out, _, err := b.do(t, attempt{job: "Job.Rest", options: options})
	check(t, err)
	result, _ := out.Result.(map[string]any)
	data, _ := result["restData"].(map[string]any)
	return data
}

func (b *bench) rest(t *testing.T, options map[string]any) error {
	t.Helper()
	_, _, err := b.do(t, attempt{job: "Job.Rest", options: options})
	return err
}

func TestRestAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		status float64
		body   any
	}{
		"an object":   {answer(200, `{"id":7,"tags":["a"]}`), 200, map[string]any{"id": 7.0, "tags": []any{"a"}}},
		"a list":      {answer(201, `[1]`), 201, []any{1.0}},
		"text":        {answer(202, "accepted"), 202, "accepted"},
		"nothing":     {answer(204, ""), 204, ""},
		"broken JSON": {answer(200, `{"id":`), 200, `{"id":`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, c.answer)
			data := b.restData(t, map[string]any{"url": s.URL, "method": "get"})
			if diff := cmp.Diff(c.body, data["body"]); diff != "" || data["httpStatusCode"] != c.status {
				t.Errorf("status %v, body (-want +got):\n%s", data["httpStatusCode"], diff)
			}
			if r := <-s.asked; r.Method != http.MethodGet {
				t.Errorf("method %s", r.Method)
			}
		})
	}
}

func TestRestRequest(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, c := range map[string]struct {
		data        any
		body        string
		contentType string
	}{
		"nothing":      {nil, "", ""},
		"an object":    {map[string]any{"a": 1.0}, `{"a":1}`, "application/json"},
		"a list":       {[]any{"a", 2.0}, `["a",2]`, "application/json"},
		"a number":     {5.0, "5", "application/json"},
		"JSON as text": {`{"a": 1}`, `{"a": 1}`, "application/json"},
		"text":         {"a=1&b=2", "a=1&b=2", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t, answer(200, ""))
			b.restData(t, map[string]any{"url": s.URL + "/x?y=1", "method": "POST", "data": c.data})
			r := <-s.asked
			if got := <-s.body; got != c.body || r.Header.Get("Content-Type") != c.contentType || r.URL.String() != "/x?y=1" {
				t.Errorf("%s, body %q, content type %q", r.URL, got, r.Header.Get("Content-Type"))
			}
		})
	}
}

func TestRestHeadersAndCredentials(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := serve(t, answer(200, ""))
	b.restData(t, map[string]any{
		"url": s.URL, "method": "PUT", "data": map[string]any{},
		"headers":    map[string]any{"content-type": "application/vnd.x+json", "Host": "virtual.lab", "Authorization": "Bearer " + b.seal(t, "t0k3n")},
		"credential": nil, "verifySSL": nil, "recvTimeoutMs": nil,
	})
	r := <-s.asked
	if r.Host != "virtual.lab" || r.Header.Get("Content-Type") != "application/vnd.x+json" || r.Header.Get("Authorization") != "Bearer t0k3n" {
		t.Errorf("host %s, headers %v", r.Host, r.Header)
	}
	b.restData(t, map[string]any{
		"url": s.URL, "method": "GET", "credential": map[string]any{"username": "ops", "password": b.seal(t, password)},
	})
	user, pass, _ := (<-s.asked).BasicAuth()
	if user != "ops" || pass != password {
		t.Errorf("logged in as %s with %q", user, pass)
	}
}

func TestRestSealsWhatTheAnswerHoldsSecret(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := serve(t, answer(200, `{"token":"t0k3n","user":"ops"}`, "X-Auth-Token", "h34d3r", "Set-Cookie", "sid=c00k13"))
	data := b.restData(t, map[string]any{"url": s.URL, "method": "POST"})
	text, err := json.Marshal(data)
	check(t, err)
	for _, secret := range []string{"t0k3n", "h34d3r", "c00k13"} {
		if strings.Contains(string(text), secret) {
			t.Errorf("%q is in clear: %s", secret, text)
		}
	}
	opened, err := b.keeper.OpenSecrets(t.Context(), data["body"])
	check(t, err)
	if diff := cmp.Diff(any(map[string]any{"token": "t0k3n", "user": "ops"}), opened); diff != "" {
		t.Errorf("opened (-want +got):\n%s", diff)
	}
}

func TestRestIdempotencyKey(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := serve(t, answer(200, ""))
	key := func(a attempt, method string) string {
		a.job, a.options = "Job.Rest", map[string]any{"url": s.URL, "method": method}
		_, _, err := b.do(t, a)
		check(t, err)
		return (<-s.asked).Header.Get("Idempotency-Key")
	}
	first := key(attempt{}, "POST")
	if again := key(attempt{number: 2}, "POST"); first == "" || again != first {
		t.Errorf("two attempts had the keys %q and %q", first, again)
	}
	if other := key(attempt{label: "other"}, "POST"); other == first {
		t.Error("two tasks had one key")
	}
	if got := key(attempt{}, "GET"); got != "" {
		t.Errorf("GET had the key %q", got)
	}
}

func TestRestCertificates(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s := httptest.NewUnstartedServer(answer(200, "in"))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	data := b.restData(t, map[string]any{"url": s.URL, "method": "GET", "verifySSL": false})
	if data["body"] != "in" {
		t.Errorf("answer %v", data)
	}
	for _, method := range []string{"GET", "POST"} {
		err := b.rest(t, map[string]any{"url": s.URL, "method": method, "verifySSL": true})
		wantFailure(t, err, activities.TypePermanent, false, method, "certificate")
		wantFailure(t, b.rest(t, map[string]any{"url": s.URL, "method": method}), activities.TypePermanent, false, "certificate")
	}
	authority := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}))
	check(t, b.rest(t, map[string]any{"url": s.URL, "method": "GET", "verifySSL": true, "caCert": authority}))
	wantFailure(t, b.rest(t, map[string]any{"url": s.URL, "method": "GET", "caCert": "none"}), activities.TypePermanent, false, "option caCert should hold")
}

func TestRestFailures(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	closed := refused(t)
	for name, c := range map[string]struct {
		answer    http.HandlerFunc
		options   map[string]any
		kind      string
		retryable bool
		delay     time.Duration
		want      []string
	}{
		"GET 503 says when":      {answer(503, "", "Retry-After", "7"), map[string]any{"method": "GET"}, activities.TypeTransient, true, 7 * time.Second, []string{"503"}},
		"GET 503 says too late":  {answer(503, "", "Retry-After", "86400"), map[string]any{"method": "GET"}, activities.TypeTransient, true, time.Minute, nil},
		"GET 503 says nonsense":  {answer(503, "", "Retry-After", "soon"), map[string]any{"method": "GET"}, activities.TypeTransient, true, 500 * time.Millisecond, nil},
		"GET 429":                {answer(429, ""), map[string]any{"method": "GET"}, activities.TypeTransient, true, 500 * time.Millisecond, nil},
		"GET 404":                {answer(404, "no such"), map[string]any{"method": "GET"}, activities.TypePermanent, false, 0, []string{"404 Not Found: no such"}},
		"PUT 500":                {answer(500, ""), map[string]any{"method": "PUT"}, activities.TypeTransient, true, 500 * time.Millisecond, nil},
		"POST 500":               {answer(500, "boom"), map[string]any{"method": "POST"}, activities.TypePermanent, false, 0, []string{"boom"}},
		"PATCH 429":              {answer(429, ""), map[string]any{"method": "PATCH"}, activities.TypePermanent, false, 0, nil},
		"GET broken off":         {breakOff, map[string]any{"method": "GET"}, activities.TypeTransient, true, 500 * time.Millisecond, nil},
		"POST broken off":        {breakOff, map[string]any{"method": "POST"}, activities.TypeUnknown, false, 0, nil},
		"GET too slow":           {stall, map[string]any{"method": "GET", "recvTimeoutMs": 50.0}, activities.TypeTransient, true, 500 * time.Millisecond, []string{"deadline exceeded"}},
		"POST too slow":          {stall, map[string]any{"method": "POST", "recvTimeoutMs": 50.0}, activities.TypeUnknown, false, 0, nil},
		"oversize":               {answer(200, strings.Repeat("x", 200<<10)), map[string]any{"method": "GET"}, activities.TypePermanent, false, 0, []string{"larger than"}},
		"not text":               {answer(400, "\xff\xfe\x00"+strings.Repeat("ä", 200)), map[string]any{"method": "GET"}, activities.TypePermanent, false, 0, []string{"400", "�"}},
		"GET nobody there":       {nil, map[string]any{"method": "GET", "url": closed}, activities.TypeTransient, true, 500 * time.Millisecond, []string{"refused"}},
		"POST nobody there":      {nil, map[string]any{"method": "POST", "url": closed}, activities.TypeTransient, true, 500 * time.Millisecond, []string{"refused"}},
		"no URL":                 {nil, map[string]any{"method": "GET", "url": nil}, activities.TypePermanent, false, 0, []string{"option url should be http"}},
		"no host":                {nil, map[string]any{"method": "GET", "url": "http:///x"}, activities.TypePermanent, false, 0, []string{"option url should be http"}},
		"another scheme":         {nil, map[string]any{"method": "GET", "url": "ftp://ops:calvin@h/x"}, activities.TypePermanent, false, 0, []string{"option url should be http"}},
		"no method":              {nil, map[string]any{"url": closed}, activities.TypePermanent, false, 0, []string{"option method is required"}},
		"a method of no use":     {nil, map[string]any{"url": closed, "method": "GET IT"}, activities.TypePermanent, false, 0, []string{"method"}},
		"a header of other type": {nil, map[string]any{"url": closed, "method": "GET", "headers": map[string]any{"X": 1.0}}, activities.TypePermanent, false, 0, []string{"option headers should be string, not number"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, given := c.options["url"]; !given {
				c.options["url"] = serve(t, c.answer).URL
			}
			failure := wantFailure(t, b.rest(t, c.options), c.kind, c.retryable, c.want...)
			if got := failure.NextRetryDelay(); got != c.delay {
				t.Errorf("next try after %s, want %s", got, c.delay)
			}
		})
	}
}

// refused is a URL at which nothing listens.
func refused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	check(t, l.Close())
	return "http://" + l.Addr().String()
}

func breakOff(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

// stall answers when the caller has gone.
func stall(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// TestRestKeepsSecretsOutOfMessages has servers that repeat what they were sent.
func TestRestKeepsSecretsOutOfMessages(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	echo := func(w http.ResponseWriter, r *http.Request) {
		user, pass, _ := r.BasicAuth()
		text, err := json.Marshal([]string{user, pass, r.Header.Get("X-Api-Key"), r.URL.RawQuery})
		if err != nil {
			t.Error(err)
		}
		answer(http.StatusForbidden, strings.Repeat("x", 240)+string(text))(w, r)
	}
	s := serve(t, echo)
	err := b.rest(t, map[string]any{
		"url": s.URL + "/x?key=" + b.seal(t, "qu3ry/v4lu3"), "method": "GET",
		"headers":    map[string]any{"X-Api-Key": b.seal(t, `qu"ote`)},
		"credential": map[string]any{"username": "ops", "password": b.seal(t, password+"-and-a-tail-that-the-cut-goes-through")},
	})
	failure := wantFailure(t, err, activities.TypePermanent, false, "403", "REDACTED", "/x: ")
	for _, secret := range []string{"qu3ry", "v4lu3", "qu", "tail"} {
		if strings.Contains(failure.Message(), secret) {
			t.Errorf("message %q holds %q", failure.Message(), secret)
		}
	}
	err = b.rest(t, map[string]any{"url": refused(t) + "/x?token=" + b.seal(t, "qu3ry") + "&plain=word", "method": "GET"})
	failure = wantFailure(t, err, activities.TypeTransient, true)
	if strings.Contains(failure.Message(), "qu3ry") || strings.Contains(failure.Message(), "plain") {
		t.Errorf("message %q holds the query", failure.Message())
	}
}
