// Package rfb reads the handshake of RFB, the protocol of VNC (RFC 6143, versions 3.3 to 3.8).
//
// The bytes of a TCP flow come in and one transaction goes out: versions, security, result and the frame buffer. What
// follows the handshake is passed over. Memory belongs to the transaction.
//
//	Name    rfb
//	Syntax  alert rfb …; rfb.name, rfb.sectype, rfb.secresult
//	Example alert rfb any any -> any any (msg:"VNC without a password"; rfb.sectype:1; sid:1;)
package rfb

// nameMax bounds the name of a desktop that is kept.
const nameMax = 4096

// Anomalies, named as Suricata names them.
const (
	UnimplementedSecurity = "unimplemented_security_type"
	UnknownResult         = "unknown_security_result"
)

// Security types (RFC 6143, 7.1.2).
const (
	secInvalid = 0
	secNone    = 1
	secVNC     = 2
)
