// Package enip reads EtherNet/IP (ODVA, The CIP Networks Library, volume 2: encapsulation) with the Common Industrial
// Protocol in it (volume 1: message router requests and responses, paths) over TCP and UDP.
//
// The bytes of a TCP flow or datagrams come in and one transaction a request with its response goes out. The transaction
// keeps copies of what the two carry; numbers and the EVE record are read from them when somebody asks. The cyclic data of
// devices (UDP port 2222), which have no commands, are recognised and give no transactions.
//
//	Name    enip
//	Syntax  alert enip …; enip_command, enip.status, cip_service, enip.cip_class, enip.cip_status, enip.vendor_id, …
//	Example alert enip any any -> any any (msg:"controller is stopped"; cip_service:7,142; sid:1;)
package enip

// Limits of what a peer can make the parser keep.
const (
	bodyMax    = 8 << 10 // bytes kept of what a message carries; CIP connections carry 4002 at most
	openMax    = 1024    // requests without a response, as Suricata has it
	itemsMax   = 64      // items that are looked at of a message
	multiMax   = 256     // services that are looked at of a multiple service packet
	pathMax    = 64      // segments of a path
	attrsMax   = 256     // attributes of a list
	numbersMax = 256     // classes, and the like, of all CIP messages of a message
	freeMax    = 16      // transactions that are kept for the next ones
)

// Anomalies, named as Suricata names them.
const (
	TooManyTransactions = "too_many_transactions"
	InvalidPDU          = "invalid_pdu"
)

const (
	portExplicit = 44818
	portImplicit = 2222
)

// Commands (volume 2, 2-3).
const (
	cmdNOP               = 0
	cmdListServices      = 4
	cmdListIdentity      = 0x63
	cmdListInterfaces    = 0x64
	cmdRegisterSession   = 0x65
	cmdUnregisterSession = 0x66
	cmdSendRRData        = 0x6f
	cmdSendUnitData      = 0x70
	cmdIndicateStatus    = 0x72
	cmdCancel            = 0x73
)

// Items (volume 2, 2-6).
const (
	itemIdentity    = 0x0c
	itemConnected   = 0xb1
	itemUnconnected = 0xb2
	itemServices    = 0x100
	itemSequenced   = 0x8002
)
