package sim

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
)

const (
	updateServiceURI = rootURI + "/UpdateService"
	inventoryURI     = updateServiceURI + "/FirmwareInventory"
	multipartURI     = updateServiceURI + "/MultipartUpload"
	simpleUpdateAt   = "/Actions/UpdateService.SimpleUpdate"

	idracFirmware = "iDRAC.Embedded.1-1" // FQDD of the iDRAC as something to update
)

// firmwarePart is a device whose firmware can be updated.
type firmwarePart struct {
	fqdd, name, softwareID, version string
	prefix                          string // of the file names of its update packages
}

func (g *generation) firmwareParts() []firmwarePart {
	parts := []firmwarePart{
		{biosFQDD, "BIOS", "159", g.bios, "BIOS_"},
		{idracFirmware, "Integrated Dell Remote Access Controller", "25227", g.firmware, "iDRAC-with-Lifecycle-Controller_"},
		{nicID, "Broadcom Adv. Dual 25Gb Ethernet", "105212", "22.21.07.80", "Network_Firmware_"},
		{"CPLD.Embedded.1", "System CPLD", "27763", "1.1.2", "CPLD_"},
		{"PSU.Slot.1", "Power Supply.Slot.1", "106817", "00.1B.53", "Power_"},
	}
	for _, c := range g.controllers {
		parts = append(parts, firmwarePart{c.fqdd, c.model, c.softwareID, c.firmware, c.packages})
	}
	return parts
}

func (t table) addUpdates(g *generation) {
	t[updateServiceURI] = resource{get: (*Server).updateService}
	t[updateServiceURI+simpleUpdateAt] = jobAction((*Server).simpleUpdate)
	t[inventoryURI] = resource{get: (*Server).firmwareInventory, below: (*Server).firmwareResource}
	if g.multipartPush {
		t[multipartURI] = resource{post: (*Server).multipartUpdate}
	}
}

// Firmware returns the installed version of each device, by FQDD.
func (s *Server) Firmware() map[string]string {
	versions := map[string]string{}
	for _, part := range s.gen.firmwareParts() {
		versions[part.fqdd] = s.firmwareVersion(part.fqdd)
	}
	return versions
}

// firmwareVersion takes s.firmwareMu only, so that s.mu may be held.
func (s *Server) firmwareVersion(fqdd string) string {
	s.firmwareMu.Lock()
	defer s.firmwareMu.Unlock()
	if installed, ok := s.firmware[fqdd]; ok {
		return installed
	}
	parts := s.gen.firmwareParts()
	if i := slices.IndexFunc(parts, func(p firmwarePart) bool { return p.fqdd == fqdd }); i >= 0 {
		return parts[i].version
	}
	return ""
}

func (s *Server) updateService() doc {
	body := described(updateServiceURI, "UpdateService", "v1_11_3", "UpdateService", "Update Service")
	body["Description"] = "Represents the properties for the Update Service"
	body["ServiceEnabled"] = true
	body["MaxImageSizeBytes"] = nil
	body["FirmwareInventory"] = ref(inventoryURI)
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	if s.gen.multipartPush {
		body["MultipartHttpPushUri"] = multipartURI
	}
	update := doc{
		"target": updateServiceURI + simpleUpdateAt,
		"TransferProtocol@Redfish.AllowableValues": []string{"HTTP", "HTTPS"},
	}
	if s.gen.applyTimes > 0 {
		update["@Redfish.OperationApplyTimeSupport"] = doc{
			"@odata.type": "#Settings.v1_3_5.OperationApplyTimeSupport", "SupportedValues": operationApplyTimes,
		}
	}
	body["Actions"] = doc{"#UpdateService.SimpleUpdate": update}
	return body
}

var operationApplyTimes = []string{"Immediate", "OnReset"}

// softwareID is the id of a device's entry in the inventory, which holds its version.
func (s *Server) softwareID(part firmwarePart) string {
	return "Installed-" + part.softwareID + "-" + s.firmwareVersion(part.fqdd) + "__" + part.fqdd
}

func (s *Server) firmwareURI(fqdd string) string {
	for _, part := range s.gen.firmwareParts() {
		if part.fqdd == fqdd {
			return inventoryURI + "/" + s.softwareID(part)
		}
	}
	return inventoryURI
}

