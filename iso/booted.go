package iso

// BootedUnit is the systemd unit that tells of the system's first start. Its script
// takes it away, for the URL works once.
func (form) BootedUnit() string {
	return `[Unit]
Description=Tell rackflow that the system has started
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/bin/sh /usr/local/sbin/rackflow-booted

[Install]
WantedBy=multi-user.target
`
}

// BootedScript posts [Callbacks.Booted] with whatever the system has for it.
func (f form) BootedScript() (string, error) {
	const message = "the installed system has started"
	curl, err := stubborn.call(f.Callbacks.Booted, 100, message)
	if err != nil {
		return "", err
	}
	wget, err := stubborn.wget(f.Callbacks.Booted, 100, message)
	if err != nil {
		return "", err
	}
	return `#!/bin/sh
systemctl disable rackflow-booted.service
` + curl + " || " + wget + `
rm -f /etc/systemd/system/rackflow-booted.service /usr/local/sbin/rackflow-booted
`, nil
}
