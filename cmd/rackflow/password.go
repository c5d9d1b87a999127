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

// password gets the BMC's password in one of three ways, none of which shows it in a list of processes.
func (n nodeAdd) password(ctx context.Context, host string) (string, error) {
	password, err := n.askPassword(ctx, host)
	if err != nil {
		return "", err
	}
	if password == "" {
		return "", usagef("the BMC's password is empty")
	}
	return password, nil
}

func (n nodeAdd) askPassword(ctx context.Context, host string) (string, error) {
	p := n.a.p
	if n.passwordStdin {
		return readLine(p.Stdin)
	}
	if password := p.Env("RACKFLOW_BMC_PASSWORD"); password != "" {
		return password, nil
	}
	if !p.Terminal.Stdin {
		return "", usagef("the BMC's password is missing: use --password-stdin or set RACKFLOW_BMC_PASSWORD")
	}
	fmt.Fprintf(p.Stderr, "Password of %s at %s: ", printable(n.user), host)
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
		return "", fmt.Errorf("read the BMC's password from stdin: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
