package sim

import (
	"io"
	"net/http"
	"strconv"
)

// addFaultRoutes adds the part of the control API that is about faults.
func (f *Fleet) addFaultRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /sim/faults", f.listFaults)
	mux.HandleFunc("POST /sim/faults", f.postFaults)
	mux.HandleFunc("DELETE /sim/faults", f.deleteFaults)
	mux.HandleFunc("DELETE /sim/faults/{id}", f.deleteFault)
	mux.HandleFunc("GET /sim/faults/kinds", listFaultKinds)
	mux.HandleFunc("PUT /sim/servers/{tag}/faults", f.withServer(putFaults))
}

func listFaultKinds(w http.ResponseWriter, _ *http.Request) {
	writeControl(w, http.StatusOK, FaultKinds())
}

func (f *Fleet) listFaults(w http.ResponseWriter, _ *http.Request) {
	writeControl(w, http.StatusOK, f.Faults())
}

func (f *Fleet) postFaults(w http.ResponseWriter, r *http.Request) {
	faults, err := readFaults(r)
	if err != nil {
		refuseControl(w, http.StatusBadRequest, err.Error())
		return
	}
	ids, err := f.BreakAll(faults)
	if err != nil {
		refuseControl(w, http.StatusBadRequest, err.Error())
		return
	}
	writeControl(w, http.StatusCreated, map[string][]int{"ids": ids})
}

func (f *Fleet) deleteFaults(w http.ResponseWriter, _ *http.Request) {
	f.MendAll()
	w.WriteHeader(http.StatusNoContent)
}

// deleteFault answers 404 for a fault that has never been, or is spent.
func (f *Fleet) deleteFault(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err != nil || f.Mend(id) == 0 {
		refuseControl(w, http.StatusNotFound, "no server has a fault with this id")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func putFaults(s *Server, w http.ResponseWriter, r *http.Request) {
	faults, err := readFaults(r)
	if err == nil {
		err = s.SetFaults(faults...)
	}
	if err != nil {
		refuseControl(w, http.StatusBadRequest, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func readFaults(r *http.Request) ([]Fault, error) {
	data, err := io.ReadAll(io.LimitReader(r.Body, maxRequestBody))
	if err != nil {
		return nil, err
	}
	return ParseFaults(data)
}

func refuseControl(w http.ResponseWriter, status int, reason string) {
	writeControl(w, status, map[string]string{"error": reason})
}
