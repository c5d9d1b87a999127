package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strings"
)

// maxRequestBody bounds what a client may send; no Redfish request here is larger.
const maxRequestBody = 1 << 20

// doc is a JSON object.
type doc = map[string]any

// etag is the entity tag of a resource, in an iDRAC's form.
func (s *Server) etag(body doc) string {
	encoded, err := json.Marshal(body)
	if err != nil {
		return ""
	}
	hash := fnv.New64a()
	_, _ = hash.Write(encoded)
	tag := fmt.Sprintf(`"gen-%x"`, hash.Sum64())
	if s.gen.strongETags {
		return tag
	}
	return "W/" + tag
}

// etagMatches compares weakly, and ignores the suffix that some servers add to the tag
// of a compressed answer and clients send back.
func etagMatches(ifMatch, current string) bool {
	if strings.TrimSpace(ifMatch) == "*" {
		return true
	}
	opaque := func(tag string) string {
		tag = strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`)
		return strings.TrimSuffix(tag, "-gzip")
	}
	for candidate := range strings.SplitSeq(ifMatch, ",") {
		if opaque(candidate) == opaque(current) {
			return true
		}
	}
	return false
}

func writeJSON(w http.ResponseWriter, status int, body doc) {
	encoded, err := json.Marshal(body)
	if err != nil {
		http.Error(w, "simulated iDRAC: cannot encode the answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	// A client that has gone away is no concern of the service.
	_, _ = w.Write(encoded)
}

func (s *Server) writeRefusal(w http.ResponseWriter, err error) {
	refused, ok := errors.AsType[*refusal](err)
	if !ok {
		refused = baseRefusal(http.StatusInternalServerError, "InternalError",
			"The request failed due to an internal service error.", "Resubmit the request.")
	}
	if refused.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Basic realm="RedfishService"`)
	}
	writeJSON(w, refused.status, refused.body(s.gen))
}

// readBody decodes the request's JSON object. An empty body is an empty object, since
// actions without parameters may be sent without one.
func readBody(r *http.Request) (doc, error) {
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBody+1))
	if err != nil || len(raw) > maxRequestBody {
		return nil, refuseMalformed()
	}
	if len(strings.TrimSpace(string(raw))) == 0 {
		return doc{}, nil
	}
	var body doc
	if err := json.Unmarshal(raw, &body); err != nil || body == nil {
		return nil, refuseMalformed()
	}
	return body, nil
}

// text returns a string property; absent and null are "".
func text(body doc, name string) (string, error) {
	value, present := body[name]
	if !present || value == nil {
		return "", nil
	}
	s, ok := value.(string)
	if !ok {
		return "", refuseType(name)
	}
	return s, nil
}

// flag returns a boolean property, or fallback if it is absent or null.
func flag(body doc, name string, fallback bool) (bool, error) {
	value, present := body[name]
	if !present || value == nil {
		return fallback, nil
	}
	b, ok := value.(bool)
	if !ok {
		return false, refuseType(name)
	}
	return b, nil
}
