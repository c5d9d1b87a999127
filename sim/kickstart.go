package sim

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// notedDirectives are the kickstart commands whose presence is reported.
var notedDirectives = []string{
	"autopart", "bootloader", "cdrom", "clearpart", "ignoredisk", "part", "repo", "rootpw", "timezone", "url", "user", "zerombr",
}

// parseKickstart reads an Anaconda kickstart file.
func parseKickstart(data []byte) (*answer, error) {
	parsed := &answer{family: familyRHEL, finish: stays}
	lines := strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n")
	if len(strings.TrimSpace(string(data))) == 0 {
		return nil, errors.New("the file is empty")
	}
	for at := 0; at < len(lines); at++ {
		words := strings.Fields(lines[at])
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if !strings.HasPrefix(words[0], "%") {
			if err := parsed.kickstartCommand(lines[at]); err != nil {
				return nil, fmt.Errorf("line %d: %w", at+1, err)
			}
			continue
		}
		if words[0] == "%include" || words[0] == "%ksappend" {
			continue
		}
		length := slices.IndexFunc(lines[at:], func(line string) bool { return strings.TrimSpace(line) == "%end" })
		if length <= 0 {
			return nil, fmt.Errorf("line %d: section %s is not ended by %%end", at+1, words[0])
		}
		parsed.kickstartSection(words, strings.Join(lines[at+1:at+length], "\n"))
		at += length
	}
	return parsed, nil
}

func (a *answer) kickstartCommand(line string) error {
	commands := splitShell(line)
	if len(commands) == 0 || len(commands[0].args) == 0 {
		return errors.New("cannot be split into words")
	}
	args := commands[0].args
	switch args[0] {
	case "network":
		if hostname, ok := option(args, "--hostname"); ok {
			a.hostname = hostname
		}
	case "poweroff", "shutdown", "halt":
		a.finish = powersOff
	case "reboot":
		a.finish = reboots
	default:
		if slices.Contains(notedDirectives, args[0]) && !slices.Contains(a.directives, args[0]) {
			a.directives = append(a.directives, args[0])
		}
	}
	return nil
}

// option returns the value of --name=value or --name value.
func option(args []string, name string) (string, bool) {
	for i, arg := range args {
		if value, ok := strings.CutPrefix(arg, name+"="); ok {
			return value, true
		}
		if arg == name && i+1 < len(args) {
			return args[i+1], true
		}
	}
	return "", false
}

// kickstartSection keeps the scripts that are shell; the simulator runs nothing else.
func (a *answer) kickstartSection(header []string, body string) {
	if interpreter, ok := option(header, "--interpreter"); ok && !slices.Contains(shells, path.Base(interpreter)) {
		return
	}
	part := script{text: body, fatal: slices.Contains(header, "--erroronfail")}
	switch header[0] {
	case "%pre", "%pre-install":
		a.early = append(a.early, part)
	case "%post":
		a.late = append(a.late, part)
	case "%onerror":
		a.onError = append(a.onError, part)
	}
}
