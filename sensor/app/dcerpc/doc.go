// Package dcerpc reads DCE/RPC (C706, MS-RPCE): connection oriented over TCP or over a named pipe of SMB, and
// connectionless over UDP.
//
// Bytes of a TCP flow or datagrams come in and one transaction a call, bind or alter context goes out. For pipes, sensor/app/smb
// hands the bytes to a Conn and keeps the Calls in its own transactions. Stub data is collected from all fragments, up
// to a limit; it belongs to the call.
//
//	Name    dcerpc
//	Syntax  alert dcerpc …; dcerpc.iface:UUID[,version][,any_frag]; dcerpc.opnum; dcerpc.stub_data
//	Example alert dcerpc any any -> any any (msg:"service control"; dcerpc.iface:367abb81-9844-35f1-ad32-98f038001003; dcerpc.opnum:12; sid:1;)
package dcerpc

// Limits of what a peer can make the parser keep.
const (
	headerLen   = 16
	contextsMax = 64      // interfaces bound by a connection
	callsMax    = 128     // calls without an answer
	stubMax     = 1 << 20 // stub data kept of a direction of a call
)

// MalformedData is the anomaly of a datagram that is no PDU; Suricata has no events of this protocol.
const MalformedData = "malformed_data"

// PDU types (C706, 12.6.4 and 12.5; MS-RPCE, 2.2.2).
const (
	typeRequest   = 0
	typeResponse  = 2
	typeFault     = 3
	typeReject    = 6
	typeBind      = 11
	typeBindAck   = 12
	typeBindNak   = 13
	typeAlter     = 14
	typeAlterResp = 15
	typeAuth3     = 16
	typeMax       = 20
)

const (
	flagFirst  = 0x01
	flagLast   = 0x02
	flagObject = 0x80
)

var typeNames = [typeMax + 1]string{"REQUEST", "PING", "RESPONSE", "FAULT", "WORKING", "NOCALL", "REJECT", "ACK", "CL_CANCEL",
	"FACK", "CANCEL_ACK", "BIND", "BINDACK", "BINDNAK", "ALTER_CONTEXT", "ALTER_CONTEXT_RESP", "AUTH3", "SHUTDOWN",
	"CO_CANCEL", "ORPHANED", "RTS"}