func (s *Server) firmwareInventory() doc {
	var uris []string
	for _, part := range s.gen.firmwareParts() {
		uris = append(uris, s.firmwareURI(part.fqdd))
	}
	return collection(inventoryURI, "SoftwareInventory", "Firmware Inventory Collection", uris...)
}

func (s *Server) firmwareResource(id string) (resource, bool) {
	for _, part := range s.gen.firmwareParts() {
		if s.softwareID(part) == id {
			return resource{get: func(s *Server) doc { return s.softwareEntry(part, id) }}, true
		}
	}
	return resource{}, false
}

func (s *Server) softwareEntry(part firmwarePart, id string) doc {
	body := described(inventoryURI+"/"+id, "SoftwareInventory", "v1_2_3", id, part.name)
	body["Description"] = "Represents Firmware Inventory"
	body["SoftwareId"] = part.softwareID
	body["Version"] = s.firmwareVersion(part.fqdd)
	body["Updateable"] = true
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	return body
}

// FirmwareImage makes an update package for a device: the simulated iDRAC tells from its
// first line what it updates to which version. More bytes may follow.
func FirmwareImage(fqdd, version string) []byte {
	return fmt.Appendf(nil, "%s%s %s\n", imageMagic, fqdd, version)
}

const imageMagic = "simulated firmware "

// packageVersion finds the version in the file name of one of Dell's update packages.
var packageVersion = regexp.MustCompile(`_(\d+(?:\.[0-9A-Za-z-]+)+?)(?:_[A-Z]?\d+)?\.[A-Za-z0-9]+$`)

// update is an update package that is being taken in.
type update struct {
	part    firmwarePart
	version string
}

// readPackage reads a package to its end, at constant memory, and tells what it is: by
// its first line, or by its file name.
func (g *generation) readPackage(r io.Reader, file string) (update, error) {
	buffered := bufio.NewReaderSize(r, 512)
	head, err := buffered.Peek(256)
	if err != nil && !errors.Is(err, io.EOF) {
		return update{}, fmt.Errorf("the transfer ended early: %w", withoutURL(err))
	}
	head = slices.Clone(head)
	if _, err := io.Copy(io.Discard, buffered); err != nil {
		return update{}, fmt.Errorf("the transfer ended early: %w", withoutURL(err))
	}
	line, _, _ := strings.Cut(string(head), "\n")
	if declared, ok := strings.CutPrefix(line, imageMagic); ok {
		fqdd, version, _ := strings.Cut(declared, " ")
		return g.packageFor(func(p firmwarePart) bool { return p.fqdd == fqdd }, version)
	}
	version := packageVersion.FindStringSubmatch(file)
	if version == nil {
		return update{}, errNotAPackage
	}
	return g.packageFor(func(p firmwarePart) bool { return strings.HasPrefix(file, p.prefix) }, version[1])
}

var errNotAPackage = errors.New("unable to verify Update Package signature")

func (g *generation) packageFor(match func(firmwarePart) bool, version string) (update, error) {
	parts := g.firmwareParts()
	i := slices.IndexFunc(parts, match)
	if i < 0 || version == "" {
		return update{}, errNotAPackage
	}
	return update{parts[i], version}, nil
}

// updateRequest is what SimpleUpdate and the parameters of an upload have in common.
type updateRequest struct {
	immediate bool
	targets   []string
}

func (s *Server) parseUpdate(body doc) (updateRequest, error) {
	for name := range body {
		if !slices.Contains([]string{"ImageURI", "Targets", "TransferProtocol", "Username", "Password", "@Redfish.OperationApplyTime"}, name) {
			return updateRequest{}, refuseUnknownProperty(name)
		}
	}
	when, err := oneOf(body, "@Redfish.OperationApplyTime", operationApplyTimes)
	if err != nil {
		return updateRequest{}, err
	}
	request := updateRequest{immediate: when == "Immediate"}
	targets, _ := body["Targets"].([]any)
	for _, target := range targets {
		uri, _ := target.(string)
		if _, ok := s.lookup(uri); !ok {
			return updateRequest{}, refuseValue(uri, "Targets", []string{"URIs of the firmware inventory"})
		}
		request.targets = append(request.targets, uri)
	}
	return request, nil
}

