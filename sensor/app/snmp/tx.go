package snmp

import (
	"khien/sensor"
	"khien/sensor/evejson"
)

// Tx is one message.
type Tx struct {
	sensor.TxBase
	dir         sensor.Dir
	version     int64 // as sent: 0, 1 or 3
	community   []byte
	usm         []byte
	encrypted   bool
	pdu         int // tag of the PDU, -1 when it was not read
	status      int64
	vars        [][]byte
	trapOID     []byte
	trapAddress []byte
	trapType    int64
}

// Buffer returns a part of the message.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if dir != tx.dir || i != 0 {
		return nil, false
	}
	var v []byte
	switch b {
	case sensor.SNMPCommunity:
		v = tx.community
	case sensor.SNMPUSM:
		v = tx.usm
	case sensor.SNMPTrapOID:
		v = tx.trapOID
	case sensor.SNMPTrapAddress:
		v = tx.trapAddress
	}
	return v, v != nil
}

// Number returns the version, counted as users do, and types.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if dir != tx.dir || i != 0 {
		return 0, false
	}
	switch b {
	case sensor.SNMPVersion:
		return tx.userVersion(), true
	case sensor.SNMPPDUType:
		return uint64(max(tx.pdu, 0)), tx.pdu >= 0
	case sensor.SNMPTrapType:
		return uint64(tx.trapType), tx.pdu == 4
	}
	return 0, false
}

func (tx *Tx) userVersion() uint64 {
	if tx.version == 3 {
		return 3
	}
	return uint64(tx.version) + 1
}

// LogReady is true in the message's direction.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == tx.dir }

// genericTraps are EVE's names (RFC 1157, 4.1.6).
var genericTraps = [...]string{"cold_start", "warm_start", "link_down", "link_up", "authentication_failure",
	"egp_neighbor_loss", "enterprise_specific"}

// AppendEVE appends the object of the message.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	dst = evejson.AppendUint(dst, "version", tx.userVersion())
	if tx.encrypted {
		dst = evejson.AppendStr(dst, "pdu_type", "encrypted")
	} else if tx.pdu >= 0 {
		dst = evejson.AppendStr(dst, "pdu_type", pduNames[tx.pdu])
	}
	if tx.status != 0 && tx.pdu != 5 {
		dst = evejson.AppendInt(dst, "error", tx.status)
	}
	if tx.pdu == 4 {
		if tx.trapType >= 0 && int(tx.trapType) < len(genericTraps) {
			dst = evejson.AppendStr(dst, "trap_type", genericTraps[tx.trapType])
		}
		dst = evejson.AppendBytes(dst, "trap_oid", tx.trapOID)
		if tx.trapAddress != nil {
			dst = evejson.AppendBytes(dst, "trap_address", tx.trapAddress)
		}
	}
	if len(tx.vars) > 0 {
		dst = append(evejson.AppendKey(dst, "vars"), '[')
		for _, v := range tx.vars {
			dst = evejson.AppendString(evejson.AppendComma(dst), v)
		}
		dst = append(dst, ']')
	}
	if tx.community != nil {
		dst = evejson.AppendBytes(dst, "community", tx.community)
	}
	if tx.usm != nil {
		dst = evejson.AppendBytes(dst, "usm", tx.usm)
	}
	return append(dst, '}')
}
