package sim

import (
	"context"
	"path"
	"slices"
	"strings"
)

// installedFiles are what an installer's scripts write into the new system, as far as
// they do it with printf.
type installedFiles struct {
	content map[string]string // by path
	enabled []string          // systemd units
}

// firstBoot returns the scripts that the installed system runs when it starts: those of
// the systemd units that the installer's scripts have written and enabled.
func firstBoot(late []script) []string {
	files := &installedFiles{content: map[string]string{}}
	for _, part := range late {
		files.read(part.text, 0)
	}
	var scripts []string
	for _, unit := range files.enabled {
		for line := range strings.Lines(files.content["/etc/systemd/system/"+unit]) {
			command, ok := strings.CutPrefix(strings.TrimSpace(line), "ExecStart=")
			words := strings.Fields(command)
			if ok && len(words) == 2 && slices.Contains(shells, path.Base(words[0])) && files.content[words[1]] != "" {
				scripts = append(scripts, files.content[words[1]])
			}
		}
	}
	return scripts
}

func (f *installedFiles) read(text string, depth int) {
	for _, c := range splitShell(text) {
		args := unwrap(c.args)
		if len(args) < 2 {
			continue
		}
		switch name := path.Base(args[0]); {
		case name == "printf" && args[1] == "%s" && len(args) == 3 && c.file != "":
			f.content[c.file] = args[2]
		case name == "systemctl" && args[1] == "enable":
			f.enabled = append(f.enabled, args[2:]...)
		case slices.Contains(shells, name) && depth < maxShellDepth:
			if i := slices.IndexFunc(args, isShellCommandFlag); i > 0 && i+1 < len(args) {
				f.read(args[i+1], depth+1)
			}
		}
	}
}

// runFirstBoot runs them once, like units that take themselves away.
func (s *Server) runFirstBoot(ctx context.Context) {
	s.mu.Lock()
	scripts := s.firstBoot
	s.firstBoot = nil
	s.mu.Unlock()
	for _, text := range scripts {
		if _, err := s.runScript(ctx, text, 0); err != nil {
			return // switched off
		}
	}
}
