// Package krb5 reads Kerberos 5 (RFC 4120) over UDP and TCP.
//
// Datagrams or the bytes of a TCP flow come in and one transaction a message goes out, in the message's direction. Names
// are copied into it.
//
//	Name    krb5
//	Syntax  alert krb5 …; krb5_msg_type, krb5_cname, krb5_sname, krb5_err_code, krb5.ticket_encryption, krb5.weak_encryption
//	Example alert krb5 any any -> any any (msg:"ticket in RC4"; krb5_msg_type:13; krb5.ticket_encryption:rc4-hmac; sid:1;)
package krb5

// Limits of what a peer can make the parser keep.
const (
	messageMax = 64 << 10 // bytes of a message; longer ones are passed over
	partsMax   = 16       // parts of a name
	nameMax    = 256      // bytes of a part
)

// MalformedData is the anomaly of bytes that are no message, named as Suricata names it.
const MalformedData = "malformed_data"

// Message types (RFC 4120, 7.5.7).
const (
	asReq  = 10
	asRep  = 11
	tgsReq = 12
	tgsRep = 13
	apReq  = 14
	apRep  = 15
	errMsg = 30
)

func typeName(t int) string {
	switch t {
	case asReq:
		return "KRB_AS_REQ"
	case asRep:
		return "KRB_AS_REP"
	case tgsReq:
		return "KRB_TGS_REQ"
	case tgsRep:
		return "KRB_TGS_REP"
	case apReq:
		return "KRB_AP_REQ"
	case apRep:
		return "KRB_AP_REP"
	case errMsg:
		return "KRB_ERROR"
	}
	return "UNKNOWN"
}
