// Package sip reads SIP (RFC 3261) over UDP and TCP with the session descriptions (SDP, RFC 8866) that it carries.
//
// Datagrams or the bytes of a TCP flow come in and one transaction a message goes out, in the message's direction. The
// transaction keeps a copy of the message; its buffers point into it.
//
//	Name    sip
//	Syntax  alert sip …; sip.method, sip.uri, sip.stat_code, sip.from, sip.to, sip.via, sip.user_agent, sdp.*
//	Example alert sip any any -> any any (msg:"scanner"; sip.user_agent; content:"friendly-scanner"; sid:1;)
package sip

// Limits of what a peer can make the parser keep.
const (
	messageMax = 64 << 10 // bytes of a message; of a longer body over TCP the rest is passed over
	headersMax = 128      // header fields that are read
	linesMax   = 256      // lines of a session description that are read
	lineMax    = 1024     // bytes of a first line
)

// InvalidData is the anomaly of bytes that are no message, named as Suricata names it.
const InvalidData = "invalid_data"
