package iso

import "bytes"

// flatcar is Ignition for the live system, in a second initrd where that looks
// for a vendor's own. The live system has flatcar-install fetch the system's
// image and write the disk.
//
// It follows Flatcar's documentation alone: of all recipes it has been proven
// least.
func flatcar() Recipe {
	return Recipe{
		files:     map[string]string{"config.ign": "flatcar.ign"},
		pack:      packFlatcar,
		boot:      boot{args: flatcarArgs, initrd: flatcarInitrd},
		refuses:   append([]string{"kernelArgs"}, ignitionRefuses...),
		needsDisk: true,
		check:     checkIgnition,
	}
}

const flatcarInitrd = "rackflow.cpio"

func flatcarArgs(form) KernelArgs {
	return KernelArgs{Set: []string{"flatcar.first_boot=1", "ignition.config.url=oem:///config.ign"}}
}

// packFlatcar puts the configuration into the directory of the vendor's part.
func packFlatcar(files map[string][]byte) (map[string][]byte, error) {
	const directory = 0o040755
	var out bytes.Buffer
	inode := 0
	for _, path := range []string{"usr", "usr/share", "usr/share/oem"} {
		inode++
		writeCPIO(&out, path, inode, directory, nil)
	}
	for name, content := range files {
		inode++
		writeCPIO(&out, "usr/share/oem/"+name, inode, 0o100400, content)
	}
	writeCPIO(&out, "TRAILER!!!", 0, 0, nil)
	return map[string][]byte{flatcarInitrd: out.Bytes()}, nil
}

// LiveFlatcar is the Ignition of the live system.
func (f form) LiveFlatcar() (*ignition, error) {
	return f.liveIgnition(func(i *ignition) {
		i.networkFiles("/etc/systemd/network/", modePublic, f.networkdFiles())
	})
}
