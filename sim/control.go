package sim

import (
	"encoding/json"
	"net/http"
)

// ServerInfo is what the control API says about a server.
type ServerInfo struct {
	Tag         string        `json:"tag"`
	URL         string        `json:"url"`
	User        string        `json:"user"`
	Fingerprint string        `json:"fingerprint"`
	MAC         string        `json:"mac"`
	PowerState  string        `json:"powerState"`
	Installed   *Installation `json:"installed"` // null: nothing on the disk
}

// Info returns the server's identity and present state.
func (s *Server) Info() ServerInfo {
	info := ServerInfo{
		Tag: s.tag, URL: s.url, User: s.fleet.cfg.Username, Fingerprint: s.Fingerprint(), MAC: s.mac, PowerState: s.PowerState(),
	}
	if installed, ok := s.Installed(); ok {
		info.Installed = &installed
	}
	return info
}

// Handler returns the control API for other processes. It has no authentication, so it
// must listen on loopback only.
//
//	GET /sim/servers                  list of ServerInfo
//	GET /sim/servers/{tag}/journal    list of Event
//	PUT /sim/servers/{tag}/faults     replaces the faults by a list of Fault; 204
//	GET /sim/faults                   list of ActiveFault, all servers
//	POST /sim/faults                  adds a list of Fault, to the servers they name; 201 and {"ids":[…]}
//	DELETE /sim/faults                takes all away; 204
//	DELETE /sim/faults/{id}           takes one away; 204
//	GET /sim/faults/kinds             list of FaultKind
//
// An error is an object with the one key "error".
func (f *Fleet) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sim/servers", f.listServers)
	mux.HandleFunc("GET /sim/servers/{tag}/journal", f.withServer(listJournal))
	f.addFaultRoutes(mux)
	return mux
}

func (f *Fleet) listServers(w http.ResponseWriter, _ *http.Request) {
	list := make([]ServerInfo, 0, len(f.servers))
	for _, s := range f.servers {
		list = append(list, s.Info())
	}
	writeControl(w, http.StatusOK, list)
}

func (f *Fleet) withServer(do func(*Server, http.ResponseWriter, *http.Request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s := f.Server(r.PathValue("tag"))
		if s == nil {
			refuseControl(w, http.StatusNotFound, "no simulated server has this service tag")
			return
		}
		do(s, w, r)
	}
}

func listJournal(s *Server, w http.ResponseWriter, _ *http.Request) {
	writeControl(w, http.StatusOK, append([]Event{}, s.Journal()...))
}

func writeControl(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	// A client that has gone away is no concern of the service.
	_ = json.NewEncoder(w).Encode(body) //nolint:errchkjson // what this file writes always has a JSON form
}
