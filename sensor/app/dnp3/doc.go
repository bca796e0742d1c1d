// Package dnp3 reads DNP3 over TCP (IEEE 1815-2012: data link layer 9, transport function 8, application layer 4 and 11,
// objects annex A).
//
// The bytes of a TCP flow come in. Link frames are checked and freed of their CRCs, transport segments put together, and one
// transaction an application fragment, request or response, goes out in the direction in which it went. The transaction keeps
// the fragment; its objects are read from it when somebody asks. It goes back to its parser when it has been handled.
//
//	Name    dnp3
//	Syntax  alert dnp3 …; dnp3.func, dnp3.ind, dnp3.obj, dnp3.data
//	Example alert dnp3 any any -> any any (msg:"an outstation is restarted"; dnp3.func:cold_restart; sid:1;)
package dnp3

// Limits of what a peer can make the parser keep and write.
const (
	fragmentMax   = 63 * 255 // bytes of a fragment
	objectsMax    = 2048     // object headers read of a fragment
	pointsMax     = 16384    // points read of a fragment
	writtenMax    = 2048     // points written into a record; a packed one takes a bit and 40 characters
	unansweredMax = 32       // requests in a row that are no flood
	freeMax       = 8        // transactions kept for reuse
)

// portDNP3 is the registered port.
const portDNP3 = 20000

// Anomalies, named as Suricata names them.
const (
	Flooded        = "flooded"
	LenTooSmall    = "len_too_small"
	BadLinkCRC     = "bad_link_crc"
	BadBlockCRC    = "bad_transport_crc"
	Malformed      = "malformed"
	UnknownObject  = "unknown_object"
	TooManyPoints  = "too_many_points"
	TooManyObjects = "too_many_objects"
	TooLong        = "too_long_reassembly"
	Divergence     = "policy_divergence" // read behind a broken link header, where others may have stopped
)

// Function codes of the application layer (IEEE 1815-2012, 4.4).
const (
	fnConfirm            = 0
	fnRead               = 1
	fnImmediateFreeze    = 7
	fnFreezeClearNR      = 10
	fnFreezeAtTime       = 11
	fnFreezeAtTimeNR     = 12
	fnEnableUnsolicited  = 20
	fnDisableUnsolicited = 21
	fnAssignClass        = 22
	fnResponse           = 129 // and up
)

// indicators are EVE's names of the internal indications, of bits from the lowest of each byte (IEEE 1815-2012, 4.2.2.6).
var indicators = [2][8]string{
	{"all_stations", "class_1_events", "class_2_events", "class_3_events", "need_time", "local_control", "device_trouble", "device_restart"},
	{"no_func_code_support", "object_unknown", "parameter_error", "event_buffer_overflow", "already_executing", "config_corrupt", "reserved_2", "reserved_1"},
}
