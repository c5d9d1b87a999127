package sim

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"
)

// statefulTrials are occasions that need more than one request.
func statefulTrials() map[string]trial {
	return map[string]trial{
		ConnectionRefused:  connectionRefused,
		RestartBMC:         restarts,
		ExpiredCertificate: func(t *testing.T, s *Server) bool { return dial(t, s).PeerCertificates[0].NotAfter.Before(time.Now()) },
		NewCertificate: func(t *testing.T, s *Server) bool {
			before := s.Fingerprint()
			dial(t, s)
			return s.Fingerprint() != before
		},
		SessionLost:        sessionLost,
		ETagRefused:        etagRefused,
		PollSensitive:      pollSensitive,
		LifecycleNotReady:  lifecycleNotReady,
		PluginBreaksShare:  pluginBreaksShare,
		OneMediumOnly:      oneMediumOnly,
		InsertReportsError: insertReportsError,
		EjectReportsError:  ejectReportsError,
		EjectShownLate:     ejectShownLate,
		CdIsPhysical:       cdIsPhysical,
		BootOnceLost:       bootOnceLost,
		FailInstall:        failInstall,
		PowerOnConflict:    powerOnConflict,
		PowerStateStale:    powerStateStale,
		GracefulIgnored:    gracefulIgnored,
		JobMissing:         jobMissing(func(s *Server, id string) string { return s.gen.jobsURI() + "/" + id }),
		TaskPurged:         jobMissing(func(_ *Server, id string) string { return tasksURI + "/" + id }),
		JobFails:           jobEnds(jobFailed),
		JobCompletedPartly: jobEnds(jobCompletedWithErrors),
		JobsStuck:          jobsStuck,
		JobVanishes:        jobVanishes,
		EventDeliveryFails: eventDeliveryFails,
	}
}

func connectionRefused(t *testing.T, s *Server) bool {
	t.Helper()
	if attempt(t, s, http.MethodGet, managerURI, "").err == nil {
		return false
	}
	eventually(t, "refused connection", func() bool {
		return errors.Is(attempt(t, s, http.MethodGet, managerURI, "").err, syscall.ECONNREFUSED)
	})
	eventually(t, "return", func() bool { return attempt(t, s, http.MethodGet, managerURI, "").err == nil })
	return true
}

func restarts(t *testing.T, s *Server) bool {
	t.Helper()
	lost := attempt(t, s, http.MethodPost, sessionsURI, `{"UserName":"root","Password":"calvin"}`).err != nil
	eventually(t, "return", func() bool { return attempt(t, s, http.MethodGet, managerURI, "").err == nil })
	return lost && s.Sessions() == 0
}

func sessionLost(t *testing.T, s *Server) bool {
	t.Helper()
	token := must(t, s, http.StatusCreated, http.MethodPost, sessionsURI, `{"UserName":"root","Password":"calvin"}`).header.Get("X-Auth-Token")
	before := s.Sessions()
	got := attempt(t, s, http.MethodGet, managerURI, "", "X-Auth-Token", token)
	return got.status == http.StatusUnauthorized && s.Sessions() == before-1
}

func etagRefused(t *testing.T, s *Server) bool {
	t.Helper()
	tag := must(t, s, http.StatusOK, http.MethodGet, systemURI, "").header.Get("ETag")
	got := attempt(t, s, http.MethodPatch, systemURI, `{"Boot":{}}`, "If-Match", tag)
	return got.status == http.StatusPreconditionFailed
}

func pollSensitive(t *testing.T, s *Server) bool {
	t.Helper()
	first := attempt(t, s, http.MethodGet, systemURI, "").status
	return first == http.StatusOK && attempt(t, s, http.MethodGet, systemURI, "").status == http.StatusServiceUnavailable
}

func lifecycleNotReady(t *testing.T, s *Server) bool {
	t.Helper()
	got := must(t, s, http.StatusOK, http.MethodPost, s.gen.dellHome+"/DellLCService"+remoteServicesAt, `{}`)
	return got.body["LCStatus"] != "Ready"
}

