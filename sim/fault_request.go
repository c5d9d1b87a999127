package sim

import "net/http"

// serveRedfish takes a request through the faults to the service.
func (s *Server) serveRedfish(w http.ResponseWriter, r *http.Request) {
	e := &exchange{w: w, r: r}
	if s.misbehave(e); e.ended {
		return
	}
	if s.managerDown() {
		e.hangUp(false)
		return
	}
	e.answerBy(s.serveHealthy)
}

// misbehave acts out the faults that hit the request, in the order they were added. One
// that ends the request leaves those after it for another.
func (s *Server) misbehave(e *exchange) {
	for _, a := range s.requestFaults(e.r) {
		if !s.useOnRequest(a, e.r) {
			continue
		}
		a.kind.act(s, a.fault, e)
		if e.ended {
			return
		}
	}
}
