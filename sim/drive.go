package sim

import (
	"net/http"
	"slices"
	"strings"
)

const secureEraseAt = "/Actions/Drive.SecureErase"

func (t table) addDrive(g *generation, c *controller, index int, d driveModel) {
	uri := g.driveURI(c, d)
	t[uri] = resource{get: func(s *Server) doc { return s.drive(c, index, d) }}
	if g.secureErase {
		t[uri+secureEraseAt] = jobAction(func(s *Server, _ *http.Request, _ doc) (*job, error) { return s.eraseDrive(d) })
	}
}

// driveSerial is what the drive's label says.
func (s *Server) driveSerial(d driveModel) string { return s.serial(d.id, 14) }

func (s *Server) drive(c *controller, index int, d driveModel) doc {
	uri := s.gen.driveURI(c, d)
	body := described(uri, "Drive", "v1_17_0", d.id, d.label)
	body["Description"] = d.label
	body["Manufacturer"] = d.maker
	body["Model"] = d.model
	body["SerialNumber"] = s.driveSerial(d)
	body["PartNumber"] = "TW0SIM" + s.serial(d.model, 8)
	body["Revision"] = "BA49"
	body["MediaType"] = d.media
	body["Protocol"] = d.protocol
	body["CapacityBytes"] = d.gigabytes * 1e9
	body["BlockSizeBytes"] = 512
	body["CapableSpeedGbs"] = d.speed
	body["NegotiatedSpeedGbs"] = d.speed
	body["RotationSpeedRPM"] = nil
	body["FailurePredicted"] = false
	body["PredictedMediaLifeLeftPercent"] = 100
	body["HotspareType"] = s.hotspareType(d.id)
	body["EncryptionAbility"] = "None"
	body["EncryptionStatus"] = "Unencrypted"
	body["Identifiers"] = []doc{durable(s.serial(d.id+"wwn", 16))}
	body["PhysicalLocation"] = doc{"PartLocation": doc{"LocationOrdinalValue": index, "LocationType": "Slot"}}
	body["Status"] = healthy()
	links := doc{"Chassis": ref(chassisURI)}
	setLinks(links, "Volumes", s.volumesOn(d.id)...)
	body["Links"] = links
	if s.gen.secureErase {
		body["Actions"] = doc{"#Drive.SecureErase": doc{"target": uri + secureEraseAt}}
	}
	return body
}

func (s *Server) volumesOn(drive string) []string {
	var uris []string
	for _, v := range s.Volumes() {
		if slices.Contains(v.Drives, drive) {
			uris = append(uris, storageURI+"/"+v.Controller+"/Volumes/"+v.ID)
		}
	}
	return uris
}

// eraseDrive has a job erase a drive that is part of no volume.
func (s *Server) eraseDrive(d driveModel) (*job, error) {
	if volumes := s.volumesOn(d.id); len(volumes) > 0 {
		return nil, dellRefusal(http.StatusBadRequest, "STOR046",
			"Unable to erase the drive "+d.id+", because it is part of a virtual disk.",
			"Delete the virtual disk, and retry the operation.", d.id)
	}
	j := &job{Job: Job{Name: "Secure Erase: " + d.id, Type: jobRealTime, Target: d.id}}
	j.do = func() jobResult {
		s.record(DriveErased, "drive", d.id, "serial", s.driveSerial(d))
		return jobResult{}
	}
	return j, s.addJob(j)
}

// findDrive returns the controller's drive that a URI names.
func (g *generation) findDrive(c *controller, uri string) (driveModel, bool) {
	i := slices.IndexFunc(c.drives, func(d driveModel) bool { return g.driveURI(c, d) == strings.TrimSuffix(uri, "/") })
	if i < 0 {
		return driveModel{}, false
	}
	return c.drives[i], true
}
