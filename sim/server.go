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
	fleet       *Fleet
	log         *slog.Logger
	tag, mac    string
	url         string
	fingerprint string
	journal     *journal
	http        *http.Server
	images      *http.Client // how this iDRAC fetches images
	running     sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	power     string             // Off, PoweringOn, On, PoweringOff
	stopLife  context.CancelFunc // ends what the host is doing
	lastReset time.Time
	override  bootOverride
	slots     [slotCount]slot
	disk      *Installation // what is on the disk; nil: nothing bootable
	osRunning bool
	sessions  map[string]*session // by token
	sessionID int                 // the last one given out
	faults    []Fault
}

// Installation is an operating system that a simulated installer put on a disk.
type Installation struct {
	Hostname    string    `json:"hostname"`
	Family      string    `json:"family"`      // rhel, ubuntu or debian, by the format of the answer file
	AnswerFile  string    `json:"answerFile"`  // hex SHA-256 of the answer file
	VendorImage string    `json:"vendorImage"` // URL of the image that was booted
	Time        time.Time `json:"time"`
}

func startServer(f *Fleet, index int, address string) (*Server, error) {
	tag := serviceTag(index)
	cert, fingerprint, err := newCertificate(tag)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address) //nolint:noctx // it does not wait
	if err != nil {
		return nil, fmt.Errorf("simulated server %s: %w", tag, err)
	}
	s := &Server{
		fleet:       f,
		log:         f.cfg.Log.With("server", tag),
		tag:         tag,
		mac:         macAddress(index),
		url:         "https://" + reachable(listener.Addr()),
		fingerprint: fingerprint,
		journal:     newJournal(),
		images:      newImageClient(),
		power:       stateOff,
		stopLife:    func() {},
		lastReset:   time.Now(),
		override:    noOverride(modeUEFI),
		sessions:    map[string]*session{},
	}
	s.serve(listener, cert)
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
func (s *Server) serve(listener net.Listener, cert tls.Certificate) {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	s.http = &http.Server{
		Handler:           http.HandlerFunc(s.serveRedfish),
		Protocols:         protocols,
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       60 * time.Second,
		ErrorLog:          slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
	}
	s.running.Go(func() {
		if err := s.http.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("simulated iDRAC stopped serving", "error", err)
		}
	})
}

// stop ends the listener, all connections and whatever the host is doing.
func (s *Server) stop() error {
	s.mu.Lock()
	s.closed = true
	s.stopLife()
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

// Fingerprint returns the hex SHA-256 of the SubjectPublicKeyInfo of the iDRAC's
// certificate.
func (s *Server) Fingerprint() string { return s.fingerprint }

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
			media[slotID(i)] = s.slots[i].image
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
