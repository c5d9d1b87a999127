package bmc

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const subscriptionsURI = "/redfish/v1/EventService/Subscriptions"

// subscribed returns a BMC with these subscriptions, which takes more.
func subscribed(t *testing.T, docs ...object) *fake {
	t.Helper()
	f := newFake(t)
	f.edit(serviceRootURI, object{"EventService": to("/redfish/v1/EventService")})
	f.put("/redfish/v1/EventService", object{"Subscriptions": to(subscriptionsURI)})
	f.collect(subscriptionsURI)
	next := 0
	add := func(doc object) {
		next++
		uri := fmt.Sprintf("%s/%d", subscriptionsURI, next)
		doc["@odata.id"], doc["Id"] = uri, fmt.Sprint(next)
		f.docs[uri] = doc
		list, _ := f.docs[subscriptionsURI]["Members"].([]object)
		f.docs[subscriptionsURI]["Members"] = append(list, to(uri))
		f.actions["DELETE "+uri] = func(object) answer { f.remove(uri); return answer{status: 204} }
	}
	for _, doc := range docs {
		add(doc)
	}
	f.on("POST "+subscriptionsURI, func(body object) answer { add(body); return answer{status: 201, body: object{}} })
	return f
}

func subscription(destination, eventContext, state string) object {
	return object{"Destination": destination, "Context": eventContext, "Status": object{"State": state}}
}

func TestEnsureSubscription(t *testing.T) {
	t.Parallel()
	const here, before = "https://rackflow.example/events", "https://old.example/events"
	const ours, theirs = "rackflow:r1", "other"
	post := "POST " + subscriptionsURI
	foreign := subscription(here, theirs, "Enabled")
	cases := []struct {
		name    string
		docs    []object
		change  func(*fake)
		outcome Outcome
		says    string
		posts   int
		deleted []string // ids
	}{
		{"none yet", nil, nil, Done, "", 1, nil},
		{"there already", []object{subscription(here, ours, "Enabled")}, nil, Done, "", 0, nil},
		{"no state is given", []object{{"Destination": here, "Context": ours}}, nil, Done, "", 0, nil},
		{"disabled by the BMC", []object{subscription(here, ours, "Disabled")}, nil, Done, "", 1, []string{"1"}},
		{"an older destination", []object{subscription(before, ours, "Enabled")}, nil, Done, "", 1, []string{"1"}},
		{"duplicates", []object{subscription(here, ours, "Disabled"), subscription(here, ours, "Enabled"), subscription(here, ours, "Enabled")}, nil, Done, "", 0, []string{"1", "3"}},
		{"another's is not touched", []object{foreign}, nil, Done, "", 1, nil},
		{"older firmware", nil, func(f *fake) { f.scripted(post, redfishError(400, "Base.1.12.PropertyUnknown")) }, Done, "", 2, nil},
		{"the answer is lost", nil, func(f *fake) { f.scripted(post, answer{drop: true}) }, Done, "", 1, nil},
		{"full", nil, func(f *fake) { f.scripted(post, redfishError(400, "Base.1.12.CreateLimitReachedForResource")) }, Permanent, "no room for one more", 1, nil},
		{"a stale one that is gone by now", []object{subscription(before, ours, "Enabled")}, func(f *fake) {
			f.scripted("DELETE "+subscriptionsURI+"/1", redfishError(404, "Base.1.12.ResourceMissingAtURI"))
		}, Done, "", 1, []string{"1"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := subscribed(t, c.docs...)
			if c.change != nil {
				c.change(f)
			}
			wantError(t, f.connect(t).EnsureSubscription(t.Context(), here, ours), c.outcome, c.says)
			if n := len(f.seen(post)); n != c.posts {
				t.Errorf("%d posts, want %d", n, c.posts)
			}
			var deleted []string
			for _, w := range f.writes() {
				if id, ok := strings.CutPrefix(w, "DELETE "+subscriptionsURI+"/"); ok {
					deleted = append(deleted, id)
				}
			}
			if diff := cmp.Diff(c.deleted, deleted); diff != "" {
				t.Errorf("deleted (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSubscriptionBody(t *testing.T) {
	t.Parallel()
	f := subscribed(t)
	if err := f.connect(t).EnsureSubscription(t.Context(), "https://h/e", "c"); err != nil {
		t.Fatal(err)
	}
	want := object{"Destination": "https://h/e", "Context": "c", "Protocol": "Redfish", "SubscriptionType": "RedfishEvent", "EventFormatType": "Event"}
	got := f.seen("POST " + subscriptionsURI)[0].body
	delete(got, "@odata.id")
	delete(got, "Id")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSubscriptionRefused(t *testing.T) {
	t.Parallel()
	f := subscribed(t)
	b := f.connect(t)
	for destination, says := range map[string]string{
		"http://h/e":                   `not over "http"`,
		"/e":                           "not a URL",
		"https://u:" + secret + "@h/e": "carries credentials",
		"https://h/\x00" + newPassword: "not a URL",
	} {
		err := b.EnsureSubscription(t.Context(), destination, "c")
		wantError(t, err, Permanent, says)
		if strings.Contains(err.Error(), newPassword) {
			t.Errorf("the URL is in %v", err)
		}
	}
	wantError(t, b.EnsureSubscription(t.Context(), "https://h/e", ""), Permanent, "no context")
	wantError(t, b.DeleteSubscriptions(t.Context(), ""), Permanent, "no context")
	if len(f.writes()) != 0 {
		t.Errorf("sent %v", f.writes())
	}
}

func TestDeleteSubscriptions(t *testing.T) {
	t.Parallel()
	f := subscribed(t, subscription("https://a", "ours", "Enabled"), subscription("https://b", "theirs", "Enabled"), subscription("https://c", "ours", "Disabled"))
	f.scripted("DELETE "+subscriptionsURI+"/1", answer{drop: true}) // done, but not told
	b := f.connect(t)
	for range 2 {
		if err := b.DeleteSubscriptions(t.Context(), "ours"); err != nil {
			t.Fatal(err)
		}
	}
	left, err := b.Subscriptions(t.Context())
	want := []Subscription{{ID: "2", Destination: "https://b", Context: "theirs", Enabled: true}}
	if err != nil || !slices.Equal(left, want) {
		t.Errorf("%+v, %v", left, err)
	}
}

func TestDeleteSubscriptionFails(t *testing.T) {
	t.Parallel()
	f := subscribed(t, subscription("https://a", "ours", "Enabled"), subscription("https://b", "ours", "Enabled"))
	f.scripted("DELETE "+subscriptionsURI+"/1", redfishError(403, "Base.1.12.InsufficientPrivilege"))
	err := f.connect(t).DeleteSubscriptions(t.Context(), "ours")
	wantError(t, err, Permanent, "Administrator")
	if len(f.seen("DELETE "+subscriptionsURI+"/2")) != 1 {
		t.Error("stopped at the first that failed")
	}
}
