package sim

import (
	"encoding/json"
	"net/http"
	"net/url"
	"path"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stmcginnis/gofish/schemas"
)

// gofishTypes are what an independent client decodes each resource into.
var gofishTypes = map[string]func() any{
	"AccountService":         func() any { return new(schemas.AccountService) },
	"AttributeRegistry":      func() any { return new(schemas.AttributeRegistry) },
	"Bios":                   func() any { return new(schemas.Bios) },
	"Chassis":                func() any { return new(schemas.Chassis) },
	"ComputerSystem":         func() any { return new(schemas.ComputerSystem) },
	"Control":                func() any { return new(schemas.Control) },
	"Drive":                  func() any { return new(schemas.Drive) },
	"EnvironmentMetrics":     func() any { return new(schemas.EnvironmentMetrics) },
	"EthernetInterface":      func() any { return new(schemas.EthernetInterface) },
	"EventDestination":       func() any { return new(schemas.EventDestination) },
	"EventService":           func() any { return new(schemas.EventService) },
	"Fan":                    func() any { return new(schemas.Fan) },
	"Job":                    func() any { return new(schemas.Job) },
	"JobService":             func() any { return new(schemas.JobService) },
	"License":                func() any { return new(schemas.License) },
	"LicenseService":         func() any { return new(schemas.LicenseService) },
	"LogEntry":               func() any { return new(schemas.LogEntry) },
	"LogService":             func() any { return new(schemas.LogService) },
	"Manager":                func() any { return new(schemas.Manager) },
	"ManagerAccount":         func() any { return new(schemas.ManagerAccount) },
	"ManagerNetworkProtocol": func() any { return new(schemas.ManagerNetworkProtocol) },
	"Memory":                 func() any { return new(schemas.Memory) },
	"MessageRegistryFile":    func() any { return new(schemas.MessageRegistryFile) },
	"MetricReport":           func() any { return new(schemas.MetricReport) },
	"MetricReportDefinition": func() any { return new(schemas.MetricReportDefinition) },
	"NetworkAdapter":         func() any { return new(schemas.NetworkAdapter) },
	"NetworkDeviceFunction":  func() any { return new(schemas.NetworkDeviceFunction) },
	"NetworkPort":            func() any { return new(schemas.NetworkPort) },
	"PCIeDevice":             func() any { return new(schemas.PCIeDevice) },
	"PCIeFunction":           func() any { return new(schemas.PCIeFunction) },
	"Power":                  func() any { return new(schemas.Power) },
	"PowerSubsystem":         func() any { return new(schemas.PowerSubsystem) },
	"PowerSupply":            func() any { return new(schemas.PowerSupplyUnit) },
	"PowerSupplyMetrics":     func() any { return new(schemas.PowerSupplyMetrics) },
	"Processor":              func() any { return new(schemas.Processor) },
	"Role":                   func() any { return new(schemas.Role) },
	"SecureBoot":             func() any { return new(schemas.SecureBoot) },
	"Sensor":                 func() any { return new(schemas.Sensor) },
	"ServiceRoot":            nil, // read by connecting
	"Session":                func() any { return new(schemas.Session) },
	"SessionService":         func() any { return new(schemas.SessionService) },
	"SoftwareInventory":      func() any { return new(schemas.SoftwareInventory) },
	"Storage":                func() any { return new(schemas.Storage) },
	"StorageController":      func() any { return new(schemas.StorageController) },
	"Task":                   func() any { return new(schemas.Task) },
	"TaskService":            func() any { return new(schemas.TaskService) },
	"TelemetryService":       func() any { return new(schemas.TelemetryService) },
	"Thermal":                func() any { return new(schemas.Thermal) },
	"ThermalMetrics":         func() any { return new(schemas.ThermalMetrics) },
	"ThermalSubsystem":       func() any { return new(schemas.ThermalSubsystem) },
	"UpdateService":          func() any { return new(schemas.UpdateService) },
	"VirtualMedia":           func() any { return new(schemas.VirtualMedia) },
	"Volume":                 func() any { return new(schemas.Volume) },
}

// TestEveryResource reads all that is linked, on each generation, in some of its states.
func TestEveryResource(t *testing.T) {
	t.Parallel()
	for _, g := range generations {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			timing := quick
			timing.TaskPurge = patience
			s := startFleet(t, Config{Generation: g.name, Timing: timing}).Servers()[0]
			must(t, s, http.StatusCreated, http.MethodPost, sessionsURI, `{"UserName":"root","Password":"calvin"}`)
			must(t, s, http.StatusAccepted, http.MethodPost, s.gen.profileAction("ImportSystemConfiguration"),
				`{"ImportBuffer":"<SystemConfiguration><Component FQDD=\"X\"><Attribute Name=\"A\">1</Attribute></Component></SystemConfiguration>","ShareParameters":{}}`)
			await(t, s, JobEnded)
			reset(t, s, "On")
			await(t, s, BootFailed)
			found := crawl(t, s)
			for uri, body := range found {
				checkResource(t, s, uri, body)
			}
			for uri, known := range s.table {
				if _, seen := found[uri]; known.get != nil && !seen && !known.public && uri != oldJobsURI {
					t.Errorf("%s is not linked from anywhere", uri)
				}
			}
		})
	}
}

