// Package smb reads SMB 1, 2 and 3 (MS-CIFS, MS-SMB, MS-SMB2) over TCP.
//
// The bytes of a flow come in. One transaction a command goes out, except for reads and writes: those of a file make one
// transaction a file and direction, which carries the file, and those of a named pipe are read as DCE/RPC, one transaction
// a call. Requests and answers are matched by message. Memory belongs to the transaction; handles, trees and open requests
// belong to the parser and are bounded.
//
//	Name    smb
//	Syntax  alert smb …; smb.share, smb.named_pipe, smb.ntlmssp_user, smb.ntlmssp_domain, smb.version, dcerpc.*, file.data, file.name
//	Example alert smb any any -> any any (msg:"administrative share"; smb.share; content:"C$"; nocase; endswith; sid:1;)
package smb

// Limits of what a peer can make the parser keep.
const (
	headMax     = 64 << 10 // bytes of a record that are looked at together; the rest can only be file content
	pendingMax  = 256      // requests without an answer
	handlesMax  = 1024     // open files and pipes
	treesMax    = 256
	nameMax     = 1024 // bytes of a name in UTF-8
	dialectsMax = 32
	pipeMax     = 64 << 10
	compoundMax = 64 // commands of one record
	anomalyMax  = 16
)

// Anomalies, named as Suricata names them.
const (
	MalformedData = "malformed_data"
	MalformedNTLM = "malformed_ntlmssp_request"
	FileOverlap   = "file_overlap"
	BadDialects   = "negotiate_malformed_dialects"
	WrongWay      = "request_to_client"
	WrongWayBack  = "response_to_server"
)
