package sim

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stmcginnis/gofish"
	"github.com/stmcginnis/gofish/schemas"
)

func connect(t *testing.T, s *Server) *gofish.APIClient {
	t.Helper()
	client, err := gofish.ConnectContext(t.Context(), gofish.ClientConfig{
		Endpoint: s.URL(), Username: "root", Password: "calvin",
		HTTPClient: insecureClient(t), NoModifyTransport: true, ReuseConnections: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// TestGofishReadsEverything shows that an independent client understands each resource.
func TestGofishReadsEverything(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	client := connect(t, s)
	systems, err := client.Service.Systems()
	if err != nil || len(systems) != 1 {
		t.Fatalf("%d systems, error %v", len(systems), err)
	}
	system := systems[0]
	if system.SKU != s.Tag() || system.Model != s.gen.model || system.PowerState != schemas.OffPowerState {
		t.Errorf("system %s, %s, %s", system.SKU, system.Model, system.PowerState)
	}
	nics, err := system.EthernetInterfaces()
	if err != nil || len(nics) != 1 || nics[0].MACAddress != s.MAC() {
		t.Errorf("network interfaces %v, error %v", nics, err)
	}
	managers, err := client.Service.Managers()
	if err != nil || len(managers) != 1 || managers[0].FirmwareVersion != s.gen.firmware {
		t.Errorf("managers %v, error %v", managers, err)
	}
	chassis, err := client.Service.Chassis()
	if err != nil || len(chassis) != 1 {
		t.Fatalf("chassis %v, error %v", chassis, err)
	}
	power, err := chassis[0].Power()
	if err != nil || len(power.PowerControl) != 1 {
		t.Errorf("power %v, error %v", power, err)
	}
	service, err := client.Service.SessionService()
	if err != nil {
		t.Fatal(err)
	}
	sessions, err := service.Sessions()
	if err != nil || len(sessions) != 1 {
		t.Errorf("sessions %v, error %v", sessions, err)
	}
	client.Logout()
	if s.Sessions() != 0 {
		t.Errorf("%d sessions after the logout", s.Sessions())
	}
}

// TestGofishDrivesAnInstall takes a server through an installation with an independent
// client.
func TestGofishDrivesAnInstall(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	client := connect(t, s)
	defer client.Logout()
	system, err := schemas.GetComputerSystem(client, systemURI)
	if err != nil {
		t.Fatal(err)
	}
	slots, err := system.VirtualMedia()
	if err != nil || len(slots) != slotCount {
		t.Fatalf("slots %v, error %v", slots, err)
	}
	base := serveImages(t, map[string][]byte{
		"boot.iso": bootISO(t), "seed.iso": seedISO(t, "OEMDRV", map[string]string{"ks.cfg": "poweroff\n"}),
	})
	for i, name := range []string{"boot.iso", "seed.iso"} {
		inserted := true
		if _, err := slots[i].InsertMedia(&schemas.VirtualMediaInsertMediaParameters{
			Image: base + name, Inserted: &inserted, WriteProtected: &inserted,
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := system.SetBoot(&schemas.Boot{
		BootSourceOverrideTarget:  schemas.CdBootSource,
		BootSourceOverrideEnabled: schemas.OnceBootSourceOverrideEnabled,
	}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "both media", func() bool { return len(s.Media()) == slotCount })
	if _, err := system.Reset(schemas.OnResetType); err != nil {
		t.Fatal(err)
	}
	await(t, s, InstallDone)
	await(t, s, PowerState, "to", stateOff)
	if _, err := system.Reset(schemas.ForceOffResetType); err == nil {
		t.Error("ForceOff of a server that is off succeeded")
	} else if refused, ok := errors.AsType[*schemas.Error](err); ok && refused.HTTPReturnedStatusCode != http.StatusConflict {
		t.Errorf("ForceOff of a server that is off: %v", err)
	}
	if _, err := slots[0].EjectMedia(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "eject", func() bool { return len(s.Media()) == 1 })
}

// TestGofishSetsBootOverride has the independent client find out where Boot is written.
func TestGofishSetsBootOverride(t *testing.T) {
	t.Parallel()
	for _, g := range generations {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			s := startGeneration(t, g.name)
			client := connect(t, s)
			defer client.Logout()
			system, err := schemas.GetComputerSystem(client, systemURI)
			if err != nil {
				t.Fatal(err)
			}
			if err := system.SetBoot(&schemas.Boot{
				BootSourceOverrideTarget: schemas.PxeBootSource, BootSourceOverrideEnabled: schemas.OnceBootSourceOverrideEnabled,
			}); err != nil {
				t.Fatal(err)
			}
			if got := readOverride(t, s).target; got != "Pxe" {
				t.Errorf("the override is %s", got)
			}
		})
	}
}

// TestGofishUpdatesAttributes goes through the settings resource to the job and its end.
func TestGofishUpdatesAttributes(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	client := connect(t, s)
	defer client.Logout()
	system, err := schemas.GetComputerSystem(client, systemURI)
	if err != nil {
		t.Fatal(err)
	}
	bios, err := system.Bios()
	if err != nil {
		t.Fatal(err)
	}
	task, err := bios.UpdateBiosAttributesApplyAtWithTask(schemas.SettingsAttributes{"NumLock": "Off"}, schemas.OnResetSettingsApplyTime)
	if err != nil || task == nil {
		t.Fatalf("task %v, error %v", task, err)
	}
	if _, err := system.Reset(schemas.OnResetType); err != nil {
		t.Fatal(err)
	}
	await(t, s, JobEnded, "state", jobCompleted)
	if got := s.Attribute(biosFQDD, "NumLock"); got != "Off" {
		t.Errorf("NumLock is %s", got)
	}
}