func pluginBreaksShare(t *testing.T, s *Server) bool {
	t.Helper()
	return must(t, s, http.StatusOK, http.MethodGet, managerURI, "").body["FirmwareVersion"] == brokenFirmware
}

// inserted puts an image into the first slot that can be read, and returns its URL.
func inserted(t *testing.T, s *Server) string {
	t.Helper()
	image := serveImages(t, map[string][]byte{"a.iso": bootISO(t)}) + "a.iso"
	insert(t, s, 1, image)
	eventually(t, "image", func() bool { return len(s.Media()) == 1 })
	return image
}

// emptied takes the image out of the first slot.
func emptied(t *testing.T, s *Server) {
	t.Helper()
	must(t, s, http.StatusNoContent, http.MethodPost, slotOne+ejectAt, `{}`)
	eventually(t, "eject", func() bool { return len(s.Media()) == 0 })
}

func oneMediumOnly(t *testing.T, s *Server) bool {
	t.Helper()
	image := inserted(t, s)
	defer emptied(t, s)
	second := strings.Replace(insertOne, "VirtualMedia/1", "VirtualMedia/2", 1)
	got := attempt(t, s, http.MethodPost, second, `{"Image":"`+image+`"}`)
	if got.status == http.StatusNoContent {
		must(t, s, http.StatusNoContent, http.MethodPost, strings.Replace(second, insertAt, ejectAt, 1), `{}`)
	}
	return got.message == "VRM0012"
}

func insertReportsError(t *testing.T, s *Server) bool {
	t.Helper()
	image := serveImages(t, map[string][]byte{"a.iso": bootISO(t)}) + "a.iso"
	got := attempt(t, s, http.MethodPost, insertOne, `{"Image":"`+image+`"}`)
	early := len(s.Media())
	eventually(t, "image all the same", func() bool { return len(s.Media()) == 1 })
	emptied(t, s)
	return got.message == "RAC0720" && early == 0
}

func ejectReportsError(t *testing.T, s *Server) bool {
	t.Helper()
	inserted(t, s)
	got := attempt(t, s, http.MethodPost, slotOne+ejectAt, `{}`)
	eventually(t, "eject all the same", func() bool { return len(s.Media()) == 0 })
	return got.message == "VRM0009"
}

func ejectShownLate(t *testing.T, s *Server) bool {
	t.Helper()
	inserted(t, s)
	start := time.Now()
	emptied(t, s)
	return time.Since(start) >= 300*time.Millisecond
}

// poweredOff switches the server off, if need be.
func poweredOff(t *testing.T, s *Server) {
	t.Helper()
	if s.PowerState() == stateOn {
		reset(t, s, "ForceOff")
	}
	if s.PowerState() != stateOff {
		eventually(t, "power off", func() bool { return s.PowerState() == stateOff })
	}
}

// since returns the events of a kind that happen from now on.
func since(s *Server, kind string) func() []Event {
	start := len(s.Journal())
	return func() []Event {
		var found []Event
		for _, e := range s.Journal()[start:] {
			if e.Kind == kind {
				found = append(found, e)
			}
		}
		return found
	}
}

func bootFromCd(t *testing.T, s *Server) []Event {
	t.Helper()
	poweredOff(t, s)
	must(t, s, http.StatusOK, http.MethodPatch, systemURI, `{"Boot":{"BootSourceOverrideTarget":"Cd","BootSourceOverrideEnabled":"Once"}}`)
	failed := since(s, BootFailed)
	reset(t, s, "On")
	eventually(t, "failed boot", func() bool { return len(failed()) > 0 })
	return failed()
}

func cdIsPhysical(t *testing.T, s *Server) bool {
	t.Helper()
	return strings.Contains(bootFromCd(t, s)[0].Detail["reason"], "physical")
}

func bootOnceLost(t *testing.T, s *Server) bool {
	t.Helper()
	return bootFromCd(t, s)[0].Detail["device"] == targetHdd
}

