package sim

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

const (
	eventServiceURI  = rootURI + "/EventService"
	subscriptionsURI = eventServiceURI + "/Subscriptions"
	testEventAt      = "/Actions/EventService.SubmitTestEvent"
)

// maxSubscriptions is how many an iDRAC9 has.
const maxSubscriptions = 8

func (t table) addEvents() {
	t[eventServiceURI] = resource{get: (*Server).eventService}
	t[eventServiceURI+testEventAt] = action((*Server).submitTestEvent)
	t[subscriptionsURI] = resource{
		get: (*Server).subscriptionCollection, post: (*Server).subscribe, below: (*Server).subscriptionResource,
	}
}

func (s *Server) eventService() doc {
	body := described(eventServiceURI, "EventService", "v1_10_2", "EventService", "Event Service")
	body["Description"] = "Event Service represents the properties for the service"
	body["ServiceEnabled"] = true
	body["DeliveryRetryAttempts"] = deliveryFailures
	body["DeliveryRetryIntervalSeconds"] = 5
	body["EventFormatTypes"] = []string{"Event"}
	body["EventFormatTypes@odata.count"] = 1
	body["EventTypesForSubscription"] = []string{"Alert"}
	body["EventTypesForSubscription@odata.count"] = 1
	body["RegistryPrefixes"] = []string{dellRegistry}
	body["RegistryPrefixes@odata.count"] = 1
	body["Subscriptions"] = ref(subscriptionsURI)
	body["Status"] = healthy()
	body["Actions"] = doc{"#EventService.SubmitTestEvent": doc{
		"target":                            eventServiceURI + testEventAt,
		"EventType@Redfish.AllowableValues": []string{"Alert"},
	}}
	return body
}

func (s *Server) subscriptionCollection() doc {
	uris := []string{}
	for _, sub := range s.events.list() {
		uris = append(uris, subscriptionsURI+"/"+sub.id)
	}
	return collection(subscriptionsURI, "EventDestination", "Event Subscriptions Collection", uris...)
}

func (s *Server) subscriptionResource(id string) (resource, bool) {
	sub, ok := s.events.find(id)
	return resource{
		get: func(*Server) doc { return sub.doc() },
		remove: func(s *Server) error {
			s.events.remove(id)
			s.record(Unsubscribed, "id", id)
			return nil
		},
	}, ok
}

func (sub subscription) doc() doc {
	body := described(subscriptionsURI+"/"+sub.id, "EventDestination", "v1_13_2", sub.id, "EventSubscription "+sub.id)
	body["Description"] = "Event Subscription Details"
	body["Destination"] = sub.destination
	body["Context"] = sub.context
	body["Protocol"] = "Redfish"
	body["SubscriptionType"] = "RedfishEvent"
	body["EventFormatType"] = "Event"
	body["EventTypes"] = []string{"Alert"}
	body["DeliveryRetryPolicy"] = "SuspendRetries"
	body["Status"] = doc{"Health": "OK", "HealthRollup": "OK", "State": "Enabled"}
	if sub.disabled {
		body["Status"] = doc{"Health": "Warning", "HealthRollup": "Warning", "State": "Disabled"}
	}
	return body
}

var subscriptionProperties = []string{
	"Context", "DeliveryRetryPolicy", "Destination", "EventFormatType", "EventTypes", "HttpHeaders", "Protocol",
	"RegistryPrefixes", "SubscriptionType", "VerifyCertificate", "Description", "Name",
}

func (s *Server) subscribe(w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	wanted, err := parseSubscription(body)
	if err != nil {
		return err
	}
	id := s.events.add(wanted)
	if id == "" {
		return baseRefusal(http.StatusServiceUnavailable, "CreateLimitReachedForResource",
			"The create operation failed because the resource has reached the limit of possible resources.",
			"Delete a subscription and resubmit the request.")
	}
	s.startDelivery()
	s.record(Subscribed, "id", id, "destination", wanted.destination)
	w.Header().Set("Location", subscriptionsURI+"/"+id)
	wanted.id = id
	writeJSON(w, http.StatusCreated, wanted.doc())
	return nil
}

// parseSubscription accepts destinations behind HTTPS only, as an iDRAC does.
func parseSubscription(body doc) (subscription, error) {
	for name := range body {
		if !slices.Contains(subscriptionProperties, name) {
			return subscription{}, refuseUnknownProperty(name)
		}
	}
	destination, err := text(body, "Destination")
	if err != nil {
		return subscription{}, err
	}
	if destination == "" {
		return subscription{}, refuseMissingProperty("Destination")
	}
	if location, err := url.Parse(destination); err != nil || location.Scheme != "https" || location.Host == "" {
		return subscription{}, refuseFormat(destination, "Destination")
	}
	for name, allowed := range map[string][]string{
		"Protocol": {"Redfish"}, "SubscriptionType": {"RedfishEvent"}, "EventFormatType": {"Event"},
	} {
		if _, err := oneOf(body, name, allowed); err != nil {
			return subscription{}, err
		}
	}
	about, err := text(body, "Context")
	return subscription{destination: destination, context: about}, err
}

// submitTestEvent sends an event that nothing has happened for.
func (s *Server) submitTestEvent(_ *http.Request, body doc) error {
	id, err := text(body, "MessageId")
	if err != nil {
		return err
	}
	if _, err := oneOf(body, "EventType", []string{"Alert"}); err != nil {
		return err
	}
	said, err := text(body, "Message")
	if err != nil {
		return err
	}
	s.events.publish(logEntry{
		at: time.Now(), key: cmp.Or(id, "TMP0118"), severity: severityOK, message: cmp.Or(said, "This is a test event."),
	})
	return nil
}

// eventDoc is what a subscriber is sent.
func (s *Server) eventDoc(sub subscription, e logEntry) doc {
	id := messageKey{dellRegistry, e.key}
	return doc{
		"@odata.context": rootURI + "/$metadata#Event.Event",
		"@odata.type":    "#Event.v1_8_0.Event",
		"Id":             fmt.Sprintf("%d", e.at.UnixNano()),
		"Name":           "Event Array",
		"Context":        sub.context,
		"Events": []doc{{
			"MemberId":                strconv.Itoa(e.id),
			"EventId":                 strconv.Itoa(e.id),
			"EventType":               "Alert",
			"EventTimestamp":          e.at.Format(time.RFC3339),
			"Severity":                e.severity,
			"MessageSeverity":         e.severity,
			"Message":                 e.message,
			"MessageId":               s.gen.messageID(id),
			"MessageArgs":             []string{},
			"MessageArgs@odata.count": 0,
			"OriginOfCondition":       ref(systemURI),
		}},
		"Events@odata.count": 1,
	}
}
