package iso

import (
	"errors"
	"fmt"
)

// coreOS is Ignition for the live system, in the archive that its boot loader
// loads behind the initrd. A unit of the live system has coreos-installer write
// the disk from the medium, with an Ignition of its own for the installed system.
func coreOS() Recipe {
	return Recipe{
		files:  map[string]string{"config.ign": "coreos.ign"},
		folder: "images",
		pack: func(files map[string][]byte) (map[string][]byte, error) {
			archive, err := packCPIO(files)
			return map[string][]byte{"ignition.img": archive}, err
		},
		boot:      boot{args: func(form) KernelArgs { return KernelArgs{} }},
		refuses:   ignitionRefuses,
		needsDisk: true,
		check:     checkIgnition,
	}
}

// ignitionRefuses are answers that an image-based system has no place for.
var ignitionRefuses = []string{
	"partitions", "locale", "keyboard", "ntp", "proxy", "source", "repositories", "packages", "kvm", "services", "remoteLogging", "productKey",
}

func checkIgnition(a Answers) error {
	var p problems
	for i, user := range a.Users {
		if user.Name == "core" && (user.UID != 0 || user.Sudo) {
			p.add(fmt.Sprintf("users[%d]", i), "core is there already, with sudo: give its keys and password only")
		}
	}
	return errors.Join(p...)
}

// LiveCoreOS is the Ignition of the live system.
func (f form) LiveCoreOS() (*ignition, error) {
	return f.liveIgnition(func(i *ignition) {
		i.networkFiles("/etc/NetworkManager/system-connections/", modePrivate, f.keyfiles())
	})
}
