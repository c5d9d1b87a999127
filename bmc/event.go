package bmc

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/stmcginnis/gofish"
)

const (
	opSubscriptions = "list event subscriptions"
	opSubscribe     = "subscribe to events"
	opUnsubscribe   = "end event subscription"
)

// Subscription is a destination that the BMC sends its events to.
type Subscription struct {
	ID          string `json:"id"`
	Destination string `json:"destination"`
	// Context is sent with each event and says whose subscription it is.
	Context string `json:"context"`
	// Enabled is false once the BMC has given up after failed deliveries.
	Enabled bool `json:"enabled"`
}

type subscriptionDoc struct {
	URI         string `json:"@odata.id"`
	ID          string `json:"Id"`
	Destination string
	Context     string
	Status      struct{ State string }
}

func (d *subscriptionDoc) subscription() Subscription {
	return Subscription{ID: d.ID, Destination: d.Destination, Context: d.Context, Enabled: d.Status.State != "Disabled"}
}

// Subscriptions lists all event subscriptions, whoever made them.
func (b *BMC) Subscriptions(ctx context.Context) ([]Subscription, error) {
	_, docs, err := b.subscriptions(ctx, opSubscriptions)
	if err != nil {
		return nil, err
	}
	list := make([]Subscription, 0, len(docs))
	for i := range docs {
		list = append(list, docs[i].subscription())
	}
	return list, nil
}

func (b *BMC) subscriptions(ctx context.Context, op string) (uri string, docs []subscriptionDoc, err error) {
	uri, err = b.place("Subscriptions", func() (string, error) {
		service, err := b.rooted(ctx, op, "EventService")
		if err != nil {
			return "", err
		}
		var doc struct{ Subscriptions link }
		_, err = b.get(ctx, op, service, &doc)
		return doc.Subscriptions.URI, err
	})
	if err != nil {
		return "", nil, err
	}
	docs, err = readMembers[subscriptionDoc](ctx, b, op, uri)
	return uri, docs, err
}

// EnsureSubscription makes the BMC send its alerts to a destination, which has to be https,
// with this context. All other subscriptions of the same context are removed, because a BMC
// has room for few: older destinations, duplicates, and those that the BMC has disabled.
// Subscriptions of another context are never touched.
func (b *BMC) EnsureSubscription(ctx context.Context, destination, eventContext string) error {
	if err := checkDestination(destination); err != nil {
		return b.refuse(opSubscribe, err.Error(), "give an https URL that the BMC's network reaches")
	}
	if eventContext == "" {
		return b.refuse(opSubscribe, "the subscription has no context", "give one that tells it from others'")
	}
	uri, docs, err := b.subscriptions(ctx, opSubscribe)
	if err != nil {
		return err
	}
	wanted := func(d subscriptionDoc) bool {
		return d.Context == eventContext && d.Destination == destination && d.subscription().Enabled
	}
	keep := slices.IndexFunc(docs, wanted)
	for i, doc := range docs {
		if i == keep || doc.Context != eventContext {
			continue
		}
		if err := b.remove(ctx, opSubscribe, doc.URI); err != nil {
			return err
		}
	}
	if keep >= 0 {
		return nil
	}
	asked := hideText(b.askSubscription(ctx, uri, destination, eventContext), destination)
	w := wait{op: opSubscribe, what: "the event subscription", every: b.pace.poll, limit: b.pace.boot}
	return b.confirm(ctx, asked, w, func(ctx context.Context) (bool, error) {
		_, docs, err := b.subscriptions(ctx, opSubscribe)
		return err == nil && slices.ContainsFunc(docs, wanted), err
	})
}

// askSubscription words it for newer firmware, then for older, which asks for types of
// events and does not know the newer properties.
func (b *BMC) askSubscription(ctx context.Context, uri, destination, eventContext string) error {
	var err error
	for _, kind := range []map[string]any{
		{"SubscriptionType": "RedfishEvent", "EventFormatType": "Event"},
		{"SubscriptionType": "RedfishEvent", "EventTypes": []string{"Alert"}},
		{"EventTypes": []string{"Alert"}},
	} {
		body := map[string]any{"Destination": destination, "Context": eventContext, "Protocol": "Redfish"}
		maps.Copy(body, kind)
		err = b.post(ctx, opSubscribe, uri, body)
		if !parametersRejected(err) {
			return err
		}
	}
	return err
}

// DeleteSubscriptions removes all subscriptions of this context.
func (b *BMC) DeleteSubscriptions(ctx context.Context, eventContext string) error {
	if eventContext == "" {
		return b.refuse(opUnsubscribe, "no context is given", "name the subscriptions to remove by their context")
	}
	_, docs, err := b.subscriptions(ctx, opUnsubscribe)
	if err != nil {
		return err
	}
	var failed []error
	for _, doc := range docs {
		if doc.Context == eventContext {
			failed = append(failed, b.remove(ctx, opUnsubscribe, doc.URI))
		}
	}
	return errors.Join(failed...)
}

// remove deletes a resource; one that is gone already counts as deleted. When the answer is
// lost, it looks.
func (b *BMC) remove(ctx context.Context, op, uri string) error {
	gone := func(err error) bool { return hasStatus(err, http.StatusNotFound) }
	asked := b.delete(ctx, op, uri)
	if asked == nil || gone(asked) {
		return nil
	}
	w := wait{op: op, what: "it is removed", every: b.pace.poll, limit: b.pace.boot}
	return b.confirm(ctx, asked, w, func(ctx context.Context) (bool, error) {
		_, err := b.get(ctx, op, uri, new(link))
		if gone(err) {
			return true, nil
		}
		return false, err
	})
}

func (b *BMC) delete(ctx context.Context, op, uri string) error {
	return b.write(ctx, op, uri, func(c *gofish.APIClient) (*http.Response, error) { return c.Delete(uri) })
}

// checkDestination does not repeat the URL in its errors: it may carry a token.
func checkDestination(destination string) error {
	u, err := url.Parse(destination)
	switch {
	case err != nil || u.Host == "":
		return errors.New("the destination is not a URL with a host")
	case u.Scheme != "https":
		return fmt.Errorf("a BMC sends events only over https, not over %q", u.Scheme)
	case u.User != nil:
		return errors.New("the destination carries credentials")
	}
	return nil
}