func failInstall(t *testing.T, s *Server) bool {
	t.Helper()
	poweredOff(t, s)
	ended := since(s, InstallFailed)
	done := since(s, InstallDone)
	bootFromMedia(t, s, bootISO(t), seedISO(t, "OEMDRV", map[string]string{"ks.cfg": "poweroff\n"}))
	eventually(t, "end of the installation", func() bool { return len(ended())+len(done()) > 0 })
	poweredOff(t, s)
	for _, slot := range []string{"1", "2"} {
		must(t, s, http.StatusNoContent, http.MethodPost, systemURI+"/VirtualMedia/"+slot+ejectAt, `{}`)
	}
	eventually(t, "eject", func() bool { return len(s.Media()) == 0 })
	return len(ended()) == 1
}

func powerOnConflict(t *testing.T, s *Server) bool {
	t.Helper()
	got := attempt(t, s, http.MethodPost, systemURI+resetAt, `{"ResetType":"On"}`)
	if got.status == http.StatusNoContent {
		return false
	}
	return got.message == "ActionParameterValueConflict" && got.status == http.StatusConflict && s.PowerState() == stateOff
}

func powerStateStale(t *testing.T, s *Server) bool {
	t.Helper()
	poweredOff(t, s)
	reset(t, s, "On")
	eventually(t, "power on", func() bool { return s.PowerState() == stateOn })
	shown := func() any { return must(t, s, http.StatusOK, http.MethodGet, systemURI, "").body["PowerState"] }
	stale := shown() == stateOff
	eventually(t, "the truth", func() bool { return shown() == stateOn })
	return stale
}

func gracefulIgnored(t *testing.T, s *Server) bool {
	t.Helper()
	if s.PowerState() == stateOff {
		reset(t, s, "On")
		await(t, s, BootFailed)
	}
	reset(t, s, "GracefulShutdown")
	return s.PowerState() == stateOn
}

func exported(t *testing.T, s *Server) string {
	t.Helper()
	id, _ := accepted(t, s, http.MethodPost, s.gen.profileAction("ExportSystemConfiguration"), exportAll)
	return id
}

func jobMissing(uri func(*Server, string) string) trial {
	return func(t *testing.T, s *Server) bool {
		t.Helper()
		id := exported(t, s)
		missing := attempt(t, s, http.MethodGet, uri(s, id), "").status == http.StatusNotFound
		ended(t, s, id)
		return missing
	}
}

func jobEnds(state string) trial {
	return func(t *testing.T, s *Server) bool {
		t.Helper()
		return ended(t, s, exported(t, s)).State == state
	}
}

func jobsStuck(t *testing.T, s *Server) bool {
	t.Helper()
	sound := len(s.Faults()) == 0
	id := exported(t, s)
	if sound {
		return ended(t, s, id).State != jobCompleted
	}
	await(t, s, FaultShown)
	j, _ := s.findJob(id)
	must(t, s, http.StatusNoContent, http.MethodPost, s.gen.dellHome+"/DellJobService"+deleteJobQueueAt, `{"JobID":"JID_CLEARALL"}`)
	return j.State == jobScheduled
}

func jobVanishes(t *testing.T, s *Server) bool {
	t.Helper()
	_, found := s.findJob(exported(t, s))
	return !found
}

func eventDeliveryFails(t *testing.T, s *Server) bool {
	t.Helper()
	want := 2 - len(s.Faults())
	told := make(chan string, 10)
	sink := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { told <- r.Method }))
	defer sink.Close()
	created := must(t, s, http.StatusCreated, http.MethodPost, subscriptionsURI, `{"Destination":"`+sink.URL+`","Protocol":"Redfish","Context":"x"}`)
	defer must(t, s, http.StatusOK, http.MethodDelete, created.header.Get("Location"), "")
	for range 2 {
		must(t, s, http.StatusNoContent, http.MethodPost, eventServiceURI+testEventAt, `{"EventType":"Alert"}`)
	}
	for range want {
		select {
		case <-told:
		case <-time.After(patience):
			t.Fatal("no event came")
		}
	}
	return want == 1
}
