package sim

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"
)

// reopenEvery is the wait between attempts to listen again on a port that somebody else
// has taken meanwhile.
const reopenEvery = 20 * time.Millisecond

// door is a listener that can be shut for a while: then its connections are closed, and
// new ones refused by the operating system.
type door struct {
	address string

	mu     sync.Mutex
	inner  *net.TCPListener // nil while shut
	opened chan struct{}    // closed when the door is open, or gone
	gone   bool
	until  time.Time // shut at least so long
	guests map[*guest]struct{}
}

// guest is an accepted connection.
type guest struct {
	*net.TCPConn

	door *door
}

func openDoor(address string) (*door, error) {
	inner, err := listenTCP(address)
	if err != nil {
		return nil, err
	}
	d := &door{address: inner.Addr().String(), inner: inner, opened: make(chan struct{}), guests: map[*guest]struct{}{}}
	close(d.opened)
	return d, nil
}

func listenTCP(address string) (*net.TCPListener, error) {
	listener, err := net.Listen("tcp", address) //nolint:noctx // it does not wait
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	inner, ok := listener.(*net.TCPListener)
	if !ok {
		return nil, fmt.Errorf("listen on %s: no TCP listener", address)
	}
	return inner, nil
}

// Accept waits for a connection, and for the door to be open. It implements net.Listener.
func (d *door) Accept() (net.Conn, error) {
	for {
		d.mu.Lock()
		inner, opened, gone := d.inner, d.opened, d.gone
		d.mu.Unlock()
		if gone {
			return nil, net.ErrClosed
		}
		if inner == nil {
			<-opened
			continue
		}
		conn, err := inner.AcceptTCP()
		if err == nil {
			return d.admit(conn), nil
		}
		if d.current() == inner {
			return nil, fmt.Errorf("accept: %w", err)
		}
	}
}

func (d *door) current() *net.TCPListener {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.inner
}

func (d *door) admit(conn *net.TCPConn) *guest {
	g := &guest{TCPConn: conn, door: d}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.guests[g] = struct{}{}
	if d.inner == nil { // shut since the connection was made
		_ = conn.Close()
	}
	return g
}

// Close ends the connection.
func (g *guest) Close() error {
	g.door.mu.Lock()
	delete(g.door.guests, g)
	g.door.mu.Unlock()
	return g.TCPConn.Close()
}

// shut closes the door, and reports whether it was open. It stays so at least until then.
func (d *door) shut(until time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if until.After(d.until) {
		d.until = until
	}
	if d.inner == nil || d.gone {
		return false
	}
	_ = d.inner.Close()
	d.inner, d.opened = nil, make(chan struct{})
	for g := range d.guests {
		_ = g.TCPConn.Close()
	}
	return true
}

// reopen opens the door when its time has come, unless ctx ends first.
func (d *door) reopen(ctx context.Context) {
	for {
		d.mu.Lock()
		wait := time.Until(d.until)
		d.mu.Unlock()
		if !pause(ctx, max(wait, reopenEvery)) || d.tryOpen() {
			return
		}
	}
}

func (d *door) tryOpen() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return true
	}
	if time.Now().Before(d.until) {
		return false
	}
	inner, err := listenTCP(d.address)
	if err != nil {
		return false
	}
	d.inner = inner
	close(d.opened)
	return true
}

// Close takes the door away for good. It implements net.Listener.
func (d *door) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gone {
		return nil
	}
	d.gone = true
	if d.inner == nil {
		close(d.opened)
		return nil
	}
	return d.inner.Close()
}

// Addr is where the door is, open or shut. It implements net.Listener.
func (d *door) Addr() net.Addr {
	addr, err := net.ResolveTCPAddr("tcp", d.address)
	if err != nil {
		return &net.TCPAddr{}
	}
	return addr
}

// closeFor drops all connections and refuses new ones for a time, after a grace in which
// an answer can still be sent.
func (s *Server) closeFor(grace, down time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.running.Go(func() {
		if !pause(s.alive, grace) {
			return
		}
		if s.door.shut(time.Now().Add(down)) {
			s.door.reopen(s.alive)
		}
	})
}
