package sim

import (
	"encoding/json"
	"errors"
	"fmt"

	"sigs.k8s.io/yaml"
)

// autoinstallFile is the part of an Ubuntu autoinstall that the simulator acts on.
type autoinstallFile struct {
	Version       int         `json:"version"`
	EarlyCommands commandList `json:"early-commands"`
	LateCommands  commandList `json:"late-commands"`
	ErrorCommands commandList `json:"error-commands"`
	Identity      struct {
		Hostname string `json:"hostname"`
	} `json:"identity"`
	Shutdown string `json:"shutdown"`
}

// commandList holds shell lines; an element may also be a list of words, and a single
// command may stand without the list.
type commandList []script

// UnmarshalJSON implements json.Unmarshaler.
func (l *commandList) UnmarshalJSON(raw []byte) error {
	var single string
	if json.Unmarshal(raw, &single) == nil {
		*l = commandList{{text: single, fatal: true}}
		return nil
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(raw, &elements); err != nil {
		return errors.New("commands are neither a list nor a string")
	}
	*l = make(commandList, 0, len(elements))
	for _, element := range elements {
		line, err := commandLine(element)
		if err != nil {
			return err
		}
		*l = append(*l, script{text: line, fatal: true})
	}
	return nil
}

func commandLine(raw json.RawMessage) (string, error) {
	var line string
	if json.Unmarshal(raw, &line) == nil {
		return line, nil
	}
	var words []string
	if err := json.Unmarshal(raw, &words); err != nil {
		return "", errors.New("a command is neither a string nor a list of strings")
	}
	return quoteShell(words), nil
}

// parseAutoinstall reads cloud-config user data with an autoinstall key, or a bare
// autoinstall.yaml.
func parseAutoinstall(data []byte) (*answer, error) {
	var outer struct {
		autoinstallFile

		Autoinstall *autoinstallFile `json:"autoinstall"`
	}
	if err := yaml.Unmarshal(data, &outer); err != nil {
		return nil, fmt.Errorf("not an autoinstall configuration: %w", err)
	}
	config := &outer.autoinstallFile
	if outer.Autoinstall != nil {
		config = outer.Autoinstall
	}
	if config.Version != 1 {
		return nil, fmt.Errorf("autoinstall version %d is not 1", config.Version)
	}
	finish, err := autoinstallFinish(config.Shutdown)
	if err != nil {
		return nil, err
	}
	return &answer{
		family:   familyUbuntu,
		hostname: config.Identity.Hostname,
		early:    config.EarlyCommands,
		late:     config.LateCommands,
		onError:  config.ErrorCommands,
		finish:   finish,
	}, nil
}

func autoinstallFinish(shutdown string) (ending, error) {
	switch shutdown {
	case "", "reboot":
		return reboots, nil
	case "poweroff":
		return powersOff, nil
	default:
		return stays, fmt.Errorf("shutdown %q is neither reboot nor poweroff", shutdown)
	}
}
