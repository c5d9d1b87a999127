package bmc

import (
	"net/http"
	"strings"
)

// offerExpand makes the fake announce and honour $expand.
func (f *fake) offerExpand() {
	f.edit(serviceRootURI, object{"ProtocolFeaturesSupported": object{"SelectQuery": true, "ExpandQuery": object{"ExpandAll": true}}})
}

// expand puts the resources in the place of links, one level deep, as an iDRAC does for
// every link of a document.
func (f *fake) expand(uri string, doc object) object {
	if !strings.HasSuffix(uri, expanded) {
		return doc
	}
	whole := make(object, len(doc))
	for name, value := range doc {
		whole[name] = f.expandValue(value)
	}
	return whole
}

func (f *fake) expandValue(value any) any {
	switch v := value.(type) {
	case object:
		uri, _ := v["@odata.id"].(string)
		if target, ok := f.docs[uri]; ok && len(v) == 1 {
			return target
		}
	case []object:
		list := make([]any, 0, len(v))
		for _, element := range v {
			list = append(list, f.expandValue(element))
		}
		return list
	}
	return value
}

// put adds a resource, and its link to the collection that its URI is below, if it is one.
func (f *fake) put(uri string, doc object) {
	f.mu.Lock()
	defer f.mu.Unlock()
	doc["@odata.id"] = uri
	if doc["Id"] == nil {
		doc["Id"] = lastSegment(uri)
	}
	f.docs[uri] = doc
	parent := strings.TrimSuffix(uri, "/"+lastSegment(uri))
	if list, ok := f.docs[parent]["Members"].([]object); ok {
		f.docs[parent]["Members"] = append(list, object{"@odata.id": uri})
	}
}

// collect adds empty collections.
func (f *fake) collect(uris ...string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, uri := range uris {
		f.docs[uri] = members()
	}
}

// remove takes a resource and its link away.
func (f *fake) remove(uri string) {
	delete(f.docs, uri)
	parent := strings.TrimSuffix(uri, "/"+lastSegment(uri))
	list, _ := f.docs[parent]["Members"].([]object)
	kept := []object{}
	for _, member := range list {
		if member["@odata.id"] != uri {
			kept = append(kept, member)
		}
	}
	f.docs[parent]["Members"] = kept
}

// gets counts what was read, besides the login.
func (f *fake) gets() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, r := range f.log {
		if r.method == http.MethodGet && r.uri != serviceRootURI {
			n++
		}
	}
	return n
}

func to(uri string) object { return object{"@odata.id": uri} }
