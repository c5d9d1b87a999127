package standalone

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// servicePorts are the gRPC ports of the server's four services. Only the
// frontend's is for clients; the others talk among themselves.
type servicePorts struct {
	frontend, history, matching, worker int
}

// choosePorts binds every address once, so that a taken one is reported here:
// the server and its Web UI end the process when they cannot listen. It sets
// the addresses in cfg to those with their ports chosen, and frees them all.
func choosePorts(ctx context.Context, cfg *Config) (ports servicePorts, err error) {
	var held reservation
	defer func() { err = errors.Join(err, held.release()) }()

	const anyPort = loopback + ":0"
	if cfg.FrontendAddr, err = held.bind(ctx, cfg.FrontendAddr); err != nil {
		return ports, err
	}
	if cfg.UIAddr != "" {
		if cfg.UIAddr, err = held.bind(ctx, cfg.UIAddr); err != nil {
			return ports, err
		}
	}
	ports.frontend = port(cfg.FrontendAddr)
	for _, p := range []*int{&ports.history, &ports.matching, &ports.worker} {
		addr, err := held.bind(ctx, anyPort)
		if err != nil {
			return ports, err
		}
		*p = port(addr)
	}
	return ports, nil
}

// reservation holds listeners open together, so that no free port is given
// out twice.
type reservation struct {
	listeners []net.Listener
}

func (r *reservation) bind(ctx context.Context, addr string) (string, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("cannot listen on %s: %w: stop what is using it, or choose another address", addr, err)
	}
	r.listeners = append(r.listeners, listener)
	return listener.Addr().String(), nil
}

func (r *reservation) release() error {
	var errs []error
	for _, listener := range r.listeners {
		errs = append(errs, listener.Close())
	}
	return errors.Join(errs...)
}

// port returns the port of an address that has been bound.
func port(addr string) int {
	_, text, _ := net.SplitHostPort(addr)
	number, _ := strconv.Atoi(text)
	return number
}
