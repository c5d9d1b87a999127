package sim

import (
	"fmt"
	"slices"
	"strings"
)

// Values of Config.Generation.
const (
	IDRAC8   = "idrac8"   // 13th generation of servers
	IDRAC9v5 = "idrac9v5" // 14th and 15th generation, firmware before 6.00
	IDRAC9v7 = "idrac9v7" // 14th to 16th generation, firmware 7.x; the default
	IDRAC10  = "idrac10"  // 17th generation
)

// generation is what differs between the kinds of iDRAC. What is not a field here is
// the same on all of them.
type generation struct {
	name        string
	model       string // of the server
	hardware    string // Model of the manager
	firmware    string // of the iDRAC
	bios        string
	redfish     string // RedfishVersion
	baseVersion string // of the Base message registry
	dellVersion string // of Dell's message registry

	resetTypes  []string
	maxSessions int
	strongETags bool // tags are not of the weak form W/"…"

	mediaHome   string   // the resource that VirtualMedia belongs to
	mediaSlots  []string // ids
	bootSlots   int      // of the slots, how many from the first can be booted
	cdIsVirtual bool     // the override Cd means the virtual CD, not a physical one

	bootInSettings   bool // Boot can be written in the settings resource only
	bootModeReadOnly bool // UEFI only
	hasBootSettings  bool // the system has a settings resource

	components     []*component // what has attributes
	cpus           cpus
	dimms          dimms
	controllers    []*controller
	applyTimes     int    // how many of the apply times a settings resource knows
	dellHome       string // where Dell's services are; "" has none
	jobService     bool   // there is a standard JobService
	taskMonitors   bool   // a task has a monitor of its own
	oem            string // the name that SCP actions have under Oem
	profileJSON    bool   // a configuration profile can also be JSON
	purgesTasks    bool   // ended tasks disappear after Timing.TaskPurge
	secureErase    bool   // drives have the action SecureErase
	multipartPush  bool   // UpdateService has a MultipartHttpPushUri
	drivesBelow    bool   // a drive's URI lies below its controller's
	licenses       bool   // there is a standard LicenseService
	createAccounts bool   // accounts are made by POST, not only by PATCH of an empty slot
	telemetry      bool   // there is a TelemetryService
	sensors        bool   // Chassis has Sensors, PowerSubsystem, ThermalSubsystem, EnvironmentMetrics
	escapedIDs     bool   // ids hold a #, which their URIs escape
	legacyPower    bool   // Chassis has Power and Thermal
}

