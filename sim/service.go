package sim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

const (
	rootURI           = "/redfish/v1"
	sessionServiceURI = rootURI + "/SessionService"
	sessionsURI       = sessionServiceURI + "/Sessions"
	systemsURI        = rootURI + "/Systems"
	systemURI         = systemsURI + "/System.Embedded.1"
	nicsURI           = systemURI + "/EthernetInterfaces"
	nicURI            = nicsURI + "/" + nicID
	mediaURI          = systemURI + "/VirtualMedia"
	managersURI       = rootURI + "/Managers"
	managerURI        = managersURI + "/iDRAC.Embedded.1"
	chassisListURI    = rootURI + "/Chassis"
	chassisURI        = chassisListURI + "/System.Embedded.1"
	powerURI          = chassisURI + "/Power"
)

// resource is what can be found at one URI. A method whose field is nil is refused.
type resource struct {
	get    func(*Server) doc
	patch  func(*Server, doc) error
	post   func(*Server, http.ResponseWriter, *http.Request) error
	remove func(*Server) error
	action bool // the post is an action, which an iDRAC refuses with If-Match
	public bool // the get needs no login
}

// action makes a resource of a Redfish action that answers 204.
func action(do func(*Server, *http.Request, doc) error) resource {
	return resource{action: true, post: func(s *Server, w http.ResponseWriter, r *http.Request) error {
		body, err := readBody(r)
		if err != nil {
			return err
		}
		if err := do(s, r, body); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}}
}

// resources is the whole service but for single sessions. It is a function because the
// expansion of a collection looks resources up in turn.
func resources() map[string]resource {
	table := map[string]resource{
		"/redfish":                  {get: (*Server).versions, public: true},
		rootURI:                     {get: (*Server).serviceRoot, public: true},
		rootURI + "/odata":          {get: (*Server).odata, public: true},
		sessionServiceURI:           {get: (*Server).sessionService},
		sessionsURI:                 {get: (*Server).sessionCollection, post: (*Server).login},
		systemsURI:                  {get: (*Server).systems},
		systemURI:                   {get: (*Server).system, patch: (*Server).patchSystem},
		systemURI + resetAt:         action((*Server).resetAction),
		nicsURI:                     {get: (*Server).nics},
		nicURI:                      {get: (*Server).nic},
		mediaURI:                    {get: (*Server).mediaCollection},
		managersURI:                 {get: (*Server).managers},
		managerURI:                  {get: (*Server).manager},
		managerURI + managerResetAt: action((*Server).managerReset),
		chassisListURI:              {get: (*Server).chassisCollection},
		chassisURI:                  {get: (*Server).chassis},
		powerURI:                    {get: (*Server).powerMetering},
	}
	for i := range slotCount {
		uri := mediaURI + "/" + slotID(i)
		table[uri] = resource{get: func(s *Server) doc { return s.mediaSlot(i) }}
		table[uri+insertAt] = action(func(s *Server, r *http.Request, body doc) error { return s.insertMedia(r.Context(), i, body) })
		table[uri+ejectAt] = action(func(s *Server, _ *http.Request, _ doc) error { return s.ejectMedia(i) })
	}
	return table
}

// lookup finds the resource at a URI, with or without a final slash.
func (s *Server) lookup(uri string) (resource, bool) {
	uri = strings.TrimSuffix(uri, "/")
	if found, ok := s.fleet.resources[uri]; ok {
		return found, true
	}
	id, ok := strings.CutPrefix(uri, sessionsURI+"/")
	if !ok || !s.hasSession(id) {
		return resource{}, false
	}
	return resource{
		get:    func(s *Server) doc { return sessionDoc(id, s.fleet.cfg.Username) },
		remove: func(s *Server) error { return s.logout(id) },
	}, true
}

func (s *Server) serveRedfish(w http.ResponseWriter, r *http.Request) {
	if s.misbehave(w, r) {
		return
	}
	w.Header().Set("OData-Version", "4.0")
	w.Header().Set("Cache-Control", "no-cache")
	if err := s.answer(w, r); err != nil {
		writeRefusal(w, err)
	}
}

