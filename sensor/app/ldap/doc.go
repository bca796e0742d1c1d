// Package ldap reads LDAP (RFC 4511) over TCP and UDP.
//
// The bytes of a TCP flow or datagrams come in and one transaction a request with its responses goes out. The transaction
// keeps copies of the messages; buffers and the EVE record are read from them when somebody asks.
//
//	Name    ldap
//	Syntax  alert ldap …; ldap.request.operation, ldap.request.dn, ldap.responses.result_code, ldap.responses.message, …
//	Example alert ldap any any -> any any (msg:"wrong password"; ldap.responses.result_code:49; sid:1;)
package ldap

// Limits of what a peer can make the parser keep.
const (
	messageMax   = 256 << 10 // bytes of a message; larger ones are passed over
	responsesMax = 512       // responses kept of a request
	keptMax      = 512 << 10 // bytes of them
	openMax      = 256       // requests without their last response
	listMax      = 256       // attributes, values and changes written of a message
)

// Anomalies, named as Suricata names them.
const (
	InvalidData     = "invalid_data"
	RequestNotFound = "request_not_found"
)

// Protocol operations: application tags (RFC 4511, 4.2 to 4.13).
const (
	opBind           = 0x60
	opBindResponse   = 0x61
	opUnbind         = 0x42
	opSearch         = 0x63
	opSearchEntry    = 0x64
	opSearchDone     = 0x65
	opSearchRef      = 0x73
	opModify         = 0x66
	opModifyResponse = 0x67
	opAdd            = 0x68
	opAddResponse    = 0x69
	opDelete         = 0x4a
	opDeleteResponse = 0x6b
	opModDN          = 0x6c
	opModDNResponse  = 0x6d
	opCompare        = 0x6e
	opCompareResp    = 0x6f
	opAbandon        = 0x50
	opExtended       = 0x77
	opExtendedResp   = 0x78
	opIntermediate   = 0x79
)

var names = map[byte]string{
	opBind: "bind_request", opBindResponse: "bind_response", opUnbind: "unbind_request", opSearch: "search_request",
	opSearchEntry: "search_result_entry", opSearchDone: "search_result_done", opSearchRef: "search_result_reference",
	opModify: "modify_request", opModifyResponse: "modify_response", opAdd: "add_request", opAddResponse: "add_response",
	opDelete: "del_request", opDeleteResponse: "del_response", opModDN: "mod_dn_request", opModDNResponse: "mod_dn_response",
	opCompare: "compare_request", opCompareResp: "compare_response", opAbandon: "abandon_request",
	opExtended: "extended_request", opExtendedResp: "extended_response", opIntermediate: "intermediate_response",
}

// isRequest tells the operations of clients.
func isRequest(op byte) bool {
	switch op {
	case opBind, opUnbind, opSearch, opModify, opAdd, opDelete, opModDN, opCompare, opAbandon, opExtended:
		return true
	}
	return false
}

// startTLS is the OID of RFC 4511, 4.14, in BER.
const startTLS = "1.3.6.1.4.1.1466.20037"
