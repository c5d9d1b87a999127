package sim

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is one simulated machine with its iDRAC. It is safe for concurrent use.
type Server struct {
	fleet    *Fleet
	gen      *generation
	table    table // of the generation
	log      *slog.Logger
	tag, mac string
	url      string
	journal  *journal
	logs     logs
	events   *events
	door     *door
	http     *http.Server
	images   *http.Client // how this iDRAC fetches images
	running  sync.WaitGroup
	alive    context.Context //nolint:containedctx // bounds what goes on between requests
	die      context.CancelFunc

	firmwareMu sync.Mutex
	firmware   map[string]string // versions that were installed, by FQDD

	mu          sync.Mutex
	closed      bool
	identity    identity
	power       string             // Off, PoweringOn, On, PoweringOff
	stopLife    context.CancelFunc // ends what the host is doing
	stale       staleState
	lastReset   time.Time
	override    bootOverride
	slots       [slotCount]slot
	disk        *Installation // what is on the disk; nil: nothing bootable
	firstBoot   []string      // scripts that the installed system has not run yet
	osRunning   bool
	sessions    map[string]*session // by token
	sessionIdle time.Duration       // a session ends after so long without a request
	sessionID   int                 // the last one given out
	downUntil   time.Time           // when the iDRAC answers again
	readyAt     time.Time           // when the Lifecycle Controller is ready
	jobs        []*job              // oldest first
	// Attributes that are not at their default, by FQDD and name.
	attributes   map[string]map[string]string
	pendingBIOS  map[string]string // attributes that a job will set
	biosDefaults bool              // the next boot resets the BIOS
	volumes      []Volume
	spares       map[string]string // drives that stand by, as in Hotspares
	jobSerial    int               // of the last one
	faults       []*activeFault
	accounts     accounts
	network      managerNic
	labels       labels
	cap          powerCap
	reports      map[string]reportSetting // by report id
}

// Installation is an operating system that a simulated installer put on a disk.
type Installation struct {
	Hostname    string    `json:"hostname"`
	Family      string    `json:"family"`      // rhel, ubuntu or debian, by the format of the answer file
	AnswerFile  string    `json:"answerFile"`  // hex SHA-256 of the answer file
	VendorImage string    `json:"vendorImage"` // URL of the image that was booted
	Time        time.Time `json:"time"`
}

func startServer(f *Fleet, gen *generation, index int, address string) (*Server, error) {
	tag := serviceTag(index)
	shown, err := newIdentity(tag, time.Now().Add(validity-time.Hour))
	if err != nil {
		return nil, err
	}
	entrance, err := openDoor(address)
	if err != nil {
		return nil, fmt.Errorf("simulated server %s: %w", tag, err)
	}
	s := &Server{
		fleet:       f,
		gen:         gen,
		table:       f.tables[gen],
		log:         f.cfg.Log.With("server", tag),
		tag:         tag,
		mac:         macAddress(index),
		url:         "https://" + reachable(entrance.Addr()),
		journal:     newJournal(),
		door:        entrance,
		images:      newImageClient(),
		power:       stateOff,
		stopLife:    func() {},
		lastReset:   time.Now(),
		downUntil:   time.Now(),
		override:    noOverride(modeUEFI),
		sessions:    map[string]*session{},
		identity:    shown,
		sessionIdle: f.cfg.Timing.SessionIdle,
		events:      newEvents(),
		accounts:    newAccounts(f.cfg.Username, f.cfg.Password),
		network:     newManagerNic(tag),
		reports:     newReportSettings(),
		attributes:  map[string]map[string]string{},
		firmware:    map[string]string{},
		volumes:     gen.firstVolumes(),
		spares:      map[string]string{},
	}
	s.alive, s.die = context.WithCancel(context.Background())
	s.serve()
	return s, nil
}

// reachable replaces an unspecified listen address by loopback, which can be dialled.
func reachable(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr.String()
	}
	return (&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: tcp.Port}).String()
}

// serve speaks HTTP/1.1 only, as an iDRAC does.
func (s *Server) serve() {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serveRedfish),
		Protocols:         protocols,
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       60 * time.Second,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		TLSConfig:         &tls.Config{GetCertificate: s.certificate, MinVersion: tls.VersionTLS12},
	}
	s.running.Go(func() {
		if err := s.http.ServeTLS(s.door, "", ""); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("simulated iDRAC stopped serving", "error", err)
		}
	})
}

// stop ends the listener, all connections and whatever the host is doing.
func (s *Server) stop() error {
	s.mu.Lock()
	s.closed = true
	s.stopLife()
	s.die()
	s.mu.Unlock()
	err := s.http.Close()
	s.running.Wait()
	s.images.CloseIdleConnections()
	if err != nil {
		return fmt.Errorf("simulated server %s: close: %w", s.tag, err)
	}
	return nil
}

// Tag returns the 7-character service tag, which follows from the server's index.
func (s *Server) Tag() string { return s.tag }

// URL returns the root of the iDRAC, such as https://127.0.0.1:40001.
func (s *Server) URL() string { return s.url }

// Generation returns which of the constants such as IDRAC10 the server is.
func (s *Server) Generation() string { return s.gen.name }

// MAC returns the address of the only network interface.
func (s *Server) MAC() string { return s.mac }

// PowerState returns the current Redfish PowerState: Off, PoweringOn, On or PoweringOff.
func (s *Server) PowerState() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.power
}

// Installed returns what is on the disk, if an installation has completed.
func (s *Server) Installed() (Installation, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.disk == nil {
		return Installation{}, false
	}
	return *s.disk, true
}

// Media returns the image URL inserted in each slot, by slot id; empty slots are absent.
func (s *Server) Media() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	media := map[string]string{}
	for i := range s.slots {
		if s.slots[i].inserted(time.Now()) {
			media[s.slotID(i)] = s.slots[i].image
		}
	}
	return media
}

// Sessions returns how many Redfish sessions are open.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.expireSessions(time.Now())
	return len(s.sessions)
}
