package sim

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// Volume is a virtual disk of a storage controller.
type Volume struct {
	ID         string   `json:"id"` // such as Disk.Virtual.0:RAID.Integrated.1-1
	Name       string   `json:"name"`
	Controller string   `json:"controller"` // FQDD
	RAIDType   string   `json:"raidType"`
	Drives     []string `json:"drives"` // ids
	Bytes      int64    `json:"bytes"`
}

// volumeTypes are the older names of RAID types.
var volumeTypes = map[string]string{
	"RAID0": "NonRedundant", "RAID1": "Mirrored", "RAID5": "StripedWithParity", "RAID6": "StripedWithParity", "RAID10": "SpannedMirrors",
}

// minDrives is how many drives a RAID type needs.
var minDrives = map[string]int{"RAID0": 1, "RAID1": 2, "RAID5": 3, "RAID6": 4, "RAID10": 4}

func (t table) addVolumes(c *controller) {
	t[c.volumesURI()] = resource{
		get:  func(s *Server) doc { return s.volumeCollection(c) },
		post: func(s *Server, w http.ResponseWriter, r *http.Request) error { return s.postVolume(c, w, r) },
		below: func(s *Server, id string) (resource, bool) {
			v, ok := s.findVolume(c, id)
			return resource{
				get:       func(s *Server) doc { return s.volumeDoc(c, v) },
				removeJob: func(s *Server) (*job, error) { return s.deleteVolume(c, v) },
			}, ok
		},
	}
}

// firstVolumes are on a server as it is delivered: a mirror to boot from.
func (g *generation) firstVolumes() []Volume {
	var volumes []Volume
	for _, c := range g.controllers {
		if c.boots {
			volumes = append(volumes, Volume{
				ID: "Disk.Virtual.0:" + c.fqdd, Name: "os", Controller: c.fqdd, RAIDType: "RAID1",
				Drives: []string{c.drives[0].id, c.drives[1].id}, Bytes: c.drives[0].gigabytes * 1e9,
			})
		}
	}
	return volumes
}

// Volumes returns the virtual disks of all controllers.
func (s *Server) Volumes() []Volume {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.volumes)
}

func (s *Server) findVolume(c *controller, id string) (Volume, bool) {
	volumes := s.Volumes()
	i := slices.IndexFunc(volumes, func(v Volume) bool { return v.Controller == c.fqdd && v.ID == id })
	if i < 0 {
		return Volume{}, false
	}
	return volumes[i], true
}

func (s *Server) volumeCollection(c *controller) doc {
	var uris []string
	for _, v := range s.Volumes() {
		if v.Controller == c.fqdd {
			uris = append(uris, c.volumesURI()+"/"+v.ID)
		}
	}
	body := collection(c.volumesURI(), "Volume", "Volume Collection", uris...)
	body["@Redfish.OperationApplyTimeSupport"] = doc{
		"@odata.type": "#Settings.v1_3_5.OperationApplyTimeSupport", "SupportedValues": operationApplyTimes,
	}
	return body
}

func (s *Server) volumeDoc(c *controller, v Volume) doc {
	body := described(c.volumesURI()+"/"+v.ID, "Volume", "v1_9_0", v.ID, v.Name)
	body["Description"] = v.Name
	body["RAIDType"] = v.RAIDType
	body["VolumeType"] = volumeTypes[v.RAIDType]
	body["CapacityBytes"] = v.Bytes
	body["BlockSizeBytes"] = 512
	body["OptimumIOSizeBytes"] = 65536
	body["Encrypted"] = false
	body["Identifiers"] = []doc{durable(s.serial(v.ID, 32))}
	body["Operations"] = []doc{}
	body["Status"] = healthy()
	links := doc{}
	var drives []string
	for _, d := range c.drives {
		if slices.Contains(v.Drives, d.id) {
			drives = append(drives, s.gen.driveURI(c, d))
		}
	}
	setLinks(links, "Drives", drives...)
	setLinks(links, "DedicatedSpareDrives", s.sparesOf(c, v.ID)...)
	body["Links"] = links
	return body
}

func (s *Server) postVolume(c *controller, w http.ResponseWriter, r *http.Request) error {
	body, err := readBody(r)
	if err != nil {
		return err
	}
	wanted, err := s.parseVolume(c, body)
	if err != nil {
		return err
	}
	when, err := oneOf(body, "@Redfish.OperationApplyTime", operationApplyTimes)
	if err != nil {
		return err
	}
	j := s.raidJob(c, when)
	j.do = func() jobResult { return s.createVolume(c, wanted) }
	if err := s.addJob(j); err != nil {
		return err
	}
	s.writeAccepted(w, j)
	return nil
}

// raidJob makes a job for a controller, which runs at once unless it is for the reset.
func (s *Server) raidJob(c *controller, when string) *job {
	j := &job{Job: Job{Name: "Configure: " + c.fqdd, Type: jobRealTime, Target: c.fqdd}}
	if when == "OnReset" {
		j.Type, j.staged = jobRAID, true
	}
	return j
}

var volumeProperties = []string{
	"Name", "RAIDType", "VolumeType", "Links", "Drives", "CapacityBytes", "BlockSizeBytes", "OptimumIOSizeBytes",
	"Oem", "Dell", "Encrypted", "EncryptionTypes", "DisplayName", "InitializeMethod", "@Redfish.OperationApplyTime",
	"ReadCachePolicy", "WriteCachePolicy", "StripSizeBytes",
}

