package sim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const biosPackage = "BIOS_5H3WT_WN64_2.5.4.EXE"

// updateFrom starts an update from a file that is served to the iDRAC.
func updateFrom(t *testing.T, s *Server, file string, data []byte, more string) string {
	t.Helper()
	base := serveImages(t, map[string][]byte{file: data})
	id, _ := accepted(t, s, http.MethodPost, updateServiceURI+simpleUpdateAt, fmt.Sprintf(`{"ImageURI":%q%s}`, base+file, more))
	return id
}

func TestUpdateOfBIOS(t *testing.T) {
	t.Parallel()
	for _, g := range generations {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			s := startGeneration(t, g.name)
			target := s.firmwareURI(biosFQDD)
			id := updateFrom(t, s, biosPackage, []byte("MZ"), `,"Targets":["`+target+`"]`)
			eventually(t, "it waits for a boot", func() bool {
				j, _ := s.findJob(id)
				return j.staged && j.State == jobScheduled
			})
			if got := s.Firmware()[biosFQDD]; got != g.bios {
				t.Errorf("before the boot the version is %s", got)
			}
			reset(t, s, "On")
			if j := ended(t, s, id); j.State != jobCompleted {
				t.Errorf("job %+v", j)
			}
			if version := must(t, s, http.StatusOK, http.MethodGet, systemURI, "").body["BiosVersion"]; version != "2.5.4" {
				t.Errorf("BiosVersion is %v", version)
			}
			must(t, s, http.StatusNotFound, http.MethodGet, target, "")
			if body := must(t, s, http.StatusOK, http.MethodGet, s.firmwareURI(biosFQDD), "").body; body["Version"] != "2.5.4" {
				t.Errorf("inventory: %v", body)
			}
			await(t, s, FirmwareUpdated, "component", biosFQDD, "from", g.bios, "to", "2.5.4")
		})
	}
}

func TestImmediateUpdateRestartsTheHost(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	reset(t, s, "On")
	await(t, s, BootFailed)
	id := updateFrom(t, s, "nic.bin", FirmwareImage(nicID, "23.1"), `,"@Redfish.OperationApplyTime":"Immediate"`)
	if j := ended(t, s, id); j.State != jobCompleted || s.Firmware()[nicID] != "23.1" {
		t.Errorf("job %+v, versions %v", j, s.Firmware())
	}
}

func TestUpdateOfTheManagerRestartsIt(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	id := updateFrom(t, s, "idrac.d9", FirmwareImage(idracFirmware, "7.20.10.05"), "")
	if j := ended(t, s, id); j.State != jobCompleted {
		t.Errorf("job %+v", j)
	}
	await(t, s, ManagerRestart)
	if got := s.manager()["FirmwareVersion"]; got != "7.20.10.05" {
		t.Errorf("the firmware is %v", got)
	}
}

func TestUpdatesThatFail(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file    string
		data    []byte
		more    string
		message string
	}{
		"no package":    {"readme.txt", []byte("hello"), "", "verify Update Package"},
		"other server":  {"x.bin", FirmwareImage("RAID.Slot.7-1", "1.0"), "", "verify Update Package"},
		"no version":    {"x.bin", []byte(imageMagic + biosFQDD + "\n"), "", "verify Update Package"},
		"empty":         {"x.bin", nil, "", "verify Update Package"},
		"other target":  {"x.bin", FirmwareImage(nicID, "1.0"), `,"Targets":["` + inventoryURI + `"]`, "not among the targets"},
		"missing image": {"there.bin", nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startOne(t)
			id := updateFrom(t, s, test.file, test.data, test.more)
			if j := ended(t, s, id); j.State != jobFailed || !strings.Contains(j.Message, test.message) {
				t.Errorf("job %+v", j)
			}
			if diff := cmp.Diff(startOne(t).Firmware(), s.Firmware()); diff != "" {
				t.Errorf("versions (-before +after):\n%s", diff)
			}
		})
	}
}

