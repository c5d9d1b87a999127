package sim

const (
	registriesURI       = rootURI + "/Registries"
	managerRegistryURI  = registriesURI + "/ManagerAttributeRegistry/ManagerAttributeRegistry.v1_0_0"
	managerAttributesID = "ManagerAttributeRegistry.v1_0_0"
	biosAttributesID    = "BiosAttributeRegistry.v1_0_0"
)

// registryFile points to a registry of messages or of attributes.
type registryFile struct {
	id, registry string
	uri          string // on this iDRAC
	publication  string // where it can be had instead
}

func (g *generation) registryFiles() []registryFile {
	return []registryFile{
		{id: "BaseMessages", registry: "Base." + g.baseVersion, publication: "https://redfish.dmtf.org/registries/Base." + g.baseVersion + ".0.json"},
		{id: "IDRACMessages", registry: "IDRAC." + g.dellVersion, publication: "https://developer.dell.com/apis/2978"},
		{id: "BiosAttributeRegistry", registry: biosAttributesID, uri: biosRegistryURI},
		{id: "ManagerAttributeRegistry", registry: managerAttributesID, uri: managerRegistryURI},
	}
}

func (t table) addRegistries(g *generation) {
	t[registriesURI] = resource{get: (*Server).registries}
	for _, f := range g.registryFiles() {
		t[registriesURI+"/"+f.id] = resource{get: func(*Server) doc { return f.document() }}
	}
	t[biosRegistryURI] = resource{get: (*Server).biosRegistry}
	t[managerRegistryURI] = resource{get: (*Server).managerRegistry}
}

func (s *Server) registries() doc {
	var uris []string
	for _, f := range s.gen.registryFiles() {
		uris = append(uris, registriesURI+"/"+f.id)
	}
	return collection(registriesURI, "MessageRegistryFile", "Registry File Collection", uris...)
}

func (f registryFile) document() doc {
	body := described(registriesURI+"/"+f.id, "MessageRegistryFile", "v1_1_3", f.id, f.id+" Registry File")
	body["Description"] = f.id + " Registry File locations"
	body["Languages"] = []string{"en"}
	body["Languages@odata.count"] = 1
	location := doc{"Language": "en"}
	if f.uri != "" {
		location["Uri"] = f.uri
	} else {
		location["PublicationUri"] = f.publication
	}
	body["Location"] = []doc{location}
	body["Location@odata.count"] = 1
	body["Registry"] = f.registry
	return body
}

// biosRegistry describes the BIOS attributes.
func (s *Server) biosRegistry() doc {
	body := attributeRegistry(biosRegistryURI, biosAttributesID, "BIOS Attribute Registry")
	body["SupportedSystems"] = []doc{{
		"FirmwareVersion": s.firmwareVersion(biosFQDD), "ProductName": s.gen.model, "SystemId": "0A6B",
	}}
	body["RegistryEntries"] = doc{"Attributes": registryEntries(true, s.biosComponent())}
	return body
}

// managerRegistry describes the attributes of the iDRAC and what belongs to it.
func (s *Server) managerRegistry() doc {
	var described []*component
	for _, fqdd := range attributeFQDDs {
		c, _ := s.gen.component(fqdd)
		described = append(described, c)
	}
	body := attributeRegistry(managerRegistryURI, managerAttributesID, "Manager Attribute Registry")
	body["SupportedSystems"] = []doc{{
		"FirmwareVersion": s.firmwareVersion(idracFirmware), "ProductName": s.gen.hardware, "SystemId": "iDRAC",
	}}
	body["RegistryEntries"] = doc{"Attributes": registryEntries(false, described...)}
	return body
}

func attributeRegistry(uri, id, name string) doc {
	body := described(uri, "AttributeRegistry", "v1_3_6", id, name)
	body["Description"] = name
	body["Language"] = "en"
	body["OwningEntity"] = "Dell"
	body["RegistryVersion"] = "1.0.0"
	return body
}

func registryEntries(atReset bool, components ...*component) []doc {
	entries := []doc{}
	for _, c := range components {
		for _, a := range c.attributes {
			entries = append(entries, a.registryEntry(len(entries), atReset))
		}
	}
	return entries
}

func (a attribute) registryEntry(order int, atReset bool) doc {
	entry := doc{
		"AttributeName": a.name, "DisplayName": a.label, "DisplayOrder": order, "HelpText": a.label + ".",
		"ReadOnly": a.readOnly, "Hidden": false, "Immutable": a.readOnly, "ResetRequired": atReset, "WriteOnly": false,
		"CurrentValue": nil, "DefaultValue": a.shown(a.value), "Type": "String",
	}
	switch {
	case len(a.values) > 0:
		values := make([]doc, 0, len(a.values))
		for _, value := range a.values {
			values = append(values, doc{"ValueName": value, "ValueDisplayName": value})
		}
		entry["Type"], entry["Value"] = "Enumeration", values
	case a.isNumber():
		entry["Type"], entry["LowerBound"], entry["UpperBound"], entry["ScalarIncrement"] = "Integer", a.min, a.max, 0
	default:
		entry["MinLength"], entry["MaxLength"] = 0, 255
	}
	return entry
}
