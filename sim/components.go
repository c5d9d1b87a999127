package sim

// commonComponents are the devices with attributes, without the BIOS.
var commonComponents = []*component{
	{idracFQDD, []attribute{
		words("NIC.1.DNSRacName", "DNS iDRAC Name", ""),
		words("NIC.1.MACAddress", "MAC Address", "").fixed(),
		choice("NIC.1.Selection", "Active NIC", "Dedicated", "LOM1", "LOM2"),
		toggle("NIC.1.VLanEnable", "VLAN Enable", "Disabled"),
		number("NIC.1.VLanID", "VLAN ID", 1, 1, 4094),
		words("NIC.1.DNSDomainName", "DNS Domain Name", ""),
		toggle("IPv4.1.DHCPEnable", "DHCP Enable", "Disabled"),
		words("IPv4Static.1.DNS1", "DNS 1", "0.0.0.0"),
		words("IPv4Static.1.DNS2", "DNS 2", "0.0.0.0"),
		toggle("NTPConfigGroup.1.NTPEnable", "NTP Enable", "Disabled"),
		words("NTPConfigGroup.1.NTP1", "NTP Server 1", ""),
		words("NTPConfigGroup.1.NTP2", "NTP Server 2", ""),
		choice("Time.1.Timezone", "Time Zone", "UTC", "CST6CDT", "Europe/Berlin"),
		toggle("SysLog.1.SysLogEnable", "Remote Syslog Enable", "Disabled"),
		words("SysLog.1.Server1", "Syslog Server 1", ""),
		number("SysLog.1.Port", "Syslog Port", 514, 1, 65535),
		toggle("IPMILan.1.Enable", "IPMI over LAN", "Disabled"),
		toggle("IPMISOL.1.Enable", "Serial over LAN", "Enabled"),
		toggle("SSH.1.Enable", "SSH Enable", "Enabled"),
		number("SSH.1.Timeout", "SSH Timeout", 1800, 60, 10800),
		toggle("SNMP.1.AgentEnable", "SNMP Agent", "Enabled"),
		words("SNMP.1.AgentCommunity", "SNMP Community", "public"),
		toggle("WebServer.1.Enable", "Web Server", "Enabled"),
		number("WebServer.1.Timeout", "Web Server Timeout", 1800, 60, 10800),
		choice("WebServer.1.TLSProtocol", "TLS Protocol", "TLS 1.2 and Higher", "TLS 1.3 Only"),
		toggle("VirtualConsole.1.Enable", "Virtual Console", "Enabled"),
		choice("VirtualConsole.1.PluginType", "Plug-in Type", "eHTML5", "HTML5"),
		choice(mediaAttached, "Attached", "AutoAttach", "Attached", "Detached"),
		toggle("VirtualMedia.1.BootOnce", "Boot Once", "Disabled"),
		toggle("VirtualMedia.1.Enable", "Virtual Media", "Enabled"),
		toggle(firstBootOnce, "Boot Once", "Disabled"),
		choice(firstBootDevice, "First Boot Device", bootNormal,
			"PXE", "HDD", "BIOS", "VCD-DVD", "vFDD", "CD-DVD", "F10", "F11", "SD", "UEFIDevicePath"),
		toggle("IPMILan.1.AlertEnable", "Alerts", "Disabled"),
		toggle("EmailAlert.1.Enable", "Email Alert 1", "Disabled"),
		words("EmailAlert.1.Address", "Email Address 1", ""),
		toggle("Lockdown.1.SystemLockdown", "System Lockdown Mode", "Disabled"),
	}},
	{systemFQDD, []attribute{
		choice("ServerPwr.1.PowerCapSetting", "Power Cap Policy", "Disabled", "Enabled"),
		number("ServerPwr.1.PowerCapValue", "Power Cap Value", 1400, 308, 1400),
		number("ServerPwr.1.PowerCapMaxThres", "Power Cap Maximum", 1400, 308, 1400).fixed(),
		number("ServerPwr.1.PowerCapMinThres", "Power Cap Minimum", 308, 308, 1400).fixed(),
		choice("ServerPwr.1.PSRedPolicy", "Redundancy Policy", "A/B Grid Redundant", "Not Redundant"),
		choice("ThermalSettings.1.ThermalProfile", "Thermal Profile", "Default Thermal Profile Settings", "Maximum Performance", "Minimum Power"),
		words("ServerTopology.1.DataCenterName", "Data Center Name", ""),
		words("ServerTopology.1.RackName", "Rack Name", ""),
		number("ServerTopology.1.RackSlot", "Rack Slot", 1, 0, 255),
		words("ServerOS.1.HostName", "Host Name", ""),
		words("LCD.1.UserDefinedString", "LCD User String", ""),
	}},
	{lifecycleFQDD, []attribute{
		toggle("LCAttributes.1.LifecycleControllerState", "Lifecycle Controller State", "Enabled"),
		toggle("LCAttributes.1.CollectSystemInventoryOnRestart", "Collect System Inventory on Restart", "Enabled"),
		toggle("LCAttributes.1.AutoUpdate", "Automatic Update", "Disabled"),
		choice("LCAttributes.1.BIOSRTDRequested", "BIOS Reset To Defaults Requested", "False", "True"),
	}},
	{nicID, []attribute{
		toggle("LegacyBootProto", "Legacy Boot Protocol", "Disabled"),
		toggle("WakeOnLan", "Wake On LAN", "Enabled"),
		choice("VirtualizationMode", "Virtualization Mode", "NONE", "SRIOV"),
	}},
}