func (s *Server) parseVolume(c *controller, body doc) (Volume, error) {
	for name := range body {
		if !slices.Contains(volumeProperties, name) {
			return Volume{}, refuseUnknownProperty(name)
		}
	}
	name, err := text(body, "Name")
	if err != nil {
		return Volume{}, err
	}
	wanted := Volume{Name: name, Controller: c.fqdd}
	if wanted.RAIDType, err = c.parseRAIDType(body); err != nil {
		return Volume{}, err
	}
	if wanted.Drives, err = s.parseDrives(c, body); err != nil {
		return Volume{}, err
	}
	if need := minDrives[wanted.RAIDType]; len(wanted.Drives) < need {
		return Volume{}, refuseVolume(fmt.Sprintf("%s needs %d drives or more, not %d", wanted.RAIDType, need, len(wanted.Drives)))
	}
	wanted.Bytes = c.capacity(wanted)
	asked, _ := body["CapacityBytes"].(float64)
	switch {
	case asked < 0 || int64(asked) > wanted.Bytes:
		return Volume{}, refuseVolume("the drives hold " + strconv.FormatInt(wanted.Bytes, 10) + " bytes")
	case asked > 0:
		wanted.Bytes = int64(asked)
	}
	return wanted, nil
}

func (c *controller) parseRAIDType(body doc) (string, error) {
	raid, err := oneOf(body, "RAIDType", c.raidTypes)
	if err != nil || raid != "" {
		return raid, err
	}
	older, err := text(body, "VolumeType")
	if err != nil {
		return "", err
	}
	for _, raid := range c.raidTypes {
		if volumeTypes[raid] == older {
			return raid, nil
		}
	}
	return "", refuseMissingProperty("RAIDType")
}

// parseDrives reads the drives of a new volume, none of which may be in use.
func (s *Server) parseDrives(c *controller, body doc) ([]string, error) {
	list, ok := body["Drives"].([]any)
	if links, isDoc := body["Links"].(doc); !ok && isDoc {
		list, _ = links["Drives"].([]any)
	}
	var ids []string
	for _, entry := range list {
		link, _ := entry.(doc)
		uri, _ := link["@odata.id"].(string)
		d, ok := s.gen.findDrive(c, uri)
		switch {
		case !ok:
			return nil, refuseVolume("the controller has no drive at " + strconv.Quote(uri))
		case len(s.volumesOn(d.id)) > 0 || s.hotspareType(d.id) != "None" || slices.Contains(ids, d.id):
			return nil, refuseVolume("the drive " + d.id + " is in use")
		}
		ids = append(ids, d.id)
	}
	return ids, nil
}

func refuseVolume(reason string) *refusal {
	return dellRefusal(http.StatusBadRequest, "STOR023", "Unable to configure the virtual disk: "+reason+".",
		"Correct the request, and retry the operation.")
}

// capacity is how much a volume of a RAID type holds.
func (c *controller) capacity(v Volume) int64 {
	n, each := int64(len(v.Drives)), c.drives[0].gigabytes*1e9
	switch v.RAIDType {
	case "RAID1":
		return each
	case "RAID5":
		return (n - 1) * each
	case "RAID6":
		return (n - 2) * each
	case "RAID10":
		return n / 2 * each
	default:
		return n * each
	}
}

func (s *Server) createVolume(c *controller, v Volume) jobResult {
	s.mu.Lock()
	for n := 0; v.ID == "" || s.hasVolume(v.ID); n++ {
		v.ID = fmt.Sprintf("Disk.Virtual.%d:%s", n, c.fqdd)
	}
	if v.Name == "" {
		v.Name = "Virtual Disk " + strings.TrimPrefix(strings.SplitN(v.ID, ":", 2)[0], "Disk.Virtual.")
	}
	s.volumes = append(s.volumes, v)
	s.mu.Unlock()
	s.record(VolumeCreated, "volume", v.ID, "name", v.Name, "controller", c.fqdd)
	return jobResult{}
}

// hasVolume needs s.mu held.
func (s *Server) hasVolume(id string) bool {
	return slices.ContainsFunc(s.volumes, func(v Volume) bool { return v.ID == id })
}

func (s *Server) deleteVolume(c *controller, v Volume) (*job, error) {
	j := s.raidJob(c, "Immediate")
	j.do = func() jobResult {
		s.dropVolume(v)
		return jobResult{}
	}
	return j, s.addJob(j)
}

// dropVolume deletes a volume, and with it what was installed on it.
func (s *Server) dropVolume(v Volume) {
	s.mu.Lock()
	s.volumes = slices.DeleteFunc(s.volumes, func(other Volume) bool { return other.ID == v.ID })
	maps.DeleteFunc(s.spares, func(_, volume string) bool { return volume == v.ID })
	if slices.ContainsFunc(s.gen.controllers, func(c *controller) bool { return c.fqdd == v.Controller && c.boots }) {
		s.disk = nil
	}
	s.mu.Unlock()
	s.record(VolumeDeleted, "volume", v.ID, "name", v.Name, "controller", v.Controller)
}
