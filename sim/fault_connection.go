package sim

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"
)

// Kinds of Fault that hit the connection.
const (
	Unreachable        = "Unreachable"
	ConnectionReset    = "ConnectionReset"
	ConnectionRefused  = "ConnectionRefused"
	SlowAnswer         = "SlowAnswer"
	RestartBMC         = "RestartBMC"
	ExpiredCertificate = "ExpiredCertificate"
	NewCertificate     = "NewCertificate"
)

var connectionKinds = []FaultKind{
	{
		Name: Unreachable, Description: "The connection is closed instead of answering a request.",
		act: func(_ *Server, _ Fault, e *exchange) { e.hangUp(false) },
	},
	{
		Name: ConnectionReset, Description: "The connection is reset instead of answering a request.",
		act: func(_ *Server, _ Fault, e *exchange) { e.hangUp(true) },
	},
	{
		Name: ConnectionRefused, Delay: Duration(2 * time.Second),
		Description: "All connections are dropped, and new ones refused for the delay.",
		act: func(s *Server, f Fault, e *exchange) {
			e.hangUp(false)
			s.closeFor(0, time.Duration(f.Delay))
		},
	},
	{
		Name: SlowAnswer, Delay: Duration(2 * time.Second), Description: "A request is answered after the delay.",
		Source: "idrac_exporter #79 and #68: 25 to 55 seconds for one full reading",
		act: func(_ *Server, f Fault, e *exchange) {
			e.ended = !pause(e.r.Context(), time.Duration(f.Delay))
		},
	},
	{
		Name: RestartBMC, Description: "The iDRAC restarts in the middle of a request: no answer, no sessions, no connections for Timing.ManagerRestart.",
		Source: "sushy-oem-idrac: an iDRAC that was reset needs minutes, its Lifecycle Controller up to 16",
		act: func(s *Server, _ Fault, e *exchange) {
			e.hangUp(false)
			s.restartManager(0)
		},
	},
	{
		Name: ExpiredCertificate, Description: "A new connection is shown a certificate that has expired.",
	},
	{
		Name: NewCertificate, Description: "From a new connection on, the iDRAC has another key and certificate, as after a reset or a firmware update.",
	},
}

// hangUp ends the exchange by closing its connection, politely or with a TCP reset.
func (e *exchange) hangUp(abort bool) {
	e.ended = true
	conn, _, err := http.NewResponseController(e.w).Hijack()
	if err != nil {
		return
	}
	if abort {
		conn = abortive(conn)
	}
	_ = conn.Close()
}

// abortive returns the TCP connection below TLS, whose Close then sends a reset and
// nothing else.
func abortive(conn net.Conn) net.Conn {
	if secure, ok := conn.(*tls.Conn); ok {
		conn = secure.NetConn()
	}
	if tcp, ok := conn.(*guest); ok {
		_ = tcp.SetLinger(0)
	}
	return conn
}
