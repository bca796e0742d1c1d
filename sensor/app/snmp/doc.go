// Package snmp reads SNMP 1, 2c and 3 (RFC 1157, RFC 3416, RFC 3412, RFC 3414) over UDP.
//
// Datagrams come in and one transaction a message goes out, in the message's direction. What rules and records ask for is
// copied into it.
//
//	Name    snmp
//	Syntax  alert snmp …; snmp.version, snmp.community, snmp.usm, snmp.pdu_type, snmp.trap_oid, snmp.trap_address
//	Example alert snmp any any -> any any (msg:"default community"; snmp.community; content:"public"; bsize:6; sid:1;)
package snmp

// varsMax bounds the names of variables that are kept of a message.
const varsMax = 64

// Anomalies, named as Suricata names them.
const (
	Malformed       = "malformed_data"
	UnknownSecurity = "unknown_security_model"
	VersionMismatch = "version_mismatch"
)

// pduNames are EVE's names of the PDUs by their tags (RFC 3416, 3).
var pduNames = [...]string{"get_request", "get_next_request", "response", "set_request", "trap_v1", "get_bulk_request",
	"inform_request", "trap_v2", "report"}
