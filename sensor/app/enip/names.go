package enip

// commandName returns EVE's and the rule language's name of a command, "" where it has none.
func commandName(c uint16) string {
	switch c {
	case cmdNOP:
		return "nop"
	case cmdListServices:
		return "list_services"
	case cmdListIdentity:
		return "list_identity"
	case cmdListInterfaces:
		return "list_interfaces"
	case cmdRegisterSession:
		return "register_session"
	case cmdUnregisterSession:
		return "unregister_session"
	case cmdSendRRData:
		return "send_r_r_data"
	case cmdSendUnitData:
		return "send_unit_data"
	case cmdIndicateStatus:
		return "indicate_status"
	case cmdCancel:
		return "cancel"
	}
	return ""
}

// statusName returns the name of a status of the encapsulation (volume 2, 2-3.3), "" where it has none.
func statusName(s uint32) string {
	switch s {
	case 0:
		return "success"
	case 1:
		return "invalid_cmd"
	case 2:
		return "no_resources"
	case 3:
		return "incorrect_data"
	case 0x64:
		return "invalid_session"
	case 0x65:
		return "invalid_length"
	case 0x69:
		return "unsupported_prot_rev"
	case 0x6a:
		return "encap_header_error"
	}
	return ""
}

// services are the common services of CIP (volume 1, A-3) and those of some classes that are used most.
var services = [128]string{
	1: "Get Attributes All", 2: "Set Attributes All", 3: "Get Attribute List", 4: "Set Attribute List", 5: "Reset", 6: "Start",
	7: "Stop", 8: "Create", 9: "Delete", 10: "Multiple Service Packet", 13: "Apply Attributes", 14: "Get Attributes Single",
	16: "Set Attributes Single", 17: "Find Next Object Instance", 21: "Restore", 22: "Save", 23: "No Forward Open",
	24: "Get Member", 25: "Set Member", 26: "Insert Member", 27: "Remove Member", 28: "Group Sync",
	29:   "Get Connection Point Member List",
	0x4b: "Execute PCCC Service", 0x4c: "Read Data", 0x4d: "Write Data", 0x4e: "Read Write Modify Data",
	0x52: "Read Data Fragmented", 0x53: "Write Data Fragmented", 0x54: "Forward Open",
}

// statuses are the general status codes of CIP (volume 1, B-1).
var statuses = [256]string{
	0: "Success", 1: "Connection Failure", 2: "Resource Unavailable", 3: "Invalid Parameter Value", 4: "Path Segment Error",
	5: "Path Destination Unknown", 6: "Partial Transfer", 7: "Connection Lost", 8: "Service Not Supported",
	9: "Invalid Attribute Value", 10: "Attribute List Error", 11: "Already In Requested Mode/State", 12: "Object State Conflict",
	13: "Object Already Exists", 14: "Attribute Not Settable", 15: "Privilege Violation", 16: "Device State Conflict",
	17: "Reply Data Too Large", 18: "Fragmentation Of A Primitive Value", 19: "Not Enough Data", 20: "Attribute Not Supported",
	21: "Too Much Data", 22: "Object Does Not Exist", 23: "Service Fragmentation Sequence Not In Progress",
	24: "No Stored Attribute Data", 25: "Store Operation Failure", 26: "Routing Failure, Request Packet Too Large",
	27: "Routing Failure, Response Packet Too Large", 28: "Missing Attribute List Entry Data",
	29: "Invalid Attribute Value List", 30: "Embedded Service Error", 31: "Vendor Specific Error", 32: "Invalid Parameter",
	33: "Write-Once Value Or Medium Already Written", 34: "Invalid Reply Received", 35: "Buffer Overflow",
	36: "Invalid Message Format", 37: "Key Failure In Path", 38: "Path Size Invalid", 39: "Unexpected Attribute In List",
	40: "Invalid Member ID", 41: "Member Not Settable", 42: "Group 2 Only Server General Failure", 43: "Unknown Modbus Error",
	44: "Attribute Not Gettable", 255: "Still Processing",
}

