package iso

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// ignition is the part of Ignition's configuration, version 3.3.0, that the
// recipes need. Flatcar and Fedora CoreOS read it since 2022.
type ignition struct {
	Ignition ignitionHead     `json:"ignition"`
	Passwd   *ignitionPasswd  `json:"passwd,omitempty"`
	Storage  ignitionStorage  `json:"storage,omitzero"`
	Systemd  *ignitionSystemd `json:"systemd,omitempty"`
}

type ignitionHead struct {
	Version string          `json:"version"`
	Config  *ignitionConfig `json:"config,omitempty"`
}

type ignitionConfig struct {
	Merge []ignitionSource `json:"merge"`
}

type ignitionSource struct {
	Source string `json:"source"`
}

type ignitionPasswd struct {
	Users []ignitionUser `json:"users"`
}

type ignitionUser struct {
	Name         string   `json:"name"`
	UID          int      `json:"uid,omitempty"`
	PasswordHash string   `json:"passwordHash,omitempty"`
	SSHKeys      []string `json:"sshAuthorizedKeys,omitempty"`
}

type ignitionStorage struct {
	Files []ignitionFile `json:"files,omitempty"`
	Links []ignitionLink `json:"links,omitempty"`
}

type ignitionFile struct {
	Path      string         `json:"path"`
	Mode      int            `json:"mode"`
	Overwrite bool           `json:"overwrite"`
	Contents  ignitionSource `json:"contents"`
}

type ignitionLink struct {
	Path      string `json:"path"`
	Overwrite bool   `json:"overwrite"`
	Target    string `json:"target"`
}

type ignitionSystemd struct {
	Units []ignitionUnit `json:"units"`
}

type ignitionUnit struct {
	Name     string `json:"name"`
	Enabled  bool   `json:"enabled"`
	Contents string `json:"contents,omitempty"`
}

const ignitionVersion = "3.3.0"

// Modes of files, as Ignition writes them: in decimal.
const (
	modePublic     = 0o644
	modePrivate    = 0o600
	modeExecutable = 0o755
)

func newIgnition() *ignition { return &ignition{Ignition: ignitionHead{Version: ignitionVersion}} }

// file adds a file with its content.
func (i *ignition) file(path string, mode int, content []byte) {
	i.Storage.Files = append(i.Storage.Files, ignitionFile{
		Path: path, Mode: mode, Overwrite: true, Contents: ignitionSource{dataURL(content)},
	})
}

// unit adds a unit that starts by itself.
func (i *ignition) unit(name, contents string) {
	if i.Systemd == nil {
		i.Systemd = &ignitionSystemd{}
	}
	i.Systemd.Units = append(i.Systemd.Units, ignitionUnit{Name: name, Enabled: true, Contents: contents})
}

func dataURL(content []byte) string {
	return "data:;base64," + base64.StdEncoding.EncodeToString(content)
}

// liveIgnition is what has the live system install: a script, and the
// configuration of the installed system for it. networks writes the files of the
// networks, which both systems have.
func (f form) liveIgnition(networks func(*ignition)) (*ignition, error) {
	installed, err := f.installedIgnition(networks)
	if err != nil {
		return nil, err
	}
	script, err := f.script("ignition.install.sh")
	if err != nil {
		return nil, err
	}
	live := newIgnition()
	live.file("/etc/rackflow/installed.ign", modePrivate, installed)
	live.file("/etc/rackflow/install.sh", modePrivate, []byte(script))
	networks(live)
	live.unit("rackflow-install.service", `[Unit]
Description=Install on the disk
Wants=network-online.target
After=network-online.target
[Service]
Type=oneshot
ExecStart=/bin/bash /etc/rackflow/install.sh
[Install]
WantedBy=multi-user.target
`)
	return live, nil
}

// installedIgnition is what configures the installed system, at its first start.
// networks writes the files of its networks.
func (f form) installedIgnition(networks func(*ignition)) (json.RawMessage, error) {
	i := newIgnition()
	if f.CoreOS != nil && len(f.CoreOS.Ignition) > 0 {
		i.Ignition.Config = &ignitionConfig{Merge: []ignitionSource{{dataURL(f.CoreOS.Ignition)}}}
	}
	i.Passwd = &ignitionPasswd{Users: f.ignitionUsers()}
	i.file("/etc/hostname", modePublic, []byte(f.FQDN()+"\n"))
	i.Storage.Links = append(i.Storage.Links, ignitionLink{Path: "/etc/localtime", Overwrite: true, Target: "../usr/share/zoneinfo/" + f.Timezone})
	for _, user := range f.Users {
		if user.Sudo {
			i.file("/etc/sudoers.d/90-rackflow-"+user.Name, modePrivate, []byte(sudoRule(user)))
		}
	}
	networks(i)
	if len(f.PostInstall) > 0 {
		if err := f.firstBoot(i); err != nil {
			return nil, err
		}
	}
	raw, err := json.Marshal(i)
	if err != nil {
		return nil, fmt.Errorf("encode Ignition: %w", err)
	}
	return raw, nil
}

func sudoRule(user User) string {
	if user.PasswordHash == "" {
		return user.Name + " ALL=(ALL) NOPASSWD: ALL\n"
	}
	return user.Name + " ALL=(ALL) ALL\n"
}

// firstBoot has the commands run once, at the installed system's first start.
func (f form) firstBoot(i *ignition) error {
	script, err := f.script("ignition.first.sh")
	if err != nil {
		return err
	}
	i.file("/opt/rackflow/first.sh", modeExecutable, []byte(script))
	i.unit("rackflow-first.service", `[Unit]
Description=Commands of the deployment
Wants=network-online.target
After=network-online.target
ConditionPathExists=!/var/lib/rackflow-first
[Service]
Type=oneshot
ExecStart=/bin/sh /opt/rackflow/first.sh
ExecStartPost=/usr/bin/touch /var/lib/rackflow-first
[Install]
WantedBy=multi-user.target
`)
	return nil
}

func (f form) ignitionUsers() []ignitionUser {
	users := []ignitionUser{{Name: "root", PasswordHash: f.RootPasswordHash, SSHKeys: f.SSHKeys}}
	for _, user := range f.Users {
		users = append(users, ignitionUser{Name: user.Name, UID: user.UID, PasswordHash: user.PasswordHash, SSHKeys: user.SSHKeys})
	}
	return users
}

// networkFiles adds files in one directory, in the order of their names.
func (i *ignition) networkFiles(directory string, mode int, files map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		i.file(directory+name, mode, []byte(files[name]))
	}
}