// simpleUpdate has a job fetch the package. As on a real iDRAC, a package that cannot be
// fetched shows in the job only.
func (s *Server) simpleUpdate(_ *http.Request, body doc) (*job, error) {
	request, err := s.parseUpdate(body)
	if err != nil {
		return nil, err
	}
	image, err := text(body, "ImageURI")
	if err != nil {
		return nil, err
	}
	location, err := url.Parse(image)
	switch {
	case image == "":
		return nil, refuseMissingProperty("ImageURI")
	case err != nil || location.Host == "" || (location.Scheme != "http" && location.Scheme != "https"):
		return nil, refuseValue("ImageURI", "ImageURI", []string{"an HTTP or HTTPS URL"})
	}
	j := s.updateJob(path.Base(location.Path))
	j.do = func() jobResult {
		found, err := s.fetchPackage(s.alive, image, path.Base(location.Path))
		if err != nil {
			return failJob("RED007", "Unable to download or verify the Update Package: %v.", err)
		}
		return s.stageUpdate(found, request)
	}
	return j, s.addJob(j)
}

func (s *Server) updateJob(file string) *job {
	return &job{Job: Job{Name: "Firmware Update: " + file, Type: jobFirmware}}
}

func (s *Server) fetchPackage(ctx context.Context, image, file string) (update, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, image, http.NoBody)
	if err != nil {
		return update{}, fmt.Errorf("request: %w", withoutURL(err))
	}
	response, err := s.images.Do(request)
	if err != nil {
		return update{}, fmt.Errorf("the file server did not answer: %w", withoutURL(err))
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return update{}, fmt.Errorf("the file server answered status %d", response.StatusCode)
	}
	return s.gen.readPackage(response.Body, file)
}

// stageUpdate updates the iDRAC at once, and anything else when the host boots.
func (s *Server) stageUpdate(u update, request updateRequest) jobResult {
	if len(request.targets) > 0 && !slices.ContainsFunc(request.targets, func(uri string) bool { return strings.HasSuffix(uri, u.part.fqdd) }) {
		return failJob("RED008", "The Update Package is for %s, which is not among the targets.", u.part.fqdd)
	}
	install := func() jobResult {
		s.installFirmware(u)
		return jobResult{}
	}
	if u.part.fqdd == idracFirmware {
		result := install()
		s.restartManager(restartGrace)
		return result
	}
	if request.immediate && s.PowerState() != stateOff {
		s.running.Go(s.restartForJob)
	}
	return jobResult{next: install}
}

func (s *Server) installFirmware(u update) {
	before := s.firmwareVersion(u.part.fqdd)
	s.firmwareMu.Lock()
	s.firmware[u.part.fqdd] = u.version
	s.firmwareMu.Unlock()
	s.record(FirmwareUpdated, "component", u.part.fqdd, "from", before, "to", u.version)
}

// multipartUpdate takes a package in as it arrives: the parameters first, then the file.
func (s *Server) multipartUpdate(w http.ResponseWriter, r *http.Request) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return refuseUpload("the body is not multipart/form-data")
	}
	request, err := s.uploadParameters(parts)
	if err != nil {
		return err
	}
	file, err := parts.NextPart()
	if err != nil || file.FormName() != "UpdateFile" {
		return refuseUpload("the second part is not UpdateFile")
	}
	found, err := s.gen.readPackage(file, file.FileName())
	if err != nil {
		return refuseUpload(err.Error())
	}
	j := s.updateJob(file.FileName())
	j.do = func() jobResult { return s.stageUpdate(found, request) }
	if err := s.addJob(j); err != nil {
		return err
	}
	s.writeAccepted(w, j)
	return nil
}

func (s *Server) uploadParameters(parts *multipart.Reader) (updateRequest, error) {
	first, err := parts.NextPart()
	if err != nil || first.FormName() != "UpdateParameters" {
		return updateRequest{}, refuseUpload("the first part is not UpdateParameters")
	}
	var body doc
	if err := json.NewDecoder(io.LimitReader(first, maxRequestBody)).Decode(&body); err != nil {
		return updateRequest{}, refuseMalformed()
	}
	return s.parseUpdate(body)
}

func refuseUpload(reason string) *refusal {
	return dellRefusal(http.StatusBadRequest, "RED007", "Unable to verify Update Package signature: "+reason+".",
		"Send the parameters and an update package of this server as multipart/form-data, and retry the operation.")
}
