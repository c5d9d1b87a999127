package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rackflow/rackflow/sim"
)

const (
	biosFQDD  = "BIOS.Setup.1-1"
	idracFQDD = "iDRAC.Embedded.1"
)

// TestStockGraphs runs the graphs for one server after the other, as a first-time user
// would, and looks at what they have done to it.
func TestStockGraphs(t *testing.T) {
	t.Parallel()
	e := startEngine(t)
	generations := []string{sim.IDRAC9v5, sim.IDRAC9v7, sim.IDRAC10}
	fleet := startFleet(t, sim.Config{Servers: len(generations), Generation: strings.Join(generations, ","), Timing: quick})
	for i, s := range fleet.Servers() {
		u := &user{engine: e, server: s, node: e.addServer(s), generation: generations[i]}
		u.graph("Graph.PowerOn", nil)
		u.learns()
		u.configures()
		u.updates()
		u.administers()
		u.destroys()
	}
}

// quick is a simulated server that does not keep a test waiting.
var quick = sim.Timing{
	PowerOn: 50 * time.Millisecond, PowerOff: 50 * time.Millisecond, POST: 50 * time.Millisecond,
	Job: 100 * time.Millisecond, MediaSettle: 20 * time.Millisecond,
}

// user is somebody with one server.
type user struct {
	*engine

	server           *sim.Server
	node, generation string
}

// graph runs a graph that has to succeed and returns what its tasks have given.
func (u *user) graph(name string, options map[string]any, answers ...map[string]any) map[string]any {
	u.t.Helper()
	got := u.finish(u.startOn(u.node, name, options), answers)
	if got.Status != "succeeded" {
		problems := []string{}
		for _, task := range got.Tasks {
			if task.Error != "" {
				problems = append(problems, task.Label+": "+task.Error)
			}
		}
		u.t.Fatalf("%s: %s %s: %s", u.generation, name, got.Status, strings.Join(problems, "\n"))
	}
	outputs, _ := got.Context["outputs"].(map[string]any)
	return outputs
}

// finish answers the run's prompts, in their order, and waits for its end.
func (u *user) finish(id string, answers []map[string]any) run {
	u.t.Helper()
	for _, answer := range answers {
		u.await(20*time.Second, "run "+id+" asks", func() bool {
			status, err := u.call(http.MethodPost, "/workflows/"+id+"/prompts/approve", map[string]any{"answer": answer, "by": "ann"}, nil)
			return err == nil && status == http.StatusNoContent
		})
	}
	return u.awaitRun(id, time.Minute)
}

func (u *user) catalog(source string, into any) {
	u.t.Helper()
	var catalog struct {
		Data json.RawMessage `json:"data"`
	}
	u.must(http.StatusOK, http.MethodGet, "/nodes/"+u.node+"/catalogs/"+source, nil, &catalog)
	if err := json.Unmarshal(catalog.Data, into); err != nil {
		u.t.Fatal(err)
	}
}

func (u *user) count(kind string) int {
	n := 0
	for _, e := range u.server.Journal() {
		if e.Kind == kind {
			n++
		}
	}
	return n
}

func (u *user) want(what string, got, want any) {
	u.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		u.t.Errorf("%s: %s is %v, want %v", u.generation, what, got, want)
	}
}

func (u *user) learns() {
	u.t.Helper()
	u.graph("Graph.Server.Discover", nil)
	var node struct {
		ID string `json:"id"`
	}
	u.must(http.StatusOK, http.MethodGet, "/nodes/"+u.server.MAC(), nil, &node)
	u.want("the node of the MAC address", node.ID, u.node)
	var inventory struct {
		Summary struct {
			ServiceTag string `json:"serviceTag"`
		} `json:"summary"`
	}
	u.catalog("redfish", &inventory)
	u.want("the service tag", inventory.Summary.ServiceTag, u.server.Tag())
	u.graph("Graph.Log.Collect", nil)
	u.graph("Graph.Power.Read", nil)
	u.graph("Graph.Bmc.Settings", nil)
}

func (u *user) configures() {
	u.t.Helper()
	u.graph("Graph.Bios.Configure", map[string]any{"defaults": map[string]any{"attributes": map[string]any{"ProcVirtualization": "Disabled"}}})
	u.want("ProcVirtualization", u.server.Attribute(biosFQDD, "ProcVirtualization"), "Disabled")
	restarts := u.count(sim.Reset)
	u.graph("Graph.Bios.Configure", map[string]any{"defaults": map[string]any{"attributes": map[string]any{"ProcVirtualization": "Disabled"}}})
	u.want("restarts for nothing", u.count(sim.Reset)-restarts, 0)

	u.graph("Graph.Profile.Export", nil)
	u.graph("Graph.Profile.Apply", map[string]any{"defaults": map[string]any{
		"attributes": map[string]any{biosFQDD: map[string]any{"ProcVirtualization": "Enabled"}, idracFQDD: map[string]any{"NTPConfigGroup.1#NTPEnable": "Enabled"}},
	}})
	u.want("ProcVirtualization", u.server.Attribute(biosFQDD, "ProcVirtualization"), "Enabled")
	u.want("NTPEnable", u.server.Attribute(idracFQDD, "NTPConfigGroup.1.NTPEnable"), "Enabled")

	u.rollsBack()

	u.graph("Graph.Power.Cap", map[string]any{"defaults": map[string]any{"watts": 450}})
	watts, _ := u.server.PowerCap()
	u.want("the power cap", watts, 450)
	u.graph("Graph.Power.Cap", map[string]any{"defaults": map[string]any{"watts": 0}})
}

