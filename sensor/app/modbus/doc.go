// Package modbus reads Modbus/TCP (MODBUS Application Protocol Specification V1.1b3, MODBUS Messaging on TCP/IP
// Implementation Guide V1.0b).
//
// The bytes of a TCP flow come in and one transaction a request with its response goes out. The transaction keeps copies of
// both messages, which are small; it goes back to its parser when it has been handled.
//
//	Name    modbus
//	Syntax  alert modbus …; modbus: function …, modbus: access …, modbus: unit …
//	Example alert modbus any any -> any any (msg:"a pump's set point is changed"; modbus:access write holding, address 500, value >200; sid:1;)
package modbus

// Limits of what a peer can make the parser keep.
const (
	lengthMax = 254 // unit and what follows it (Messaging on TCP/IP, 3.1.3); what is longer is passed over behind that
	lengthMin = 2
	openMax   = 500 // requests without a response
	freeMax   = 16  // transactions kept for reuse
)

// portModbus is the registered port.
const portModbus = 502

// headerLen is the MBAP header without the unit.
const headerLen = 6

// Anomalies, named as Suricata names them.
const (
	InvalidFunction     = "invalid_function_code"
	InvalidValue        = "invalid_value"
	InvalidLength       = "invalid_length"
	InvalidException    = "invalid_exception_code"
	InvalidProtocol     = "invalid_protocol_id"
	ValueMismatch       = "value_mismatch"
	UnsolicitedResponse = "unsolicited_response"
	Flooded             = "flooded"
)

// Function codes (Application Protocol, 5.1).
const (
	readCoils      = 1
	readDiscretes  = 2
	readHolding    = 3
	readInput      = 4
	writeCoil      = 5
	writeRegister  = 6
	readException  = 7
	diagnostic     = 8
	eventCounter   = 11
	eventLog       = 12
	writeCoils     = 15
	writeRegisters = 16
	serverID       = 17
	readFile       = 20
	writeFile      = 21
	maskRegister   = 22
	readWrite      = 23
	readFIFO       = 24
	encapsulated   = 43
	exceptionBit   = 0x80
)
