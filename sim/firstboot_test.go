package sim

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFirstBoot(t *testing.T) {
	t.Parallel()
	const unit = "printf %s '[Service]\nExecStart=/bin/sh /usr/local/sbin/call\n' > /etc/systemd/system/call.service\n"
	const program = "printf %s 'curl http://192.0.2.1/' > /usr/local/sbin/call\n"
	const enable = "systemctl enable call.service\n"
	for name, c := range map[string]struct {
		late []script
		want []string
	}{
		"a unit, its script, enabled": {[]script{{text: program + unit + enable}}, []string{"curl http://192.0.2.1/"}},
		"in several scripts":          {[]script{{text: program}, {text: unit}, {text: enable}}, []string{"curl http://192.0.2.1/"}},
		"inside of the new system": {
			[]script{{text: "curtin in-target --target=/target -- /bin/sh -c " + quoteShell([]string{program + unit + enable})}},
			[]string{"curl http://192.0.2.1/"},
		},
		"not enabled":            {[]script{{text: program + unit}}, nil},
		"without its script":     {[]script{{text: unit + enable}}, nil},
		"a unit of the system's": {[]script{{text: "systemctl enable sshd"}}, nil},
		"nothing":                {nil, nil},
	} {
		if diff := cmp.Diff(c.want, firstBoot(c.late)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
