// Package rdp reads the beginning of RDP connections (MS-RDPBCGR, 2.2.1): the requested and selected security, and what
// the client tells of itself.
//
// The bytes of a TCP flow come in and one transaction a message of the handshake goes out, in its direction. After it, or
// once the connection is encrypted, bytes are passed over.
//
//	Name    rdp
//	Syntax  alert rdp …
//	Example alert rdp any any -> any any (msg:"RDP from outside"; flow:to_server; sid:1;)
package rdp

// Limits of what a peer can make the parser keep.
const (
	recordMax   = 16 << 10 // bytes of a message of the handshake; longer ones are none
	cookieMax   = 256
	channelsMax = 31 // MS-RDPBCGR, 2.2.1.3.4
	blocksMax   = 32
)
