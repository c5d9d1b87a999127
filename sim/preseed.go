package sim

import (
	"errors"
	"strings"
)

// parsePreseed reads a Debian preseed file: lines of owner, question, type and value.
func parsePreseed(data []byte) (*answer, error) {
	parsed := &answer{family: familyDebian, finish: reboots}
	text := strings.ReplaceAll(strings.ReplaceAll(string(data), "\r\n", "\n"), "\\\n", " ")
	questions := 0
	for line := range strings.SplitSeq(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) < 3 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		questions++
		_, value, _ := strings.Cut(line, fields[1])
		_, value, _ = strings.Cut(value, fields[2])
		parsed.preseedQuestion(fields[1], strings.TrimSpace(value))
	}
	if questions == 0 {
		return nil, errors.New("the file answers no question")
	}
	return parsed, nil
}

func (a *answer) preseedQuestion(name, value string) {
	switch name {
	case "netcfg/hostname", "netcfg/get_hostname":
		a.hostname = value
	case "preseed/early_command":
		a.early = append(a.early, script{text: value})
	case "preseed/late_command":
		a.late = append(a.late, script{text: value, fatal: true})
	case "debian-installer/exit/poweroff", "debian-installer/exit/halt":
		if value == "true" {
			a.finish = powersOff
		}
	}
}