func TestUpdateWithoutServer(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	id, _ := accepted(t, s, http.MethodPost, updateServiceURI+simpleUpdateAt, `{"ImageURI":"http://127.0.0.1:1/secret/x.bin"}`)
	if j := ended(t, s, id); j.State != jobFailed || !strings.Contains(j.Message, "refused") || strings.Contains(j.Message, "secret") {
		t.Errorf("job %+v", j)
	}
	for _, body := range []string{
		`{}`, `{"ImageURI":"nfs://host/x"}`, `{"ImageURI":5}`, `{"ImageURI":"http://h/x","Targets":["/redfish/v1/Nothing"]}`,
		`{"ImageURI":"http://h/x","Colour":"red"}`, `{"ImageURI":"http://h/x","@Redfish.OperationApplyTime":"Soon"}`,
	} {
		must(t, s, http.StatusBadRequest, http.MethodPost, updateServiceURI+simpleUpdateAt, body)
	}
}

// upload sends an update package of this many bytes as multipart/form-data.
func upload(t *testing.T, s *Server, parameters, file string, head []byte, size int64) (status int, location string) {
	t.Helper()
	reader, writer := io.Pipe()
	form := multipart.NewWriter(writer)
	go func() {
		writer.CloseWithError(errors.Join(writeUpload(form, parameters, file, head, size), form.Close()))
	}()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+multipartURI, reader)
	if err != nil {
		t.Fatal(err)
	}
	request.SetBasicAuth("root", "calvin")
	request.Header.Set("Content-Type", form.FormDataContentType())
	response, err := insecureClient(t).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return response.StatusCode, response.Header.Get("Location")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func writeUpload(form *multipart.Writer, parameters, file string, head []byte, size int64) error {
	part, err := form.CreateFormField("UpdateParameters")
	if err != nil {
		return err
	}
	if _, err := io.WriteString(part, parameters); err != nil {
		return err
	}
	if part, err = form.CreateFormFile("UpdateFile", file); err != nil {
		return err
	}
	_, err = io.Copy(part, io.MultiReader(bytes.NewReader(head), io.LimitReader(zeros{}, size)))
	return err
}

func TestUpload(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	status, location := upload(t, s, `{"Targets":[]}`, "x.bin", FirmwareImage(nicID, "24.0"), 1<<20)
	if status != http.StatusAccepted {
		t.Fatalf("status %d", status)
	}
	reset(t, s, "On")
	ended(t, s, location[strings.LastIndexByte(location, '/')+1:])
	if got := s.Firmware()[nicID]; got != "24.0" {
		t.Errorf("version %s", got)
	}
}

// TestPackageOfAnySize keeps nothing of what it takes in.
func TestPackageOfAnySize(t *testing.T) {
	const size = 256 << 20
	file := io.MultiReader(bytes.NewReader(FirmwareImage(nicID, "24.0")), io.LimitReader(zeros{}, size))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	found, err := generations[0].readPackage(file, "x.bin")
	runtime.ReadMemStats(&after)
	if err != nil || found.version != "24.0" {
		t.Errorf("package %+v, error %v", found, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > size/64 {
		t.Errorf("it allocated %d bytes for %d", used, size)
	}
}

func TestUploadsThatFail(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	for _, test := range []struct{ parameters, file string }{
		{`{}`, "readme.txt"}, {`{`, biosPackage}, {`{"Colour":"red"}`, biosPackage},
	} {
		if status, _ := upload(t, s, test.parameters, test.file, []byte("MZ"), 10); status != http.StatusBadRequest {
			t.Errorf("%v: status %d", test, status)
		}
	}
	must(t, s, http.StatusBadRequest, http.MethodPost, multipartURI, `{}`)
	must(t, startGeneration(t, IDRAC8), http.StatusNotFound, http.MethodPost, multipartURI, `{}`)
}

func TestPackageNames(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		biosPackage: "BIOS.Setup.1-1 2.5.4",
		"iDRAC-with-Lifecycle-Controller_Firmware_3GK5X_WN64_7.10.90.00_A00.EXE": "iDRAC.Embedded.1-1 7.10.90.00",
		"Network_Firmware_NVJ8H_WN64_22.31.13.70_01.EXE":                         "NIC.Integrated.1-1-1 22.31.13.70",
		"SAS-RAID_Firmware_VXJKJ_WN64_52.26.0-5179_A10.EXE":                      "RAID.Integrated.1-1 52.26.0-5179",
		"Other_1.0.EXE": "",
		"BIOS.EXE":      "",
	} {
		found, err := generations[2].readPackage(strings.NewReader("MZ"), file)
		got := strings.TrimSpace(found.part.fqdd + " " + found.version)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s is %q, error %v; want %q", file, got, err, want)
		}
	}
}
