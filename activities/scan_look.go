package activities

import (
	"context"
	"errors"
	"time"

	"github.com/rackflow/rackflow/bmc"
)

// maxReason keeps a row short, in bytes.
const maxReason = 300

// errNoCredentials and errUntrusted are why a BMC is left alone that could be logged in to.
var (
	errNoCredentials = errors.New("no user name and password are given for this address")
	errUntrusted     = errors.New("the certificate is not known: compare the fingerprint with the BMC's own, then scan again with it in option fingerprints, or with option trust: true")
	errRepinned      = errors.New("the certificate is not the pinned one: if the BMC got a new one on purpose, run 'rackflow node repin'; otherwise something else answers at this address")
	errAnonymous     = errors.New("the BMC tells neither a service tag nor a MAC address: add the server with 'rackflow node add'")
)

// look finds out what is at one address.
func (s *scan) look(ctx context.Context, target scanTarget) scanRow {
	row := scanRow{Address: target.address()}
	root, err := s.probe(ctx, target)
	if err != nil {
		return s.absent(row, target, err)
	}
	row.Fingerprint, row.ServiceTag = root.Fingerprint, root.ServiceTag
	if err := s.mayLogIn(target, root.Fingerprint); err != nil {
		return s.refused(row, err)
	}
	return s.visit(ctx, row, target)
}

func (s *scan) probe(ctx context.Context, target scanTarget) (bmc.Root, error) {
	ctx, cancel := context.WithTimeout(ctx, probeLimit)
	defer cancel()
	return bmc.Probe(ctx, target.endpoint(), s.Connect.dial)
}

// absent is the row of an address where no BMC is. In a range that is nothing to speak of.
func (s *scan) absent(row scanRow, target scanTarget, err error) scanRow {
	if policy, ok := errors.AsType[*refusedAddressError](err); ok {
		return s.refused(row, policy)
	}
	if !errors.Is(err, bmc.ErrSilent) {
		return s.refused(row, err)
	}
	row.Outcome = scanSilent
	if target.named {
		row.Reason = bmc.ErrSilent.Error()
	}
	return row
}

func (s *scan) refused(row scanRow, err error) scanRow {
	row.Outcome, row.Reason = scanRefused, s.redact(err.Error())
	if len(row.Reason) > maxReason {
		row.Reason = row.Reason[:maxReason] + "…"
	}
	return row
}

// mayLogIn tells whether credentials may be sent to whoever presents that certificate.
func (s *scan) mayLogIn(target scanTarget, fingerprint string) error {
	pinned := s.pinned[withoutPort(target.endpoint())]
	switch {
	case pinned != "" && pinned != fingerprint:
		return errRepinned
	case !target.credentials.complete():
		return errNoCredentials
	case pinned == "" && !s.options.Trust && !s.trusted[fingerprint]:
		return errUntrusted
	}
	return nil
}

// visit logs in, asks who the server is, and notes it.
func (s *scan) visit(ctx context.Context, row scanRow, target scanTarget) scanRow {
	limited, cancel := context.WithTimeout(ctx, loginLimit)
	defer cancel()
	b, err := bmc.Connect(limited, bmc.Config{
		Server: target.address(), Endpoint: target.endpoint(), Username: target.credentials.name(),
		Password: target.credentials.Password, Fingerprint: row.Fingerprint,
	})
	if err != nil {
		return s.refused(row, err)
	}
	defer logOut(ctx, b)
	identity, err := b.Identify(limited)
	if err != nil {
		return s.refused(row, err)
	}
	row.ServiceTag, row.Model, row.Firmware = identity.ServiceTag, identity.Model, identity.BMCFirmware
	server, created, err := s.enter(ctx, target, row.Fingerprint, identity)
	if err != nil {
		return s.refused(row, err)
	}
	row.Server, row.Name, row.Outcome = server.ID, server.Name, scanUpdated
	if created {
		row.Outcome = scanCreated
	}
	row.Reason = s.inventory(ctx, machine{BMC: b, server: server, endpoint: target.endpoint()})
	return row
}

// inventory keeps a catalog of the server where that is wanted, and says what has
// prevented it.
func (s *scan) inventory(ctx context.Context, t machine) string {
	if !s.options.Inventory {
		return ""
	}
	if _, err := serverCatalog(ctx, s.call, t, struct{}{}); err != nil {
		return "without inventory: " + s.redact(err.Error())
	}
	return ""
}

// logOut ends a session also when the job has been cancelled. One that cannot be ended
// times out by itself.
func logOut(ctx context.Context, b *bmc.BMC) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	_ = b.Close(ctx)
}