// rollsBack applies a profile whose import fails: its preview and the way back do not.
func (u *user) rollsBack() {
	u.t.Helper()
	if err := u.server.Break(sim.Fault{Kind: "JobFails", Path: "/ImportConfiguration", After: 1, Count: 1}); err != nil {
		u.t.Fatal(err)
	}
	got := u.finish(u.startOn(u.node, "Graph.Profile.Apply", map[string]any{"defaults": map[string]any{
		"attributes": map[string]any{idracFQDD: map[string]any{"NTPConfigGroup.1#NTPEnable": "Disabled"}},
	}}), nil)
	u.want("a run whose import has failed", got.Status, "failed")
	u.want("import and roll-back", got.state("import")+" "+got.state("roll-back"), "failed succeeded")
	u.want("NTPEnable after the way back", u.server.Attribute(idracFQDD, "NTPConfigGroup.1.NTPEnable"), "Enabled")

	got = u.finish(u.startOn(u.node, "Graph.Profile.Apply", map[string]any{"defaults": map[string]any{
		"attributes": map[string]any{idracFQDD: map[string]any{"No.1#Such": "x"}},
	}}), nil)
	u.want("a profile that the preview refuses", got.Status+" "+got.state("import"), "failed unreachable")
}

func (u *user) updates() {
	u.t.Helper()
	const name, version = "bios.exe", "7.7.7"
	u.putFile(name, sim.FirmwareImage(biosFQDD, version))
	options := map[string]any{"defaults": map[string]any{"source": "image:" + name, "component": "BIOS", "version": version, "onReset": true}}
	u.graph("Graph.Firmware.Update", options)
	u.want("the BIOS's version", u.server.Firmware()[biosFQDD], version)
	u.graph("Graph.Firmware.Update", options)
	u.want("updates", u.count(sim.FirmwareUpdated), 1)
}

func (u *user) administers() {
	u.t.Helper()
	u.graph("Graph.Bmc.Account", map[string]any{"defaults": map[string]any{"user": "ops", "password": "Correct-Horse-1", "role": "Operator"}})
	u.graph("Graph.Bmc.Alerts", map[string]any{"defaults": map[string]any{"destination": "https://192.0.2.9/events"}})
	u.graph("Graph.Bmc.Vlan", map[string]any{"set": map[string]any{"vlan": 42, "interface": "NIC.1"}})
	u.graph("Graph.Server.Identify", nil)
	u.graph("Graph.Bmc.Reset", nil)
	u.want("restarts of the BMC", u.count(sim.ManagerRestart), 1)
	u.graph("Graph.Log.Clear", nil)
	u.want("logs cleared", u.count(sim.LogCleared), 1)
}

func (u *user) destroys() {
	u.t.Helper()
	controller, serials := u.freeDrives()
	volume := map[string]any{"controller": controller, "name": "data", "raid": "RAID1", "drives": serials[:2]}
	u.graph("Graph.Volume.Create", map[string]any{"defaults": volume})
	u.graph("Graph.Volume.Delete", map[string]any{"defaults": map[string]any{"controller": controller, "name": "data"}}, map[string]any{"volume": "data"})
	u.want("volumes deleted", u.count(sim.VolumeDeleted), 1)

	refused := u.finish(u.startOn(u.node, "Graph.Drive.Erase", map[string]any{"erase": map[string]any{"confirm": serials[:1]}}),
		[]map[string]any{{"serials": serials[1:2]}})
	u.want("erasing a drive that only one person has named", refused.Status, "failed")
	u.want("drives erased", u.count(sim.DriveErased), 0)

	u.graph("Graph.Server.Decommission", map[string]any{"erase": map[string]any{"confirm": serials[:2]}}, map[string]any{"serials": serials[:2]})
	u.want("drives erased", u.count(sim.DriveErased), 2)
	u.want("the power state", u.server.PowerState(), "Off")
}

// freeDrives are the serial numbers of the drives of a controller without volumes.
func (u *user) freeDrives() (controller string, serials []string) {
	u.t.Helper()
	var inventory struct {
		Summary struct {
			Drives []struct {
				Controller   string `json:"controller"`
				SerialNumber string `json:"serialNumber"`
			} `json:"drives"`
		} `json:"summary"`
	}
	u.graph("Graph.Server.Catalog", nil)
	u.catalog("redfish", &inventory)
	taken := map[string]bool{}
	for _, v := range u.server.Volumes() {
		taken[v.Controller] = true
	}
	for _, d := range inventory.Summary.Drives {
		if !taken[d.Controller] && (controller == "" || controller == d.Controller) {
			controller, serials = d.Controller, append(serials, d.SerialNumber)
		}
	}
	if len(serials) < 2 {
		u.t.Fatalf("%s: no controller has two free drives: %+v", u.generation, inventory)
	}
	return controller, serials
}
