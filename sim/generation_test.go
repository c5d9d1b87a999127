package sim

import (
	"net/http"
	"strings"
	"testing"
)

func TestUnknownGeneration(t *testing.T) {
	t.Parallel()
	if fleet, err := Start(Config{Generation: "idrac7"}); err == nil || !strings.Contains(err.Error(), IDRAC8) {
		t.Errorf("started %v, error %v", fleet, err)
	}
}

func TestServersTakeGenerationsInTurn(t *testing.T) {
	t.Parallel()
	fleet := startFleet(t, Config{Servers: 3, Generation: "idrac10, idrac8"})
	for i, want := range []string{"17G Monolithic", "13G Monolithic", "17G Monolithic"} {
		s := fleet.Servers()[i]
		if got := must(t, s, http.StatusOK, http.MethodGet, managerURI, "").body["Model"]; got != want {
			t.Errorf("server %d has a manager %v, want %s", i, got, want)
		}
	}
}

// TestGenerationsDiffer lists what a client meets on each of them.
func TestGenerationsDiffer(t *testing.T) {
	t.Parallel()
	const boot = `{"Boot":{"BootSourceOverrideTarget":"Pxe"}}`
	tests := map[string]struct {
		mediaHome, slot    string
		bootSystem         int // status of a PATCH of Boot
		bootSettings       int
		export             string
		sessions           int
		weakTag, taskFirst bool
		message            string
		resetTypes         int
	}{
		IDRAC8:   {managerURI, "CD", 200, 404, "EID_674_Manager", 6, true, true, "Base.1.0.", 6},
		IDRAC9v5: {managerURI, "CD", 200, 200, "EID_674_Manager", 8, true, true, "Base.1.8.", 8},
		IDRAC9v7: {systemURI, "1", 200, 200, "EID_674_Manager", 8, true, false, "Base.1.12.", 8},
		IDRAC10:  {systemURI, "1", 400, 200, "OemManager", 8, false, false, "Base.1.19.", 8},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startGeneration(t, name)
			must(t, s, http.StatusOK, http.MethodGet, test.mediaHome+"/VirtualMedia/"+test.slot, "")
			if media := must(t, s, http.StatusOK, http.MethodGet, test.mediaHome, "").body["VirtualMedia"]; media == nil {
				t.Error("virtual media is not linked")
			}
			must(t, s, test.bootSystem, http.MethodPatch, systemURI, boot)
			must(t, s, test.bootSettings, http.MethodPatch, systemSettingsURI, boot)
			if got := readOverride(t, s).target; got != "Pxe" {
				t.Errorf("the override is %s", got)
			}
			manager := must(t, s, http.StatusOK, http.MethodGet, managerURI, "")
			oem, _ := manager.body["Actions"].(doc)["Oem"].(doc)
			if oem["#"+test.export+".ExportSystemConfiguration"] == nil {
				t.Errorf("OEM actions are %v", oem)
			}
			if weak := strings.HasPrefix(manager.header.Get("ETag"), "W/"); weak != test.weakTag {
				t.Errorf("ETag %s", manager.header.Get("ETag"))
			}
			for range test.sessions {
				must(t, s, http.StatusCreated, http.MethodPost, sessionsURI, `{"UserName":"root","Password":"calvin"}`)
			}
			must(t, s, http.StatusServiceUnavailable, http.MethodPost, sessionsURI, `{"UserName":"root","Password":"calvin"}`)
			missing := must(t, s, http.StatusNotFound, http.MethodGet, rootURI+"/Nothing", "")
			if !strings.HasPrefix(missing.messageID(), test.message) {
				t.Errorf("message %s", missing.messageID())
			}
			if got := len(s.gen.resetTypes); got != test.resetTypes {
				t.Errorf("%d reset types", got)
			}
		})
	}
}

func TestBootModeOfUEFIOnlyServer(t *testing.T) {
	t.Parallel()
	s := startGeneration(t, IDRAC10)
	got := must(t, s, http.StatusBadRequest, http.MethodPatch, systemSettingsURI, `{"Boot":{"BootSourceOverrideMode":"Legacy"}}`)
	if !strings.HasSuffix(got.messageID(), ".PropertyNotWritable") {
		t.Errorf("message %s", got.messageID())
	}
	must(t, s, http.StatusBadRequest, http.MethodPatch, biosSettingsURI, `{"Attributes":{"BootMode":"Bios"}}`)
}

// TestVirtualCDByGeneration boots the inserted image in the two ways that clients try.
func TestVirtualCDByGeneration(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		override, firstBoot string // the kind of event that the way leads to
	}{
		IDRAC8:   {BootFailed, InstallWaiting},
		IDRAC9v5: {BootFailed, InstallWaiting},
		IDRAC9v7: {InstallWaiting, BootFailed},
		IDRAC10:  {InstallWaiting, BootFailed},
	}
	for name, test := range tests {
		for _, byOverride := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := startGeneration(t, name)
				image := serveImages(t, map[string][]byte{"boot.iso": bootISO(t)}) + "boot.iso"
				must(t, s, http.StatusNoContent, http.MethodPost, s.gen.mediaURI()+"/"+s.slotID(0)+insertAt, `{"Image":"`+image+`"}`)
				want := test.firstBoot
				if byOverride {
					want = test.override
					if err := s.setOverride(doc{"BootSourceOverrideTarget": targetCd}); err != nil {
						t.Fatal(err)
					}
				} else {
					profile := strings.Replace(setting(idracFQDD, "ServerBoot.1#BootOnce", "Enabled"), "</Component>",
						`<Attribute Name="ServerBoot.1#FirstBootDevice">VCD-DVD</Attribute></Component>`, 1)
					id, _ := accepted(t, s, http.MethodPost, s.gen.profileAction("ImportSystemConfiguration"), importBody(profile, "NoReboot"))
					ended(t, s, id)
				}
				eventually(t, "the medium", func() bool { return len(s.Media()) == 1 })
				reset(t, s, "On")
				await(t, s, want)
			})
		}
	}
}

// TestFirstBootDevice is used up by a boot when it is for one boot only.
func TestFirstBootDevice(t *testing.T) {
	t.Parallel()
	for once, want := range map[string]string{"Enabled": bootNormal, "Disabled": "PXE"} {
		s := startOne(t)
		s.setAttributes(idracFQDD, map[string]string{firstBootDevice: "PXE", firstBootOnce: once})
		reset(t, s, "On")
		await(t, s, BootFailed, "device", "Pxe")
		if got := s.Attribute(idracFQDD, firstBootDevice); got != want {
			t.Errorf("for one boot %s: afterwards it is %s, want %s", once, got, want)
		}
	}
}

func TestOnlyTheFirstSlotBoots(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{IDRAC9v7: InstallWaiting, IDRAC10: BootFailed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startGeneration(t, name)
			insert(t, s, 2, serveImages(t, map[string][]byte{"boot.iso": bootISO(t)})+"boot.iso")
			if err := s.setOverride(doc{"BootSourceOverrideTarget": targetCd}); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the medium", func() bool { return len(s.Media()) == 1 })
			reset(t, s, "On")
			await(t, s, want)
		})
	}
}
