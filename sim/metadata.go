package sim

import (
	"net/http"
	"strings"
)

// metadataSchemas are the schemas that $metadata refers to.
var metadataSchemas = []string{
	"AccountService", "AttributeRegistry", "Bios", "Certificate", "Chassis", "ChassisCollection", "ComputerSystem", "ComputerSystemCollection",
	"Control", "ControlCollection", "Drive", "EnvironmentMetrics", "EthernetInterface", "EthernetInterfaceCollection", "Event",
	"EventDestination", "EventDestinationCollection", "EventService", "Fan", "FanCollection", "Job", "JobCollection", "JobService", "License",
	"LicenseCollection", "LicenseService", "LogEntry", "LogEntryCollection", "LogService", "LogServiceCollection", "Manager",
	"ManagerAccount", "ManagerAccountCollection", "ManagerCollection", "ManagerNetworkProtocol", "Memory", "MemoryCollection",
	"Message", "MessageRegistryFile", "MessageRegistryFileCollection", "MetricReport", "MetricReportCollection",
	"MetricReportDefinition", "MetricReportDefinitionCollection", "NetworkAdapter", "NetworkAdapterCollection",
	"NetworkDeviceFunction", "NetworkDeviceFunctionCollection", "NetworkPort", "NetworkPortCollection", "PCIeDevice",
	"PCIeDeviceCollection", "PCIeFunction", "PCIeFunctionCollection", "Power", "PowerSubsystem", "PowerSupply", "PowerSupplyCollection",
	"Processor", "ProcessorCollection", "Role", "RoleCollection", "SecureBoot", "Sensor", "SensorCollection", "ServiceRoot", "Session",
	"SessionCollection", "SessionService", "Settings", "SoftwareInventory", "SoftwareInventoryCollection", "Storage",
	"StorageCollection", "StorageController", "StorageControllerCollection", "Task", "TaskCollection", "TaskService",
	"TelemetryService", "Thermal", "ThermalMetrics", "ThermalSubsystem", "UpdateService", "VirtualMedia", "VirtualMediaCollection",
	"Volume", "VolumeCollection",
}

func (t table) addMetadata() {
	t[rootURI+"/$metadata"] = resource{public: true, raw: func(_ *Server, w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
		// A client that has gone away is no concern of the service.
		_, _ = w.Write([]byte(metadata()))
	}}
}

// metadata is the OData document that says where the schemas are.
func metadata() string {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	b.WriteString(`<edmx:Edmx xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx" Version="4.0">` + "\n")
	for _, schema := range metadataSchemas {
		source := "redfish"
		if strings.HasPrefix(schema, "Volume") {
			source = "swordfish"
		}
		b.WriteString(`  <edmx:Reference Uri="https://` + source + `.dmtf.org/schemas/v1/` + schema + `_v1.xml"><edmx:Include Namespace="` + schema + `"/></edmx:Reference>` + "\n")
	}
	b.WriteString(`  <edmx:DataServices><Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="Service">` +
		`<EntityContainer Name="Service" Extends="ServiceRoot.v1_15_0.ServiceContainer"/></Schema></edmx:DataServices>` + "\n</edmx:Edmx>\n")
	return b.String()
}