// misbehave acts out the faults that hit any request, and reports whether one did.
func (s *Server) misbehave(w http.ResponseWriter, r *http.Request) bool {
	if _, ok := s.takeFault(Unreachable, r.URL.Path); ok {
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close()
		}
		return true
	}
	if _, ok := s.takeFault(EmptyStatus503, r.URL.Path); ok {
		w.WriteHeader(http.StatusServiceUnavailable)
		return true
	}
	return false
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) error {
	uri := strings.TrimSuffix(r.URL.Path, "/")
	login := uri == sessionsURI && r.Method == http.MethodPost
	if !login && !s.publicGet(uri, r.Method) && !s.authenticated(r) {
		return refuseAccess()
	}
	found, ok := s.lookup(uri)
	if !ok {
		return refuseMissing(r.URL.Path)
	}
	return s.dispatch(w, r, found)
}

func (s *Server) publicGet(uri, method string) bool {
	return isRead(method) && s.fleet.resources[uri].public
}

func isRead(method string) bool { return method == http.MethodGet || method == http.MethodHead }

func (s *Server) dispatch(w http.ResponseWriter, r *http.Request, found resource) error {
	switch {
	case isRead(r.Method) && found.get != nil:
		return s.answerGet(w, r, found)
	case r.Method == http.MethodPatch && found.patch != nil:
		return s.answerPatch(w, r, found)
	case r.Method == http.MethodPost && found.post != nil:
		if found.action && r.Header.Get("If-Match") != "" {
			return refusePrecondition()
		}
		return found.post(s, w, r)
	case r.Method == http.MethodDelete && found.remove != nil:
		if err := found.remove(s); err != nil {
			return err
		}
		writeJSON(w, http.StatusOK, success())
		return nil
	}
	w.Header().Set("Allow", strings.Join(found.methods(), ", "))
	return refuseMethod(r.Method)
}

func (s *Server) answerGet(w http.ResponseWriter, r *http.Request, found resource) error {
	body := found.get(s)
	tag := etag(body)
	body, err := s.applyQuery(body, r.URL.Query())
	if err != nil {
		return err
	}
	w.Header().Set("ETag", tag)
	w.Header().Set("Allow", strings.Join(found.methods(), ", "))
	writeJSON(w, http.StatusOK, body)
	return nil
}

func (s *Server) answerPatch(w http.ResponseWriter, r *http.Request, found resource) error {
	if tag := r.Header.Get("If-Match"); tag != "" && !etagMatches(tag, etag(found.get(s))) {
		return refusePrecondition()
	}
	body, err := readBody(r)
	if err != nil {
		return err
	}
	if err := found.patch(s, body); err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, success())
	return nil
}

func (r resource) methods() []string {
	has := map[string]bool{
		http.MethodGet:    r.get != nil,
		http.MethodHead:   r.get != nil,
		http.MethodPatch:  r.patch != nil,
		http.MethodPost:   r.post != nil,
		http.MethodDelete: r.remove != nil,
	}
	maps.DeleteFunc(has, func(_ string, present bool) bool { return !present })
	return slices.Sorted(maps.Keys(has))
}

// described makes the properties that every resource begins with.
func described(uri, schema, version, id, name string) doc {
	return doc{
		"@odata.id":      uri,
		"@odata.type":    "#" + schema + "." + version + "." + schema,
		"@odata.context": rootURI + "/$metadata#" + schema + "." + schema,
		"Id":             id,
		"Name":           name,
	}
}

// collection makes a collection of the resources at the URIs.
func collection(uri, schema, name string, members ...string) doc {
	references := make([]doc, 0, len(members))
	for _, member := range members {
		references = append(references, ref(member))
	}
	return doc{
		"@odata.id":           uri,
		"@odata.type":         "#" + schema + "Collection." + schema + "Collection",
		"@odata.context":      rootURI + "/$metadata#" + schema + "Collection." + schema + "Collection",
		"Name":                name,
		"Description":         name,
		"Members":             references,
		"Members@odata.count": len(references),
	}
}

func ref(uri string) doc { return doc{"@odata.id": uri} }

func healthy() doc { return doc{"Health": "OK", "HealthRollup": "OK", "State": "Enabled"} }
