package sim

import (
	"crypto/rand"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// Limits of the property SessionTimeout, in seconds.
const (
	shortestSession = 30
	longestSession  = 24 * 60 * 60
)

func (t table) addSessions() {
	t[sessionServiceURI] = resource{get: (*Server).sessionService, patch: (*Server).patchSessionService}
	t[sessionsURI] = resource{get: (*Server).sessionCollection, post: (*Server).login, below: (*Server).sessionResource}
}

func (s *Server) sessionResource(id string) (resource, bool) {
	username, ok := s.sessionUser(id)
	if !ok {
		return resource{}, false
	}
	return resource{
		get:    func(*Server) doc { return sessionDoc(id, username) },
		remove: func(s *Server) error { return s.logout(id) },
	}, true
}

type session struct {
	id, username string
	used         time.Time
}

// expireSessions forgets idle sessions. The caller holds s.mu.
func (s *Server) expireSessions(now time.Time) {
	maps.DeleteFunc(s.sessions, func(_ string, open *session) bool { return now.Sub(open.used) > s.sessionIdle })
}

// authorize refuses a request whose user is unknown, or may not make it.
func (s *Server) authorize(r *http.Request, uri string) error {
	username, ok := s.authenticated(r)
	if !ok {
		return refuseAccess()
	}
	if !isRead(r.Method) && !s.mayWrite(username, uri) {
		return refusePrivilege()
	}
	return nil
}

// authenticated returns the user of a session token or of Basic credentials.
func (s *Server) authenticated(r *http.Request) (username string, ok bool) {
	if token := r.Header.Get("X-Auth-Token"); token != "" {
		return s.useToken(token)
	}
	username, password, ok := r.BasicAuth()
	return username, ok && s.credentials(username, password, r.URL.Path)
}

func (s *Server) useToken(token string) (username string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.expireSessions(now)
	open, ok := s.sessions[token]
	if !ok {
		return "", false
	}
	open.used = now
	return open.username, true
}

func (s *Server) credentials(username, password, path string) bool {
	s.mu.Lock()
	accepted := s.accounts.accept(username, password)
	s.mu.Unlock()
	if !accepted {
		return false
	}
	_, refused := s.takeFault(RefusePassword, path)
	return !refused
}

func (s *Server) login(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	username, err := text(body, "UserName")
	if err != nil {
		return err
	}
	password, err := text(body, "Password")
	if err != nil {
		return err
	}
	if !s.credentials(username, password, r.URL.Path) {
		return refuseAccess()
	}
	id, token, err := s.openSession(username)
	if err != nil {
		return err
	}
	s.record(SessionCreated, "id", id)
	w.Header().Set("X-Auth-Token", token)
	w.Header().Set("Location", sessionsURI+"/"+id)
	writeJSON(w, http.StatusCreated, sessionDoc(id, username))
	return nil
}

func (s *Server) openSession(username string) (id, token string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.expireSessions(now)
	if len(s.sessions) >= s.gen.maxSessions {
		return "", "", refuseSession()
	}
	s.sessionID++
	id, token = strconv.Itoa(s.sessionID), rand.Text()
	s.sessions[token] = &session{id: id, username: username, used: now}
	return id, token, nil
}

func refuseSession() *refusal {
	return dellRefusal(http.StatusServiceUnavailable, "RAC0218",
		"The maximum number of user sessions is reached.",
		"Close a session that is no longer needed, or wait until one times out, and retry the operation.")
}

// dropSession forgets a session as if it had timed out.
func (s *Server) dropSession(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.sessions, token)
}

func (s *Server) sessionUser(id string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expireSessions(time.Now())
	for _, open := range s.sessions {
		if open.id == id {
			return open.username, true
		}
	}
	return "", false
}

func (s *Server) sessionIDs() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expireSessions(time.Now())
	ids := make([]string, 0, len(s.sessions))
	for _, open := range s.sessions {
		ids = append(ids, open.id)
	}
	slices.Sort(ids)
	return ids
}

func (s *Server) logout(id string) error {
	s.mu.Lock()
	before := len(s.sessions)
	maps.DeleteFunc(s.sessions, func(_ string, open *session) bool { return open.id == id })
	removed := len(s.sessions) < before
	s.mu.Unlock()
	if !removed {
		return refuseMissing(sessionsURI + "/" + id)
	}
	s.record(SessionDeleted, "id", id)
	return nil
}

func (s *Server) sessionService() doc {
	body := described(sessionServiceURI, "SessionService", "v1_1_9", "SessionService", "Session Service")
	body["Description"] = "Session Service"
	body["ServiceEnabled"] = true
	body["SessionTimeout"] = s.sessionSeconds()
	body["Sessions"] = ref(sessionsURI)
	body["Status"] = healthy()
	return body
}

func (s *Server) sessionSeconds() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return int(s.sessionIdle.Seconds())
}

// patchSessionService sets the idle timeout, the one thing a client can write here.
func (s *Server) patchSessionService(body doc) error {
	for name := range body {
		if name != "SessionTimeout" {
			return refusePatch(name, s.sessionService())
		}
	}
	seconds, err := integer(body, "SessionTimeout", s.sessionSeconds(), shortestSession, longestSession)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sessionIdle = time.Duration(seconds) * time.Second
	return nil
}

func (s *Server) sessionCollection() doc {
	ids := s.sessionIDs()
	uris := make([]string, 0, len(ids))
	for _, id := range ids {
		uris = append(uris, sessionsURI+"/"+id)
	}
	return collection(sessionsURI, "Session", "Session Collection", uris...)
}

func sessionDoc(id, username string) doc {
	body := described(sessionsURI+"/"+id, "Session", "v1_6_0", id, "User Session")
	body["Description"] = "User Session"
	body["UserName"] = username
	body["Password"] = nil
	body["SessionType"] = "Redfish"
	return body
}
