package iso

import (
	"errors"
	"regexp"
	"strings"
)

// ubuntu is Subiquity's autoinstall, handed over by cloud-init, which reads
// the files of a volume labelled CIDATA or of a folder that the kernel's
// arguments name. The network-config is for the live session, which without it
// would try DHCP on every interface.
func ubuntu() Recipe {
	return Recipe{
		Label: "CIDATA", CallsAtBoot: true,
		folder: "nocloud",
		files: map[string]string{
			"user-data":      "ubuntu.user-data",
			"meta-data":      "ubuntu.meta-data",
			"network-config": "ubuntu.network-config",
		},
		boot: boot{
			entries: []*regexp.Regexp{regexp.MustCompile(`(?i)^(try or )?install ubuntu`)},
			args:    autoinstallArgs,
		},
		// The installer's layouts leave no choice, and its full language of storage has
		// to know whether firmware is BIOS or UEFI.
		refuses: []string{"partitions"},
		check:   refuseGroups,
	}
}

// autoinstallArgs name the answers for casper's mount of the medium, and keep
// casper from reading all of it to compare checksums.
func autoinstallArgs(form) KernelArgs {
	return KernelArgs{Set: []string{"autoinstall", "ds=nocloud;s=/cdrom/nocloud/", "fsck.mode=skip"}}
}

func refuseGroups(a Answers) error {
	var p problems
	p.each("packages", a.Packages, func(name string) string {
		if strings.HasPrefix(name, "@") {
			return "groups are not known to APT: name their packages"
		}
		return ""
	})
	return errors.Join(p...)
}

// Identity is the account that the installer insists on.
func (f form) Identity() User {
	if len(f.Users) > 0 {
		return f.Users[0]
	}
	return User{Name: "ubuntu", PasswordHash: f.RootPasswordHash, SSHKeys: f.SSHKeys}
}

// FindDisk is the script that puts the kernel's name of the disk into the answers.
func (f form) FindDisk() (string, error) {
	script, err := renderStock("ubuntu.disk.sh", f)
	return string(script), err
}
