package sim

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"strconv"
)

// Kinds of Fault that spoil an answer.
const (
	EmptyStatus503     = "EmptyStatus503"
	HTMLStatus503      = "HTMLStatus503"
	TooManyRequests    = "TooManyRequests"
	ServiceUnavailable = "ServiceUnavailable"
	TruncatedJSON      = "TruncatedJSON"
	WrongContentType   = "WrongContentType"
	OddProperty        = "OddProperty"
	PowerStateMissing  = "PowerStateMissing"
	LifecycleNotReady  = "LifecycleNotReady"
)

var answerKinds = []FaultKind{
	{
		Name: EmptyStatus503, Description: "503 without a body, as while services start.",
		Source: "Dell iDRAC-Redfish-Scripting #58",
		act:    func(_ *Server, f Fault, e *exchange) { e.refuseRaw(http.StatusServiceUnavailable, f, "") },
	},
	{
		Name: HTMLStatus503, Description: "503 with a page of HTML instead of JSON.",
		Source: "Dell iDRAC-Redfish-Scripting #60, lisa",
		act: func(_ *Server, f Fault, e *exchange) {
			e.refuseRaw(http.StatusServiceUnavailable, f,
				"<!DOCTYPE html>\n<html><head><title>503 Service Unavailable</title></head><body><h1>Service Unavailable</h1></body></html>\n")
		},
	},
	{
		Name: TooManyRequests, RetryAfter: 1, Description: "429 with a Retry-After header.",
		act: func(_ *Server, f Fault, e *exchange) { e.refuseRaw(http.StatusTooManyRequests, f, "") },
	},
	{
		Name: ServiceUnavailable, RetryAfter: 1, Description: "503 with a Redfish error and a Retry-After header.",
		act: func(s *Server, f Fault, e *exchange) {
			e.refuse(s, f, baseRefusal(http.StatusServiceUnavailable, "ServiceTemporarilyUnavailable",
				"The service is temporarily unavailable.", "Wait for the time in the Retry-After header, and retry the operation."))
		},
	},
	{
		Name: TruncatedJSON, Description: "The JSON of an answer ends in the middle.",
		act: editing(func(a *answerBuffer) { a.body.Truncate(a.body.Len() / 2) }),
	},
	{
		Name: WrongContentType, Description: "An answer is said to be text/html, though it is JSON.",
		act: editing(func(a *answerBuffer) { a.header.Set("Content-Type", "text/html") }),
	},
	{
		Name: OddProperty, Path: systemURI + "/Processors/*", Method: http.MethodGet,
		Description: "A property of the resource has another type than its schema says: InstructionSet is an array or, where there is none, Status is text.",
		Source:      "a capture of an iDRAC8 2.40",
		act:         editing(func(a *answerBuffer) { a.rewrite(oddlyTyped) }),
	},
	{
		Name: PowerStateMissing, Path: systemURI, Method: http.MethodGet, Description: "PowerState is null.",
		Source: "lisa",
		when:   atItsPath,
		act:    editing(func(a *answerBuffer) { a.rewrite(func(body doc) { body["PowerState"] = nil }) }),
	},
	{
		Name: LifecycleNotReady, Path: "*/DellLCService.GetRemoteServicesAPIStatus", Method: http.MethodPost,
		Description: "The Lifecycle Controller says that it is not ready.",
		Source:      "sushy-oem-idrac waits up to 96 times 10 seconds for it",
		act: editing(func(a *answerBuffer) {
			a.rewrite(func(body doc) { body["LCStatus"], body["Status"] = "NotInitialized", "NotReady" })
		}),
	},
}

func oddlyTyped(body doc) {
	if set, ok := body["InstructionSet"]; ok {
		body["InstructionSet"] = []any{set}
		return
	}
	body["Status"] = "OK"
}

// editing makes a fault that changes successful answers on their way out.
func editing(edit func(*answerBuffer)) func(*Server, Fault, *exchange) {
	return func(_ *Server, _ Fault, e *exchange) { e.edits = append(e.edits, edit) }
}

// exchange is a request on its way through the faults.
type exchange struct {
	w     http.ResponseWriter
	r     *http.Request
	ended bool                  // answered, or never to be
	edits []func(*answerBuffer) // what is to be done to the answer
}

// answerBy lets the service answer, and then edits what it said.
func (e *exchange) answerBy(serve http.HandlerFunc) {
	if len(e.edits) == 0 {
		serve(e.w, e.r)
		return
	}
	answer := &answerBuffer{status: http.StatusOK, header: http.Header{}}
	serve(answer, e.r)
	for _, edit := range e.edits {
		if answer.status < http.StatusMultipleChoices {
			edit(answer)
		}
	}
	answer.writeTo(e.w)
}

func (e *exchange) refuse(s *Server, f Fault, refused *refusal) {
	e.ended = true
	setRetryAfter(e.w, f)
	s.writeRefusal(e.w, refused)
}

// refuseRaw answers with HTML or, if there is none, no body.
func (e *exchange) refuseRaw(status int, f Fault, page string) {
	e.ended = true
	setRetryAfter(e.w, f)
	if page != "" {
		e.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	e.w.WriteHeader(status)
	_, _ = e.w.Write([]byte(page))
}

func setRetryAfter(w http.ResponseWriter, f Fault) {
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
}

// answerBuffer keeps an answer until it has been edited.
type answerBuffer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// Header is that of the answer to be.
func (a *answerBuffer) Header() http.Header { return a.header }

// Write adds to the body.
func (a *answerBuffer) Write(p []byte) (int, error) { return a.body.Write(p) }

// WriteHeader sets the status.
func (a *answerBuffer) WriteHeader(status int) { a.status = status }

// rewrite changes the JSON object that is the body; another body stays as it is.
func (a *answerBuffer) rewrite(change func(doc)) {
	var body doc
	if err := json.Unmarshal(a.body.Bytes(), &body); err != nil || body == nil {
		return
	}
	change(body)
	encoded, err := json.Marshal(body)
	if err != nil {
		return
	}
	a.body.Reset()
	a.body.Write(encoded)
}

func (a *answerBuffer) writeTo(w http.ResponseWriter) {
	maps.Copy(w.Header(), a.header)
	w.Header().Set("Content-Length", strconv.Itoa(a.body.Len()))
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body.Bytes())
}
