package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// maxPassword bounds a password in bytes.
const maxPassword = 4096

// bmcPassword gets the password of a BMC in one of three ways, none of which shows it in a
// list of processes.
type bmcPassword struct {
	a     *app
	stdin bool
}

// read gets the password of the user at host.
func (b bmcPassword) read(ctx context.Context, user, host string) (string, error) {
	password, err := b.ask(ctx, user, host)
	if err != nil {
		return "", err
	}
	if password == "" {
		return "", usagef("the BMC's password is empty")
	}
	return password, nil
}

func (b bmcPassword) ask(ctx context.Context, user, host string) (string, error) {
	p := b.a.p
	if b.stdin {
		return readLine(p.Stdin)
	}
	if password := p.Env("RACKFLOW_BMC_PASSWORD"); password != "" {
		return password, nil
	}
	if !p.Terminal.Stdin {
		return "", usagef("the BMC's password is missing: use --password-stdin or set RACKFLOW_BMC_PASSWORD")
	}
	fmt.Fprintf(p.Stderr, "Password of %s at %s: ", printable(user), host)
	password, err := p.Terminal.ReadPassword(ctx)
	fmt.Fprintln(p.Stderr)
	if err != nil {
		return "", fmt.Errorf("read the BMC's password: %w", err)
	}
	return password, nil
}

// readLine reads up to the first line break, so that both echo and printf can feed it.
func readLine(r io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(r, maxPassword)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read from stdin: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