var generations = []*generation{
	{
		name: IDRAC8, model: "PowerEdge R730", hardware: "13G Monolithic", firmware: "2.86.86.86", bios: "2.19.0",
		redfish: "1.4.0", baseVersion: "1.0", dellVersion: "1.6",
		resetTypes:  []string{"On", "ForceOff", "GracefulRestart", "GracefulShutdown", "PushPowerButton", "Nmi"},
		maxSessions: 6,
		mediaHome:   managerURI, mediaSlots: []string{"CD", "RemovableDisk"}, bootSlots: 1,
		components: components(false), controllers: []*controller{perc("PERC H730 Mini", "25.5.9.0001", 6, true)},
		cpus:  cpus{2, 14, "Intel", "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", "x86-64", 2400, 4000},
		dimms: dimms{8, 16, "DDR4", 2400},
		oem:   "EID_674_Manager", purgesTasks: true,
		legacyPower: true, escapedIDs: true,
	},
	{
		name: IDRAC9v5, model: "PowerEdge R740", hardware: "14G Monolithic", firmware: "5.10.50.00", bios: "2.17.1",
		redfish: "1.11.0", baseVersion: "1.8", dellVersion: "2.4",
		resetTypes:  allResetTypes,
		maxSessions: 8,
		mediaHome:   managerURI, mediaSlots: []string{"CD", "RemovableDisk"}, bootSlots: 1,
		hasBootSettings: true, components: components(false), applyTimes: len(applyTimes),
		controllers: []*controller{perc("PERC H740P Mini", "51.16.0-4076", 4, false), boss("AHCI.Slot.2-1", "BOSS-S1", "2.5.13.3024")},
		cpus:        cpus{2, 20, "Intel", "Intel(R) Xeon(R) Gold 6230 CPU @ 2.10GHz", "x86-64", 2100, 4000},
		dimms:       dimms{12, 16, "DDR4", 2933},
		oem:         "EID_674_Manager", profileJSON: true, dellHome: rootURI + "/Dell/Managers/iDRAC.Embedded.1", jobService: true, secureErase: true, multipartPush: true, telemetry: true,
		sensors: true, legacyPower: true,
	},
	{
		name: IDRAC9v7, model: "PowerEdge R660", hardware: "16G Monolithic", firmware: "7.10.50.00", bios: "2.4.4",
		redfish: "1.18.0", baseVersion: "1.12", dellVersion: "2.8",
		resetTypes:  allResetTypes,
		maxSessions: 8,
		mediaHome:   systemURI, mediaSlots: []string{"1", "2"}, bootSlots: 2, cdIsVirtual: true,
		hasBootSettings: true, components: components(false), applyTimes: len(applyTimes),
		controllers: []*controller{perc("PERC H755 Front", "52.21.0-4606", 4, false), boss("BOSS.SL.1-1", "BOSS-N1", "2.1.13.2025")},
		cpus:        cpus{2, 32, "Intel", "Intel(R) Xeon(R) Gold 6430", "x86-64", 2100, 4100},
		dimms:       dimms{8, 32, "DDR5", 4400},
		oem:         "EID_674_Manager", profileJSON: true, dellHome: managerURI + "/Oem/Dell", jobService: true, taskMonitors: true, secureErase: true, multipartPush: true, drivesBelow: true,
		licenses: true, createAccounts: true, telemetry: true, sensors: true, legacyPower: true,
	},
	{
		name: IDRAC10, model: "PowerEdge R6715", hardware: "17G Monolithic", firmware: "1.20.80.50", bios: "1.3.2",
		redfish: "1.20.1", baseVersion: "1.19", dellVersion: "3.0",
		resetTypes:  allResetTypes,
		maxSessions: 8, strongETags: true,
		mediaHome: systemURI, mediaSlots: []string{"1", "2"}, bootSlots: 1, cdIsVirtual: true,
		hasBootSettings: true, bootInSettings: true, bootModeReadOnly: true,
		components: components(true), applyTimes: len(applyTimes),
		controllers: []*controller{perc("PERC H965i Front", "8.4.0.0.18-26", 4, false), boss("BOSS.SL.1-1", "BOSS-N1 Monolithic", "2.1.13.2025")},
		cpus:        cpus{1, 96, "AMD", "AMD EPYC 9655P 96-Core Processor", "x86-64", 2600, 4500},
		dimms:       dimms{12, 64, "DDR5", 6400},
		oem:         "OemManager", profileJSON: true, dellHome: managerURI + "/Oem/Dell", jobService: true, taskMonitors: true, secureErase: true, multipartPush: true, drivesBelow: true,
		licenses: true, createAccounts: true, telemetry: true, sensors: true,
	},
}

// parseGenerations reads a list such as "idrac8,idrac10".
func parseGenerations(list string) ([]*generation, error) {
	var found []*generation
	for name := range strings.SplitSeq(list, ",") {
		i := slices.IndexFunc(generations, func(g *generation) bool { return g.name == strings.TrimSpace(name) })
		if i < 0 {
			return nil, fmt.Errorf("simulated fleet: unknown generation %q: use %s, %s, %s or %s", name, IDRAC8, IDRAC9v5, IDRAC9v7, IDRAC10)
		}
		found = append(found, generations[i])
	}
	return found, nil
}
