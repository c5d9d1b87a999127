package sim

import (
	"net/http"
	"strings"
)

func (s *Server) serveHealthy(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("OData-Version", "4.0")
	w.Header().Set("Cache-Control", "no-cache")
	if err := s.answer(w, r); err != nil {
		s.writeRefusal(w, err)
	}
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) error {
	// Ids may hold characters that URIs escape: what is linked and what is asked for are
	// compared as they were written.
	uri := strings.TrimSuffix(r.URL.EscapedPath(), "/")
	login := uri == sessionsURI && r.Method == http.MethodPost
	if !login && !s.publicGet(uri, r.Method) {
		if err := s.authorize(r, uri); err != nil {
			return err
		}
	}
	found, ok := s.lookup(uri)
	if !ok {
		return refuseMissing(r.URL.Path)
	}
	return s.dispatch(w, r, found)
}

func (s *Server) publicGet(uri, method string) bool {
	return isRead(method) && s.table[uri].public
}

func isRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }

func (s *Server) dispatch(w http.ResponseWriter, r *http.Request, found resource) error {
	switch {
	case isRead(r.Method) && found.raw != nil:
		found.raw(s, w)
		return nil
	case isRead(r.Method) && found.get != nil:
		return s.answerGet(w, r, found)
	case r.Method == http.MethodPatch && (found.patch != nil || found.patchJob != nil):
		return s.answerPatch(w, r, found)
	case r.Method == http.MethodPost && found.post != nil:
		if found.action && r.Header.Get("If-Match") != "" {
			return refusePrecondition()
		}
		return found.post(s, w, r)
	case r.Method == http.MethodDelete && (found.remove != nil || found.removeJob != nil):
		return s.answerDelete(w, found)
	}
	w.Header().Set("Allow", strings.Join(found.methods(), ", "))
	return refuseMethod(r.Method)
}

func (s *Server) answerGet(w http.ResponseWriter, r *http.Request, found resource) error {
	body := found.get(s)
	tag := s.etag(body)
	body, err := s.applyQuery(body, r.URL.Query())
	if err != nil {
		return err
	}
	w.Header().Set("ETag", tag)
	w.Header().Set("Link", "<"+schemaURI(body)+">; rel=describedby")
	w.Header().Set("Allow", strings.Join(found.methods(), ", "))
	writeJSON(w, http.StatusOK, body)
	return nil
}

func (s *Server) answerPatch(w http.ResponseWriter, r *http.Request, found resource) error {
	if tag := r.Header.Get("If-Match"); tag != "" && !etagMatches(tag, s.etag(found.get(s))) {
		return refusePrecondition()
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	if found.patchJob != nil {
		return s.answerJob(w, func() (*job, error) { return found.patchJob(s, body) })
	}
	if err := found.patch(s, body); err != nil {
		return err
	}
	s.writeSuccess(w)
	return nil
}

func (s *Server) answerDelete(w http.ResponseWriter, found resource) error {
	if found.removeJob != nil {
		return s.answerJob(w, func() (*job, error) { return found.removeJob(s) })
	}
	if err := found.remove(s); err != nil {
		return err
	}
	s.writeSuccess(w)
	return nil
}

// answerJob starts what a job carries out; no job means that it is done already.
func (s *Server) answerJob(w http.ResponseWriter, start func() (*job, error)) error {
	j, err := start()
	switch {
	case err != nil:
		return err
	case j == nil:
		s.writeSuccess(w)
	default:
		s.writeAccepted(w, j)
	}
	return nil
}

// schemaURI is where the DMTF publishes the schema of a resource.
func schemaURI(body doc) string {
	kind, _ := body["@odata.type"].(string)
	kind = strings.TrimPrefix(kind, "#")
	if i := strings.LastIndexByte(kind, '.'); i >= 0 {
		kind = kind[:i]
	}
	return "https://redfish.dmtf.org/schemas/v1/" + kind + ".json"
}
