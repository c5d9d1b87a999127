package iso

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"text/template"
)

//go:embed templates
var templates embed.FS

// maxRendered is the most, in bytes, that a template may render to.
const maxRendered = 4 << 20

// form is what the templates see.
type form struct {
	Answers

	Callbacks Callbacks
	Family    string
}

// functions are what templates may call beside those of text/template.
var functions = template.FuncMap{
	"shell":        shellWord,
	"yaml":         yamlValue,
	"join":         strings.Join,
	"brief":        brief.call,
	"stubborn":     stubborn.call,
	"briefWget":    brief.wget,
	"stubbornWget": stubborn.wget,
}

// stockTemplates are the package's own, parsed once: for a thousand servers that
// would take longer than all the rest.
var stockTemplates = sync.OnceValues(func() (*template.Template, error) {
	return template.New("").Funcs(functions).ParseFS(templates, "templates/*")
})

// renderStock renders one of the package's own templates.
func renderStock(name string, data form) ([]byte, error) {
	all, err := stockTemplates()
	if err != nil {
		return nil, fmt.Errorf("parse templates: %w", err)
	}
	t := all.Lookup(name)
	if t == nil {
		return nil, fmt.Errorf("template %s is missing", name)
	}
	return execute(t, data)
}

// Setup is the shell script, with a line break at its end, that does in the
// installed system what the installer has no command for. It is empty if there is
// nothing to do.
func (f form) Setup() (string, error) {
	script, err := renderStock("setup.sh", f)
	if err != nil || len(bytes.TrimSpace(script)) == 0 {
		return "", err
	}
	return "set -e\n" + string(script), nil
}

// AllPackages are the packages asked for, and those that other answers need.
func (f form) AllPackages() []string {
	packages := slices.Clone(f.Packages)
	if f.KVM && f.Family == "rhel" {
		packages = append(packages, "qemu-kvm", "libvirt", "virt-install")
	}
	if f.KVM && f.Family != "rhel" {
		packages = append(packages, "qemu-system-x86", "libvirt-daemon-system", "virtinst")
	}
	if f.RemoteLogging != "" {
		packages = append(packages, "rsyslog")
	}
	if len(f.NTP) > 0 && f.Family == "rhel" {
		packages = append(packages, "chrony")
	}
	if f.hasSudo() && f.Family == "debian" {
		packages = append(packages, "sudo")
	}
	return packages
}

func (f form) hasSudo() bool {
	return slices.ContainsFunc(f.Users, func(u User) bool { return u.Sudo })
}

// HasPartition says that the answers lay out a partition mounted there.
func (f form) HasPartition(mount string) bool {
	return slices.ContainsFunc(f.Partitions, func(p Partition) bool { return p.Mount == mount })
}

// Nameservers are those of all networks, each once.
func (f form) Nameservers() []string {
	var all []string
	for _, n := range f.Networks {
		for _, server := range n.DNS {
			if !slices.Contains(all, server) {
				all = append(all, server)
			}
		}
	}
	return all
}

// Syslog is RemoteLogging as rsyslog writes it.
func (f form) Syslog() string {
	if f.RemoteLogging == "" {
		return ""
	}
	host, port := splitHostPort(f.RemoteLogging)
	return "*.* @" + net.JoinHostPort(host, port)
}

// renderUser renders a template of the user's. Errors of text/template name the
// line.
func renderUser(name, source string, data form) ([]byte, error) {
	t, err := template.New(name).Funcs(functions).Option("missingkey=error").Parse(source)
	if err != nil {
		return nil, fmt.Errorf("parse: %w", err)
	}
	return execute(t, data)
}

func execute(t *template.Template, data form) ([]byte, error) {
	var out limitedBuffer
	if err := t.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("execute: %w", err)
	}
	return out.data, nil
}

// limitedBuffer refuses what a template that goes on for ever would write.
type limitedBuffer struct{ data []byte }

// Write implements [io.Writer].
func (b *limitedBuffer) Write(p []byte) (int, error) {
	if len(b.data)+len(p) > maxRendered {
		return 0, errors.New("it renders to more than 4 MiB")
	}
	b.data = append(b.data, p...)
	return len(p), nil
}
