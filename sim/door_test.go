package sim

import (
	"errors"
	"net"
	"syscall"
	"testing"
	"time"
)

func TestDoor(t *testing.T) {
	t.Parallel()
	d, err := openDoor("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan error, 10)
	go func() {
		for {
			conn, err := d.Accept()
			accepted <- err
			if err != nil {
				return
			}
			defer func() { _ = conn.Close() }()
		}
	}()
	var dialer net.Dialer
	dial := func() (net.Conn, error) { return dialer.DialContext(t.Context(), "tcp", d.Addr().String()) }
	first, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	<-accepted

	until := time.Now().Add(100 * time.Millisecond)
	if !d.shut(until) || d.shut(until) {
		t.Error("an open door can be shut, and once")
	}
	if _, err := first.Read(make([]byte, 1)); err == nil {
		t.Error("a connection outlives the closing")
	}
	if _, err := dial(); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a shut door answers %v", err)
	}
	d.reopen(t.Context())
	if time.Now().Before(until) {
		t.Error("it opens too early")
	}
	second, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	<-accepted

	if err := errors.Join(d.Close(), d.Close()); err != nil {
		t.Error(err)
	}
	if err := <-accepted; err == nil {
		t.Error("a closed door lets somebody in")
	}
	if d.shut(time.Now()) {
		t.Error("a closed door was shut")
	}
}

// TestCloseWhileShut shows that nobody waits at a door that never opens again.
func TestCloseWhileShut(t *testing.T) {
	t.Parallel()
	s := startOne(t)
	s.closeFor(0, time.Hour)
	eventually(t, "shut door", func() bool { return s.door.current() == nil })
	if err := s.stop(); err != nil {
		t.Error(err)
	}
}
