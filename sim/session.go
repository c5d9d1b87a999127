package sim

import (
	"crypto/rand"
	"crypto/subtle"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"
)

const (
	maxSessions    = 8                // an iDRAC9's limit over all of its interfaces
	sessionTimeout = 30 * time.Minute // without a request
)

type session struct {
	id   string
	used time.Time
}

// expireSessions forgets idle sessions. The caller holds s.mu.
func (s *Server) expireSessions(now time.Time) {
	maps.DeleteFunc(s.sessions, func(_ string, open *session) bool { return now.Sub(open.used) > sessionTimeout })
}

// authenticated accepts a session token or Basic credentials.
func (s *Server) authenticated(r *http.Request) bool {
	if token := r.Header.Get("X-Auth-Token"); token != "" {
		return s.useToken(token)
	}
	username, password, ok := r.BasicAuth()
	return ok && s.credentials(username, password, r.URL.Path)
}

func (s *Server) useToken(token string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.expireSessions(now)
	open, ok := s.sessions[token]
	if ok {
		open.used = now
	}
	return ok
}

func (s *Server) credentials(username, password, path string) bool {
	same := subtle.ConstantTimeCompare([]byte(username), []byte(s.fleet.cfg.Username)) &
		subtle.ConstantTimeCompare([]byte(password), []byte(s.fleet.cfg.Password))
	if same != 1 {
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
	id, token, err := s.openSession()
	if err != nil {
		return err
	}
	s.record(SessionCreated, "id", id)
	w.Header().Set("X-Auth-Token", token)
	w.Header().Set("Location", sessionsURI+"/"+id)
	writeJSON(w, http.StatusCreated, sessionDoc(id, username))
	return nil
}

func (s *Server) openSession() (id, token string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.expireSessions(now)
	if len(s.sessions) >= maxSessions {
		return "", "", dellRefusal(http.StatusServiceUnavailable, "RAC0218",
			"The maximum number of user sessions is reached.",
			"Close a session that is no longer needed, or wait until one times out, and retry the operation.")
	}
	s.sessionID++
	id, token = strconv.Itoa(s.sessionID), rand.Text()
	s.sessions[token] = &session{id: id, used: now}
	return id, token, nil
}

func (s *Server) hasSession(id string) bool { return slices.Contains(s.sessionIDs(), id) }

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
	body["SessionTimeout"] = int(sessionTimeout.Seconds())
	body["Sessions"] = ref(sessionsURI)
	body["Status"] = healthy()
	return body
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
