package sim

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"time"
)

// Config says what to simulate. The zero value is one server with small timings.
type Config struct {
	Servers int // how many; default 1
	// Listen is a host and port. With port 0, the default, each server gets a free
	// port; with port N the servers take N, N+1, and so on.
	Listen string
	// Generation is one of the constants such as IDRAC10, or several with commas between
	// that the servers take in turn; default IDRAC9v7.
	Generation         string
	Username, Password string // of every iDRAC; default root and calvin
	Timing             Timing
	// Seed makes what is left to chance repeatable: the same seed, servers, faults and
	// requests have the same outcome.
	Seed    uint64
	Faults  []Fault      // that the fleet starts with
	Journal io.Writer    // optional: one JSON Event a line, all servers
	Log     *slog.Logger // default: discard
}

// Timing is how long things take. A zero or negative field means its default.
type Timing struct {
	PowerOn     time.Duration // PoweringOn until On; 300 ms
	PowerOff    time.Duration // PoweringOff until Off; 300 ms
	POST        time.Duration // On until the boot device is tried; 500 ms
	InstallStep time.Duration // each step of an installation; 300 ms
	MediaSettle time.Duration // accepted insert or eject until Inserted shows it; 100 ms
	// CallbackRetry is the wait before an installer's HTTP call that found no server,
	// or a 5xx with curl's --retry, is tried again; 250 ms.
	CallbackRetry time.Duration
	// CallbackPatience is how long an installer tries to reach a server; 30 s.
	CallbackPatience time.Duration
	// SessionIdle is how long a session lasts without a request; 30 min.
	SessionIdle time.Duration
	// ReadPatience is how long reads of an inserted image are repeated that nobody answers; 30 s.
	ReadPatience time.Duration
	Job          time.Duration // a job that runs, until it ends; 400 ms
	// TaskPurge is how long firmware that forgets tasks keeps one that has ended; 5 s.
	TaskPurge      time.Duration
	ManagerRestart time.Duration // the iDRAC restarts until it answers again; 1 s
	ManagerReady   time.Duration // from there until the Lifecycle Controller is ready; 500 ms
}

func (t Timing) withDefaults() Timing {
	orDefault := func(d, fallback time.Duration) time.Duration { return cmp.Or(max(d, 0), fallback) }
	return Timing{
		PowerOn:          orDefault(t.PowerOn, 300*time.Millisecond),
		PowerOff:         orDefault(t.PowerOff, 300*time.Millisecond),
		POST:             orDefault(t.POST, 500*time.Millisecond),
		InstallStep:      orDefault(t.InstallStep, 300*time.Millisecond),
		MediaSettle:      orDefault(t.MediaSettle, 100*time.Millisecond),
		CallbackRetry:    orDefault(t.CallbackRetry, 250*time.Millisecond),
		CallbackPatience: orDefault(t.CallbackPatience, 30*time.Second),
		SessionIdle:      orDefault(t.SessionIdle, 30*time.Minute),
		ReadPatience:     orDefault(t.ReadPatience, 30*time.Second),
		Job:              orDefault(t.Job, 400*time.Millisecond),
		TaskPurge:        orDefault(t.TaskPurge, 5*time.Second),
		ManagerRestart:   orDefault(t.ManagerRestart, time.Second),
		ManagerReady:     orDefault(t.ManagerReady, 500*time.Millisecond),
	}
}

func (c Config) withDefaults() Config {
	c.Servers = cmp.Or(c.Servers, 1)
	c.Listen = cmp.Or(c.Listen, "127.0.0.1:0")
	c.Generation = cmp.Or(c.Generation, IDRAC9v7)
	c.Username = cmp.Or(c.Username, "root")
	c.Password = cmp.Or(c.Password, "calvin")
	c.Timing = c.Timing.withDefaults()
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Fleet is a set of running simulated servers. It is safe for concurrent use.
type Fleet struct {
	cfg     Config
	sink    sink
	gens    []*generation // that the servers take in turn
	tables  map[*generation]table
	servers []*Server

	faultIDs atomic.Int64 // the last one given out
}

// Start brings up the fleet: every server listens when it returns, switched off and
// with an empty disk. Stop it with Close.
func Start(cfg Config) (*Fleet, error) {
	cfg = cfg.withDefaults()
	host, port, err := parseListen(cfg.Listen)
	if err != nil {
		return nil, err
	}
	if cfg.Servers < 0 || (port != 0 && port+cfg.Servers-1 > 65535) {
		return nil, fmt.Errorf("simulated fleet: %d servers from port %d do not fit: use fewer, or a lower port", cfg.Servers, port)
	}
	gens, err := parseGenerations(cfg.Generation)
	if err != nil {
		return nil, err
	}
	f := &Fleet{cfg: cfg, sink: sink{w: cfg.Journal}, gens: gens, tables: map[*generation]table{}}
	for _, g := range gens {
		f.tables[g] = newTable(g)
	}
	for i := range cfg.Servers {
		if err := f.add(i, host, port); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	if _, err := f.BreakAll(cfg.Faults); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func parseListen(listen string) (host string, port int, err error) {
	host, digits, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("simulated fleet: listen address: %w", err)
	}
	number, err := strconv.ParseUint(digits, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("simulated fleet: port in listen address %q: %w", listen, err)
	}
	return host, int(number), nil
}

func (f *Fleet) add(index int, host string, port int) error {
	if port != 0 {
		port += index
	}
	s, err := startServer(f, f.gens[index%len(f.gens)], index, net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return err
	}
	f.servers = append(f.servers, s)
	return nil
}

// Servers returns the servers in order of their index.
func (f *Fleet) Servers() []*Server { return slices.Clone(f.servers) }

// Server returns the server with a service tag, or nil.
func (f *Fleet) Server(tag string) *Server {
	for _, s := range f.servers {
		if s.tag == tag {
			return s
		}
	}
	return nil
}

// Close stops all servers and waits until their goroutines have ended. It is safe to
// call more than once.
func (f *Fleet) Close() error {
	var errs []error
	for _, s := range f.servers {
		errs = append(errs, s.stop())
	}
	return errors.Join(errs...)
}
