package sim

import "fmt"

const memoryURI = systemURI + "/Memory"

// dimms are the memory modules of a generation's servers.
type dimms struct {
	count, gibibytes int
	kind             string // MemoryDeviceType
	megahertz        int
}

func dimmID(index int) string { return fmt.Sprintf("DIMM.Socket.%c%d", 'A'+index/8, index%8+1) }

func (t table) addMemory(g *generation) {
	t[memoryURI] = resource{get: (*Server).memories}
	for i := range g.dimms.count {
		t[memoryURI+"/"+dimmID(i)] = resource{get: func(s *Server) doc { return s.memory(i) }}
	}
}

func (s *Server) memories() doc {
	var uris []string
	for i := range s.gen.dimms.count {
		uris = append(uris, memoryURI+"/"+dimmID(i))
	}
	return collection(memoryURI, "Memory", "Memory Devices Collection", uris...)
}

func (s *Server) memory(index int) doc {
	d, id := s.gen.dimms, dimmID(index)
	body := described(memoryURI+"/"+id, "Memory", "v1_17_1", id, "DIMM "+id[len("DIMM.Socket."):])
	body["Description"] = body["Name"]
	body["MemoryType"] = "DRAM"
	body["MemoryDeviceType"] = d.kind
	body["BaseModuleType"] = "RDIMM"
	body["CapacityMiB"] = d.gibibytes * 1024
	body["OperatingSpeedMhz"] = d.megahertz
	body["AllowedSpeedsMHz"] = []int{d.megahertz}
	body["DataWidthBits"] = 64
	body["BusWidthBits"] = 72
	body["RankCount"] = 2
	body["ErrorCorrection"] = "MultiBitECC"
	body["Manufacturer"] = "Hynix Semiconductor"
	body["PartNumber"] = "HMCG88AEBRA115N"
	body["SerialNumber"] = s.serial(id, 8)
	body["DeviceLocator"] = id[len("DIMM.Socket."):]
	body["Enabled"] = true
	body["Status"] = doc{"Health": "OK", "State": "Enabled"}
	body["Links"] = doc{"Chassis": ref(chassisURI)}
	return body
}
