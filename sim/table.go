package sim

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

const (
	rootURI           = "/redfish/v1"
	sessionServiceURI = rootURI + "/SessionService"
	sessionsURI       = sessionServiceURI + "/Sessions"
	systemsURI        = rootURI + "/Systems"
	systemURI         = systemsURI + "/System.Embedded.1"
	nicsURI           = systemURI + "/EthernetInterfaces"
	nicURI            = nicsURI + "/" + nicID
	managersURI       = rootURI + "/Managers"
	managerURI        = managersURI + "/iDRAC.Embedded.1"
	chassisListURI    = rootURI + "/Chassis"
	chassisURI        = chassisListURI + "/System.Embedded.1"
	powerURI          = chassisURI + "/Power"
)

// resource is what can be found at one URI. A method whose field is nil is refused.
type resource struct {
	get    func(*Server) doc
	patch  func(*Server, doc) error
	post   func(*Server, http.ResponseWriter, *http.Request) error
	remove func(*Server) error
	// Writes that a job carries out, and that are answered by its URI.
	patchJob  func(*Server, doc) (*job, error)
	removeJob func(*Server) (*job, error)
	raw       func(*Server, http.ResponseWriter) // a get whose answer is not a plain document
	action    bool                               // the post is an action, which an iDRAC refuses with If-Match
	public    bool                               // the get needs no login

	// below finds resources that come and go, by the rest of their URI after the slash.
	below func(s *Server, rest string) (resource, bool)
}

// jobAction makes a resource of a Redfish action that a job carries out.
func jobAction(start func(*Server, *http.Request, doc) (*job, error)) resource {
	return resource{action: true, post: func(s *Server, w http.ResponseWriter, r *http.Request) error {
		body, err := readBody(r)
		if err != nil {
			return err
		}
		return s.answerJob(w, func() (*job, error) { return start(s, r, body) })
	}}
}

// action makes a resource of a Redfish action that answers 204.
func action(do func(*Server, *http.Request, doc) error) resource {
	return resource{action: true, post: func(s *Server, w http.ResponseWriter, r *http.Request) error {
		body, err := readBody(r)
		if err != nil {
			return err
		}
		if err := do(s, r, body); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}}
}

// table is the service of one generation: a resource by its URI.
type table map[string]resource

func newTable(g *generation) table {
	t := table{}
	t.addRoot()
	t.addMetadata()
	t.addRegistries(g)
	t.addSessions()
	t.addSystem(g)
	t.addMedia(g)
	t.addManager()
	t.addBIOS()
	t.addUpdates(g)
	t.addStorage(g)
	t.addProcessors(g)
	t.addMemory(g)
	t.addPCIe(g)
	t.addNetworkAdapter()
	t.addSecureBoot()
	if g.licenses {
		t.addLicenses()
	}
	t.addProfiles(g)
	t.addDell(g)
	t.addJobs(g)
	t.addTasks(g)
	t.addChassis(g)
	t.addLogs(g)
	t.addAccounts(g)
	t.addManagerNetwork(g)
	t.addEvents()
	t.addTelemetry(g)
	return t
}

// lookup finds the resource at a URI, with or without a final slash.
func (s *Server) lookup(uri string) (resource, bool) {
	uri = strings.TrimSuffix(uri, "/")
	if found, ok := s.table[uri]; ok {
		return found, true
	}
	for parent := uri; ; {
		cut := strings.LastIndexByte(parent, '/')
		if cut <= 0 {
			return resource{}, false
		}
		parent = parent[:cut]
		if found := s.table[parent]; found.below != nil {
			return found.below(s, uri[cut+1:])
		}
	}
}

func (r resource) methods() []string {
	has := map[string]bool{
		http.MethodGet:    r.get != nil || r.raw != nil,
		http.MethodHead:   r.get != nil || r.raw != nil,
		http.MethodPatch:  r.patch != nil || r.patchJob != nil,
		http.MethodPost:   r.post != nil,
		http.MethodDelete: r.remove != nil || r.removeJob != nil,
	}
	maps.DeleteFunc(has, func(_ string, present bool) bool { return !present })
	return slices.Sorted(maps.Keys(has))
}

// described makes the properties that every resource begins with.
func described(uri, schema, version, id, name string) doc {
	return doc{
		"@odata.id":      uri,
		"@odata.type":    "#" + schema + "." + version + "." + schema,
		"@odata.context": rootURI + "/$metadata#" + schema + "." + schema,
		"Id":             id,
		"Name":           name,
	}
}

// collection makes a collection of the resources at the URIs.
func collection(uri, schema, name string, members ...string) doc {
	body := doc{
		"@odata.id":      uri,
		"@odata.type":    "#" + schema + "Collection." + schema + "Collection",
		"@odata.context": rootURI + "/$metadata#" + schema + "Collection." + schema + "Collection",
		"Name":           name,
		"Description":    name,
	}
	setLinks(body, "Members", members...)
	return body
}

// setLinks sets an array of links, and its count.
func setLinks(body doc, name string, uris ...string) {
	references := make([]doc, 0, len(uris))
	for _, uri := range uris {
		references = append(references, ref(uri))
	}
	body[name] = references
	body[name+"@odata.count"] = len(references)
}

func ref(uri string) doc { return doc{"@odata.id": uri} }

func healthy() doc { return doc{"Health": "OK", "HealthRollup": "OK", "State": "Enabled"} }
