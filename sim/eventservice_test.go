package sim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listener is a subscriber that answers with a status.
func startListener(t *testing.T, status int) (url string, told <-chan doc) {
	t.Helper()
	events := make(chan doc, 100)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body doc
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Errorf("event: %v", err)
		}
		w.WriteHeader(status)
		events <- body
	}))
	t.Cleanup(server.Close)
	return server.URL + "/events", events
}

func subscribe(t *testing.T, s *Server, destination string) string {
	t.Helper()
	created := must(t, s, http.StatusCreated, http.MethodPost, subscriptionsURI,
		`{"Destination":"`+destination+`","Protocol":"Redfish","Context":"rack 7","EventTypes":["Alert"],"SubscriptionType":"RedfishEvent"}`)
	return created.header.Get("Location")
}

func TestEventsAreDelivered(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	url, told := startListener(t, http.StatusOK)
	uri := subscribe(t, s, url)
	reset(t, s, "On")
	var got []string
	for range 2 {
		event := <-told
		if event["Context"] != "rack 7" {
			t.Errorf("context %v", event["Context"])
		}
		first, _ := event["Events"].([]any)[0].(doc)
		id, _ := first["MessageId"].(string)
		got = append(got, id)
	}
	if diff := cmp.Diff([]string{"IDRAC.2.8.SYS1003", "IDRAC.2.8.SYS1000"}, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	await(t, s, BootFailed)
	<-told
	must(t, s, http.StatusOK, http.MethodDelete, uri, "")
	must(t, s, http.StatusNotFound, http.MethodGet, uri, "")
	must(t, s, http.StatusNoContent, http.MethodPost, eventServiceURI+testEventAt, `{"EventType":"Alert","MessageId":"TMP0118"}`)
	if len(told) > 0 {
		t.Errorf("told after the end: %v", <-told)
	}
}

func TestFailedDeliveryDisables(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	url, told := startListener(t, http.StatusInternalServerError)
	uri := subscribe(t, s, url)
	for range deliveryFailures {
		must(t, s, http.StatusNoContent, http.MethodPost, eventServiceURI+testEventAt, `{"EventType":"Alert"}`)
		<-told
	}
	await(t, s, SubscriptionDisabled)
	status, _ := must(t, s, http.StatusOK, http.MethodGet, uri, "").body["Status"].(doc)
	if status["State"] != "Disabled" {
		t.Errorf("status %v", status)
	}
}

func TestSubscriptionRefusals(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	for _, body := range []string{
		`{}`, `{"Destination":"http://192.0.2.1/events"}`, `{"Destination":"https:///"}`, `{"Destination":5}`,
		`{"Destination":"https://192.0.2.1/","Protocol":"SNMPv2c"}`, `{"Destination":"https://192.0.2.1/","Colour":"red"}`,
	} {
		must(t, s, http.StatusBadRequest, http.MethodPost, subscriptionsURI, body)
	}
	for range maxSubscriptions {
		subscribe(t, s, "https://192.0.2.1/events")
	}
	full := must(t, s, http.StatusServiceUnavailable, http.MethodPost, subscriptionsURI, `{"Destination":"https://192.0.2.1/"}`)
	if full.messageID() != "Base.1.12.CreateLimitReachedForResource" {
		t.Errorf("too many: %s", full.messageID())
	}
	must(t, s, http.StatusBadRequest, http.MethodPost, eventServiceURI+testEventAt, `{"EventType":"Rumour"}`)
}
