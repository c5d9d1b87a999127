package sim

import (
	"maps"
	"net/http"
	"slices"
)

const assignSpareAt = "/Actions/DellRaidService.AssignSpare"

// raidServiceURI is where Dell's service for RAID is, "" on firmware without it: below the
// system, or before firmware 6 in a tree of Dell's own.
func (g *generation) raidServiceURI() string {
	switch g.dellHome {
	case "":
		return ""
	case managerURI + "/Oem/Dell":
		return systemURI + "/Oem/Dell/DellRaidService"
	}
	return rootURI + "/Dell/Systems/System.Embedded.1/DellRaidService"
}

func (t table) addRAIDService(g *generation) {
	uri := g.raidServiceURI()
	if uri == "" {
		return
	}
	t[uri] = resource{get: (*Server).raidService}
	t[uri+assignSpareAt] = jobAction((*Server).assignSpare)
}

func (s *Server) raidService() doc {
	uri := s.gen.raidServiceURI()
	body := described(uri, "DellRaidService", "v1_5_0", "DellRaidService", "DellRaidService")
	body["Description"] = "The DellRaidService resource provides some actions to support RAID functionality."
	body["Actions"] = doc{"#DellRaidService.AssignSpare": doc{"target": uri + assignSpareAt}}
	return body
}

// Hotspares returns the drives that stand by, by id, each with the volume it is
// dedicated to, or "" where it is for all of its controller.
func (s *Server) Hotspares() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.spares)
}

// hotspareType is what the drive shows itself as.
func (s *Server) hotspareType(drive string) string {
	volume, ok := s.Hotspares()[drive]
	switch {
	case !ok:
		return "None"
	case volume == "":
		return "Global"
	}
	return "Dedicated"
}

// sparesOf are the URIs of the drives that are dedicated to a volume.
func (s *Server) sparesOf(c *controller, volume string) []string {
	spares := s.Hotspares()
	var uris []string
	for _, d := range c.drives {
		if spares[d.id] == volume {
			uris = append(uris, s.gen.driveURI(c, d))
		}
	}
	return uris
}

// assignSpare has a job make a drive a hot spare: of the volume that is named, else of
// all. The parameters and refusals are those of Dell's RAID profile (DCIM1031).
func (s *Server) assignSpare(_ *http.Request, body doc) (*job, error) {
	drive, err := text(body, "TargetFQDD")
	if err != nil {
		return nil, err
	}
	if drive == "" {
		return nil, refuseMissingProperty("TargetFQDD")
	}
	c := s.gen.controllerOf(drive)
	if c == nil || len(s.volumesOn(drive)) > 0 || s.hotspareType(drive) != "None" {
		return nil, dellRefusal(http.StatusBadRequest, "STOR009", "Physical disk FQDD did not identify a valid physical disk for the operation.",
			"Make sure that the physical disk is ready, and retry the operation.", drive)
	}
	volume := ""
	if list, ok := body["VirtualDiskArray"].([]any); ok && len(list) > 0 {
		volume, _ = list[0].(string)
		if v, ok := s.findVolume(c, volume); !ok || minDrives[v.RAIDType] < 2 {
			return nil, dellRefusal(http.StatusBadRequest, "STOR017", "Virtual Disk provided is not valid for the operation.",
				"Name a redundant virtual disk of the same controller, and retry the operation.", volume)
		}
	}
	j := s.raidJob(c, "Immediate")
	j.do = func() jobResult {
		s.mu.Lock()
		s.spares[drive] = volume
		s.mu.Unlock()
		s.record(HotspareAssigned, "drive", drive, "volume", volume)
		return jobResult{}
	}
	return j, s.addJob(j)
}

// controllerOf returns the controller that has a drive, or nil.
func (g *generation) controllerOf(drive string) *controller {
	for _, c := range g.controllers {
		if slices.ContainsFunc(c.drives, func(d driveModel) bool { return d.id == drive }) {
			return c
		}
	}
	return nil
}