// crawl reads every resource that is linked from the root, directly or not.
func crawl(t *testing.T, s *Server) map[string]doc {
	t.Helper()
	found := map[string]doc{}
	for queue := []string{rootURI}; len(queue) > 0; queue = queue[1:] {
		uri := queue[0]
		if found[uri] == nil {
			found[uri] = must(t, s, http.StatusOK, http.MethodGet, uri, "").body
			queue = append(queue, links(found[uri])...)
			queue = append(queue, registryURIs(found[uri])...)
		}
	}
	return found
}

// registryURIs are where a registry file says that the registry is.
func registryURIs(file doc) []string {
	var uris []string
	locations, _ := file["Location"].([]any)
	for _, location := range locations {
		if uri, ok := location.(doc)["Uri"].(string); ok {
			uris = append(uris, uri)
		}
	}
	return uris
}

func checkResource(t *testing.T, s *Server, uri string, body doc) {
	t.Helper()
	required := []string{"@odata.id", "@odata.type", "Name", "Id"}
	kind := schemaOf(body)
	if strings.HasSuffix(kind, "Collection") {
		required = []string{"@odata.id", "@odata.type", "Name", "Members", "Members@odata.count"}
	}
	for _, name := range required {
		if body[name] == nil {
			t.Errorf("%s has no %s", uri, name)
		}
	}
	if body["@odata.id"] != uri {
		t.Errorf("%s says it is %v", uri, body["@odata.id"])
	}
	if !slices.Contains(metadataSchemas, kind) && !strings.HasPrefix(kind, "Dell") {
		t.Errorf("$metadata has no %s, of %s", kind, uri)
	}
	checkID(t, uri, body)
	checkCounts(t, uri, body)
	checkTargets(t, s, uri, body)
	checkDecoding(t, uri, kind, body)
}

// checkID compares the Id with the end of the URI, but for singletons that have the name
// of their place.
func checkID(t *testing.T, uri string, body doc) {
	t.Helper()
	last, err := url.PathUnescape(path.Base(uri))
	if id, ok := body["Id"].(string); ok && (err != nil || id != last) && id != "RootService" && !slices.Contains([]string{"AttributeRegistry", "DellAttributes"}, schemaOf(body)) {
		t.Errorf("%s has the Id %s", uri, id)
	}
}

// schemaOf is the name of a resource's schema, out of "#Bios.v1_2_1.Bios".
func schemaOf(body doc) string {
	kind, _ := body["@odata.type"].(string)
	kind, _, _ = strings.Cut(strings.TrimPrefix(kind, "#"), ".")
	return kind
}

// checkCounts compares each X@odata.count with X.
func checkCounts(t *testing.T, uri string, value any) {
	t.Helper()
	switch value := value.(type) {
	case doc:
		for name, inner := range value {
			if list, ok := strings.CutSuffix(name, "@odata.count"); ok {
				if members, ok := value[list].([]any); !ok || float64(len(members)) != inner {
					t.Errorf("%s: %s is %v, and %s is %v", uri, name, inner, list, value[list])
				}
			}
			checkCounts(t, uri, inner)
		}
	case []any:
		for _, inner := range value {
			checkCounts(t, uri, inner)
		}
	}
}

// checkTargets looks for the target of each action.
func checkTargets(t *testing.T, s *Server, uri string, value any) {
	t.Helper()
	body, ok := value.(doc)
	if !ok {
		return
	}
	if target, ok := body["target"].(string); ok {
		if found, ok := s.lookup(target); !ok || found.post == nil {
			t.Errorf("%s has an action at %s, where there is none", uri, target)
		}
	}
	for _, inner := range body {
		checkTargets(t, s, uri, inner)
	}
}

// checkDecoding has the independent client decode the resource, and asks whether it knows
// each of the properties.
func checkDecoding(t *testing.T, uri, kind string, body doc) {
	t.Helper()
	if strings.HasPrefix(kind, "Dell") || strings.HasSuffix(kind, "Collection") {
		return
	}
	create, known := gofishTypes[kind]
	if !known {
		t.Errorf("%s is of the unknown type %v", uri, body["@odata.type"])
	}
	if create == nil {
		return
	}
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	decoded := create()
	if err := json.Unmarshal(raw, decoded); err != nil {
		t.Errorf("%s: %v", uri, err)
	}
	fields := fieldsOf(reflect.TypeOf(decoded).Elem())
	for name, value := range body {
		if !strings.Contains(name, "@") && !fields[strings.ToLower(name)] && !isLink(value) {
			t.Errorf("%s: %s has no property %s", uri, kind, name)
		}
	}
}

// fieldsOf is the names of what is decoded into a type, in lower case.
func fieldsOf(of reflect.Type) map[string]bool {
	fields := map[string]bool{"actions": true, "links": true, "oem": true, "password": true}
	for f := range of.Fields() {
		if f.Anonymous && f.Type.Kind() == reflect.Struct {
			for name := range fieldsOf(f.Type) {
				fields[name] = true
			}
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[strings.ToLower(name)] = true
		fields[strings.ToLower(f.Name)] = true
	}
	return fields
}

// isLink is true for a link and for a list of links.
func isLink(value any) bool {
	if list, ok := value.([]any); ok {
		return len(list) == 0 || isLink(list[0])
	}
	body, _ := value.(doc)
	return len(body) == 1 && body["@odata.id"] != nil
}
