package sim

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/yaml"
)

// ParseFaults reads a list of faults in YAML or JSON and checks each of them.
func ParseFaults(data []byte) ([]Fault, error) {
	var faults []Fault
	if err := yaml.UnmarshalStrict(data, &faults); err != nil {
		return nil, fmt.Errorf("list of faults: %w", err)
	}
	for i, f := range faults {
		if err := f.validate(); err != nil {
			return nil, fmt.Errorf("fault %d: %w", i+1, err)
		}
	}
	return faults, nil
}

// ParseFault reads a fault as it is given on a command line: its kind and, after commas,
// fields of Fault, such as "SlowAnswer,probability=0.1,delay=3s,servers=0 2".
func ParseFault(line string) (Fault, error) {
	kind, rest, _ := strings.Cut(line, ",")
	fields := map[string]any{"kind": kind}
	for pair := range strings.SplitSeq(rest, ",") {
		name, value, ok := strings.Cut(pair, "=")
		switch {
		case ok:
			fields[name] = faultField(name, value)
		case rest != "":
			return Fault{}, fmt.Errorf("fault %q: %q is not of the form name=value", line, pair)
		}
	}
	encoded, err := json.Marshal(fields)
	if err != nil {
		return Fault{}, fmt.Errorf("fault %q: %w", line, err)
	}
	var f Fault
	if err := yaml.UnmarshalStrict(encoded, &f); err != nil {
		return Fault{}, fmt.Errorf("fault %q: %w", line, err)
	}
	return f, f.validate()
}

// faultField gives a value the type that its field has in JSON.
func faultField(name, value string) any {
	switch name {
	case "servers":
		return strings.Fields(value)
	case "after", "count", "probability", "retryAfter":
		if number, err := strconv.ParseFloat(value, 64); err == nil && !math.IsNaN(number) && !math.IsInf(number, 0) {
			return number
		}
	}
	return value
}

func (f *Fleet) nextFaultID() int { return int(f.faultIDs.Add(1)) }

// Break adds a fault to the servers it names, or to all, and returns its id. It fails if
// the fault makes no sense or names a server that is not there.
func (f *Fleet) Break(fault Fault) (id int, err error) {
	if err := fault.validate(); err != nil {
		return 0, fmt.Errorf("simulated fleet: %w", err)
	}
	servers, err := f.selected(fault.Servers)
	if err != nil {
		return 0, fmt.Errorf("simulated fleet: fault %s: %w", fault.Kind, err)
	}
	id = f.nextFaultID()
	for _, s := range servers {
		s.addFaults(id, fault)
	}
	return id, nil
}

// BreakAll is Break for a list; on an error nothing changes.
func (f *Fleet) BreakAll(faults []Fault) ([]int, error) {
	ids := make([]int, 0, len(faults))
	for _, fault := range faults {
		id, err := f.Break(fault)
		if err != nil {
			for _, added := range ids {
				f.Mend(added)
			}
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// allServers names every server in Fault.Servers.
const allServers = "all"

// selected finds servers by service tag or index.
func (f *Fleet) selected(names []string) ([]*Server, error) {
	if len(names) == 0 || slices.Contains(names, allServers) {
		return f.servers, nil
	}
	var found []*Server
	for _, name := range names {
		s := f.Server(name)
		if index, err := strconv.Atoi(name); s == nil && err == nil && index >= 0 && index < len(f.servers) {
			s = f.servers[index]
		}
		if s == nil {
			return nil, fmt.Errorf("no server has the service tag or index %q", name)
		}
		if !slices.Contains(found, s) {
			found = append(found, s)
		}
	}
	return found, nil
}

// Faults returns the faults of all servers, by server and then in the order added.
func (f *Fleet) Faults() []ActiveFault {
	list := []ActiveFault{}
	for _, s := range f.servers {
		list = append(list, s.Faults()...)
	}
	return list
}

// Mend takes the fault with this id away from all servers, and returns how many had it.
func (f *Fleet) Mend(id int) int { return f.mend(func(a *activeFault) bool { return a.id == id }) }

// MendAll takes all faults away from all servers, and returns how many there were.
func (f *Fleet) MendAll() int { return f.mend(func(*activeFault) bool { return true }) }

func (f *Fleet) mend(gone func(*activeFault) bool) int {
	count := 0
	for _, s := range f.servers {
		count += s.mend(gone)
	}
	return count
}
