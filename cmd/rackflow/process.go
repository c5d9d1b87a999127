package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"time"

	"golang.org/x/term"
)

// process is everything the command line has of the world outside.
type process struct {
	// Program is the name by which the program was called.
	Program string
	// Args are the arguments without the program's name.
	Args []string
	// Env returns a variable of the environment, "" when it is not set.
	Env    func(key string) string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
	// ReadFile reads a file, relative to the working directory.
	ReadFile func(name string) ([]byte, error)
	// OpenFile opens a file that may be too large for the memory.
	OpenFile func(name string) (inFile, error)
	// CreateFile makes a file of a name that is free, which only its owner can read.
	CreateFile func(name string) (outFile, error)
	// ReadDir lists a folder, sorted by name; for a file it is an error.
	ReadDir func(name string) ([]fs.DirEntry, error)
	// Now is the time, in the zone in which times are shown.
	Now func() time.Time
	// HTTP carries the requests to rackflow.
	HTTP     http.RoundTripper
	Terminal terminal
}

// terminal says which streams are terminals, and does what only a terminal can.
type terminal struct {
	Stdin, Stdout, Stderr bool
	// Size returns columns and rows; zeros when they are not known.
	Size func() (width, height int)
	// ReadPassword reads a line from stdin without showing it.
	ReadPassword func(ctx context.Context) (string, error)
}

func osProcess() *process {
	return &process{
		Program: os.Args[0], Args: os.Args[1:], Env: os.Getenv,
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		ReadFile: os.ReadFile, OpenFile: openFile, CreateFile: createFile, ReadDir: os.ReadDir, Now: time.Now, HTTP: http.DefaultTransport,
		Terminal: terminal{
			Stdin: isTerminal(os.Stdin), Stdout: isTerminal(os.Stdout), Stderr: isTerminal(os.Stderr),
			Size: terminalSize, ReadPassword: readPassword,
		},
	}
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

func terminalSize() (width, height int) {
	for _, f := range []*os.File{os.Stdout, os.Stderr} {
		if width, height, err := term.GetSize(int(f.Fd())); err == nil {
			return width, height
		}
	}
	return 0, 0
}

// readPassword gives the terminal its echo back when it is interrupted: the read itself cannot be.
func readPassword(ctx context.Context) (string, error) {
	fd := int(os.Stdin.Fd())
	state, err := term.GetState(fd)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	type answer struct {
		password []byte
		err      error
	}
	answers := make(chan answer, 1)
	go func() {
		password, err := term.ReadPassword(fd)
		answers <- answer{password, err}
	}()
	select {
	case a := <-answers:
		return string(a.password), a.err
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(fd, state))
	}
}
