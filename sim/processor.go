package sim

import "fmt"

const processorsURI = systemURI + "/Processors"

// cpus are the processors of a generation's servers.
type cpus struct {
	count, cores        int
	maker, model        string
	instructions        string // architecture, as Redfish writes it
	megahertz, turboMHz int
}

func cpuID(index int) string { return fmt.Sprintf("CPU.Socket.%d", index+1) }

func (t table) addProcessors(g *generation) {
	t[processorsURI] = resource{get: (*Server).processors}
	for i := range g.cpus.count {
		t[processorsURI+"/"+cpuID(i)] = resource{get: func(s *Server) doc { return s.processor(i) }}
	}
}

func (s *Server) processors() doc {
	var uris []string
	for i := range s.gen.cpus.count {
		uris = append(uris, processorsURI+"/"+cpuID(i))
	}
	return collection(processorsURI, "Processor", "ProcessorsCollection", uris...)
}

func (s *Server) processor(index int) doc {
	cpu, id := s.gen.cpus, cpuID(index)
	body := described(processorsURI+"/"+id, "Processor", "v1_18_0", id, fmt.Sprintf("CPU %d", index+1))
	body["Description"] = "Represents the properties of a Processor attached to this System"
	body["ProcessorType"] = "CPU"
	body["ProcessorArchitecture"] = "x86"
	body["InstructionSet"] = cpu.instructions
	body["Manufacturer"] = cpu.maker
	body["Model"] = cpu.model
	body["Socket"] = id
	body["TotalCores"] = cpu.cores
	body["TotalEnabledCores"] = cpu.cores
	body["TotalThreads"] = 2 * cpu.cores
	body["MaxSpeedMHz"] = cpu.turboMHz
	body["OperatingSpeedMHz"] = cpu.megahertz
	body["TurboState"] = "Enabled"
	body["ProcessorId"] = doc{
		"VendorId": map[string]string{"Intel": "GenuineIntel", "AMD": "AuthenticAMD"}[cpu.maker], "EffectiveFamily": "6",
		"EffectiveModel": "143", "Step": "8", "IdentificationRegisters": "0x000806F8", "MicrocodeInfo": "0x2B000590",
	}
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	body["Links"] = doc{"Chassis": ref(chassisURI)}
	return body
}