// components makes the devices with attributes of a generation; where it is UEFI only,
// the boot mode is fixed.
func components(uefiOnly bool) []*component {
	return append([]*component{biosComponent(uefiOnly)}, commonComponents...)
}

func biosComponent(uefiOnly bool) *component {
	bootMode := choice("BootMode", "Boot Mode", "Uefi", "Bios")
	if uefiOnly {
		bootMode = bootMode.fixed()
	}
	return &component{biosFQDD, []attribute{
		words("SystemModelName", "System Model Name", "").fixed(),
		words("SystemBiosVersion", "System BIOS Version", "").fixed(),
		words("SystemServiceTag", "System Service Tag", "").fixed(),
		words("SysMemSize", "System Memory Size", "256 GB").fixed(),
		choice("SysMemType", "System Memory Type", "ECC DDR5").fixed(),
		bootMode,
		toggle("BootSeqRetry", "Boot Sequence Retry", "Enabled"),
		toggle("LogicalProc", "Logical Processor", "Enabled"),
		toggle("ProcVirtualization", "Virtualization Technology", "Enabled"),
		toggle("ProcX2Apic", "x2APIC Mode", "Enabled"),
		choice("SysProfile", "System Profile", "PerfPerWattOptimizedDapc", "PerfOptimized", "PerfPerWattOptimizedOs", "PerfWorkStationOptimized", "Custom"),
		toggle("SriovGlobalEnable", "SR-IOV Global Enable", "Disabled"),
		choice("MemOpMode", "Memory Operating Mode", "OptimizerMode", "FaultResilientMode"),
		choice("NodeInterleave", "Node Interleaving", "Disabled", "Enabled"),
		choice("EmbSata", "Embedded SATA", "AhciMode", "RaidMode", "Off"),
		choice("NvmeMode", "NVMe Mode", "NonRaid", "Raid"),
		choice("SerialComm", "Serial Communication", "OnConRedirAuto", "OnNoConRedir", "OnConRedirCom1", "OnConRedirCom2", "Off"),
		choice("SerialPortAddress", "Serial Port Address", "Com1", "Com2"),
		choice("FailSafeBaud", "Failsafe Baud Rate", "115200", "57600", "19200", "9600"),
		choice("ConTermType", "Remote Terminal Type", "Vt100Vt220", "Ansi"),
		toggle("RedirAfterBoot", "Redirection After Boot", "Enabled"),
		choice("NumLock", "Keyboard NumLock", "On", "Off"),
		choice("ErrPrompt", "F1/F2 Prompt on Error", "Enabled", "Disabled"),
		toggle("PxeDev1EnDis", "PXE Device 1", "Enabled"),
		toggle("HttpDev1EnDis", "HTTP Device 1", "Disabled"),
		words("HttpDev1Uri", "HTTP Device 1 URI", ""),
		choice("SecureBoot", "Secure Boot", "Disabled", "Enabled"),
		choice("TpmSecurity", "TPM Security", "On", "Off"),
		choice("AcPwrRcvry", "AC Power Recovery", "Last", "On", "Off"),
		choice("AcPwrRcvryDelay", "AC Power Recovery Delay", "Immediate", "Random", "User"),
		number("AcPwrRcvryUserDelay", "AC Power Recovery User Delay", 120, 120, 600),
		words("AssetTag", "Asset Tag", ""),
	}}
}