// extendedStatuses are those of the connection manager (volume 1, 3-5.6).
var extendedStatuses = map[uint16]string{
	0x100: "Connection in use or duplicate Forward Open", 0x103: "Transport class and trigger combination not supported",
	0x106: "Ownership conflict", 0x107: "Target connection not found", 0x108: "Invalid network connection parameter",
	0x109: "Invalid connection size", 0x110: "Target for connection not configured", 0x111: "RPI not supported",
	0x112: "RPI value(s) not acceptable", 0x113: "Out of connections", 0x114: "Vendor ID or product code mismatch",
	0x115: "Device type mismatch", 0x116: "Revision mismatch", 0x117: "Invalid produced or consumed application path",
	0x118: "Invalid or inconsistent configuration application path", 0x119: "Non-listen only connection not opened",
	0x11a: "Target object out of connections", 0x11b: "RPI is smaller than the production inhibit time",
	0x11c: "Transport class not supported", 0x11d: "Production trigger not supported", 0x11e: "Direction not supported",
	0x11f: "Invalid O->T Fixed/Variable", 0x120: "Invalid T->O Fixed/Variable", 0x121: "Invalid O->T Priority",
	0x122: "Invalid T->O Priority", 0x123: "Invalid O->T connection type", 0x124: "Invalid T->O connection type",
	0x125: "Invalid O->T redundant owner", 0x126: "Invalid configuration size", 0x127: "Invalid O->T size",
	0x128: "Invalid T->O size", 0x129: "Invalid configuration application path", 0x12a: "Invalid consuming application path",
	0x12b: "Invalid producing application path", 0x12c: "Configuration symbol does not exist",
	0x12d: "Consuming symbol does not exist", 0x12e: "Producing symbol does not exist",
	0x12f: "Inconsistent application path combination", 0x130: "Inconsistent consume data format",
	0x131: "Inconsistent produce data format", 0x132: "NULL ForwardOpen not supported", 0x203: "Connection timed out",
	0x204: "Unconnected request timed out", 0x205: "Parameter error in unconnected request",
	0x206: "Message too large for UnconnectedSend", 0x207: "Unconnected acknowledged without reply",
	0x301: "No buffer memory available", 0x302: "Network bandwidth not available for data",
	0x303: "No consumed connection ID filter available", 0x304: "Not configured to send scheduled priority data",
	0x305: "Schedule signature mismatch", 0x306: "Schedule signature validation not possible", 0x311: "Port not available",
	0x312: "Link address not valid", 0x315: "Invalid segment in connection path", 0x316: "ForwardClose connection path mismatch",
	0x317: "Scheduling not specified", 0x318: "Link address to self invalid", 0x319: "Secondary resources unavailable",
	0x31a: "Rack connection already established", 0x31b: "Module connection already established", 0x31c: "Miscellaneous",
	0x31d: "Redundant connection mismatch", 0x800: "Network link offline", 0x810: "No target application data available",
	0x811: "No originator application data available",
	0x812: "Node address has changed since the network was scheduled", 0x813: "Not configured for off-subnet multicast",
	0x814: "Invalid produce/consume data format",
}

// classes are the objects of CIP (volume 1, 5-1).
var classes = map[uint32]string{
	0x00: "", 0x01: "Identity", 0x02: "Message Router", 0x03: "DeviceNet", 0x04: "Assembly", 0x05: "Connection",
	0x06: "Connection Manager", 0x07: "Register", 0x08: "Discrete Input Point", 0x09: "Discrete Output Point",
	0x0a: "Analog Input Point", 0x0b: "Analog Output Point", 0x0e: "Presence Sensing", 0x0f: "Parameter",
	0x10: "Parameter Group", 0x12: "Group", 0x1d: "Discrete Input Group", 0x1e: "Discrete Output Group", 0x1f: "Discrete Group",
	0x20: "Analog Input Group", 0x21: "Analog Output Group", 0x22: "Analog Group", 0x23: "Position Sensor",
	0x24: "Position Controller Supervisor", 0x25: "Position Controller", 0x26: "Block Sequencer", 0x27: "Command Block",
	0x28: "Motor Data", 0x29: "Control Supervisor", 0x2a: "AC/DC Drive", 0x2b: "Acknowledge Handler", 0x2c: "Overload",
	0x2d: "Softstart", 0x2e: "Selection", 0x30: "S-Device Supervisor", 0x31: "S-Analog Sensor", 0x32: "S-Analog Actuator",
	0x33: "S-Single Stage Controller", 0x34: "S-Gas Calibration", 0x35: "Trip Point", 0x37: "File", 0x38: "S-Partial Pressure",
	0x39: "Safety Supervisor", 0x3a: "Safety Validator", 0x3b: "Safety Discrete Output Point",
	0x3c: "Safety Discrete Output Group", 0x3d: "Safety Discrete Input Point", 0x3e: "Safety Discrete Input Group",
	0x3f: "Safety Dual Channel Output", 0x40: "S-Sensor Calibration", 0x41: "Event Log", 0x42: "Motion Device Axis",
	0x43: "Time Sync", 0x44: "Modbus", 0x45: "Originator Connection List", 0x46: "Modbus Serial Link",
	0x47: "Device Level Ring (DLR)", 0x48: "QoS", 0x49: "Safety Analog Input Point", 0x4a: "Safety Analog Input Group",
	0x4b: "Safety Dual Channel Analog Input", 0x4c: "SERCOS III Link", 0x4d: "Target Connection List", 0x4e: "Base Energy",
	0x4f: "Electrical Energy", 0x50: "Non-Electrical Energy", 0x51: "Base Switch", 0x52: "SNMP", 0x53: "Power Management",
	0x54: "RSTP Bridge", 0x55: "RSTP Port", 0x56: "PRP/HSR Protocol", 0x57: "PRP/HSR Nodes Table", 0x58: "Safety Feedback",
	0x59: "Safety Dual Channel Feedback", 0x5a: "Safety Stop Functions", 0x5b: "Safety Limit Functions",
	0x5c: "Power Curtailment", 0x5d: "CIP Security", 0x5e: "EtherNet/IP Security", 0x5f: "Certificate Management",
	0x67: "PCCC Class", 0xf0: "ControlNet", 0xf1: "ControlNet Keeper", 0xf2: "ControlNet Scheduling",
	0xf3: "Connection Configuration", 0xf4: "Port", 0xf5: "TCP/IP Interface", 0xf6: "Ethernet Link", 0xf7: "CompoNet",
	0xf8: "CompoNet Repeater",
}
