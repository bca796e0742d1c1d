// Package ntp recognises NTP 3 and 4 (RFC 1305, RFC 5905) over UDP.
//
// Datagrams come in. A request is a transaction, and so is what is no message of NTP, with its anomaly. There are no records
// of them: the flow has its protocol.
//
//	Name    ntp
//	Syntax  alert ntp …; app-layer-event:ntp.malformed_data
//	Example alert ntp any any -> any any (msg:"not NTP"; app-layer-event:ntp.malformed_data; sid:1;)
package ntp

// Malformed is the anomaly of what is no message, named as Suricata names it.
const Malformed = "malformed_data"

const (
	port       = 123
	messageMin = 48 // bytes without extensions and digest (RFC 5905, 7.3)
	freeMax    = 8  // transactions that a parser keeps for reuse
)

// Modes of what asks for an answer (RFC 5905, 3).
const (
	modeSymmetricActive = 1
	modeClient          = 3
)
