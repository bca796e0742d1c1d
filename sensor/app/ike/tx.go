package ike

import (
	"encoding/hex"

	"khien/sensor"
	"khien/sensor/evejson"
)

// Tx is one message, with what both sides had shown when it came.
type Tx struct {
	sensor.TxBase
	dir          sensor.Dir
	spi          [2][8]byte // initiator's, responder's
	major, minor byte
	exchange     byte
	flags        byte
	message      uint32
	encrypted    bool
	payloads     []byte
	notify       []uint16
	ke, nonce    bool     // the message has one
	vendors      [][]byte // of the message
	sides        [2]side
	chosen       []attribute
	chose        bool // the message says what is chosen
	doi          uint32
}

// Buffer returns a part of the message. The initiator's SPI is one of messages to the server, the responder's of those to
// the client, as Suricata has them.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if dir != tx.dir || i < 0 {
		return nil, false
	}
	switch b {
	case sensor.IKEInitSPI:
		return hex.AppendEncode(nil, tx.spi[0][:]), i == 0 && dir == sensor.ToServer
	case sensor.IKERespSPI:
		return hex.AppendEncode(nil, tx.spi[1][:]), i == 0 && dir == sensor.ToClient
	case sensor.IKEVendor:
		if i < len(tx.vendors) && dir == sensor.ToServer {
			return hex.AppendEncode(nil, tx.vendors[i]), true
		}
	case sensor.IKEKeyExchange:
		return tx.sides[dir].ke, i == 0 && tx.ke
	case sensor.IKENonce:
		return tx.sides[dir].nonce, i == 0 && tx.nonce
	}
	return nil, false
}

// Number returns the exchange, lengths and chosen attributes.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if dir != tx.dir || i < 0 {
		return 0, false
	}
	switch b {
	case sensor.IKEExchType:
		return uint64(tx.exchange), i == 0
	case sensor.IKEKeyExchangeLength:
		return uint64(len(tx.sides[dir].ke)), i == 0 && tx.ke
	case sensor.IKENonceLength:
		return uint64(len(tx.sides[dir].nonce)), i == 0 && tx.nonce
	case sensor.IKEChosenSA:
		for _, a := range tx.chosen {
			if int(a.class) == i && tx.chose {
				return a.value, true
			}
		}
	}
	return 0, false
}

// LogReady is true in the message's direction.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == tx.dir }

// AppendEVE appends the object of the message.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = evejson.AppendUint(append(dst, '{'), "_v", 2)
	dst = evejson.AppendUint(dst, "version_major", uint64(tx.major))
	dst = evejson.AppendUint(dst, "version_minor", uint64(tx.minor))
	dst = evejson.AppendUint(dst, "exchange_type", uint64(tx.exchange))
	dst = evejson.AppendUint(dst, "message_id", uint64(tx.message))
	dst = evejson.AppendHex(dst, "init_spi", tx.spi[0][:])
	dst = evejson.AppendHex(dst, "resp_spi", tx.spi[1][:])
	if tx.major == 2 {
		role := "responder"
		if tx.flags&flagInitiator != 0 {
			role = "initiator"
		}
		dst = evejson.AppendStr(dst, "role", role)
	}
	if len(tx.chosen) > 0 {
		dst = appendAttributes(evejson.AppendKey(dst, "attributes"), tx.chosen)
	}
	dst = append(evejson.AppendKey(dst, "payload"), '[')
	for _, k := range tx.payloads {
		dst = evejson.AppendText(evejson.AppendComma(dst), payloadName(k))
	}
	dst = append(dst, ']')
	if tx.major == 1 {
		dst = append(evejson.AppendKey(dst, "ikev1"), '{')
		dst = evejson.AppendUint(dst, "doi", uint64(tx.doi))
		dst = evejson.AppendBool(dst, "encrypted_payloads", tx.encrypted)
	} else {
		dst = append(evejson.AppendKey(dst, "ikev2"), '{')
		dst = append(evejson.AppendKey(dst, "notify"), '[')
		for _, n := range tx.notify {
			dst = evejson.AppendText(evejson.AppendComma(dst), notifyName(n))
		}
		dst = append(dst, ']')
	}
	for d, key := range [...]string{"client", "server"} {
		dst = tx.sides[d].appendEVE(evejson.AppendKey(dst, key), d == 0)
	}
	dst = append(evejson.AppendKey(dst, "vendor_ids"), '[')
	for d := range tx.sides {
		for _, v := range tx.sides[d].vendors {
			dst = append(evejson.AppendComma(dst), '"')
			dst = append(hex.AppendEncode(dst, v), '"')
		}
	}
	return append(dst, ']', '}', '}')
}

func (s *side) appendEVE(dst []byte, client bool) []byte {
	dst = append(dst, '{')
	if s.ke != nil {
		dst = evejson.AppendHex(dst, "key_exchange_payload", s.ke)
		dst = evejson.AppendUint(dst, "key_exchange_payload_length", uint64(len(s.ke)))
	}
	if s.nonce != nil {
		dst = evejson.AppendHex(dst, "nonce_payload", s.nonce)
		dst = evejson.AppendUint(dst, "nonce_payload_length", uint64(len(s.nonce)))
	}
	if client && len(s.transforms) > 0 {
		dst = append(evejson.AppendKey(dst, "proposals"), '[')
		for _, t := range s.transforms {
			dst = appendAttributes(evejson.AppendComma(dst), t)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func appendAttributes(dst []byte, list []attribute) []byte {
	dst = append(dst, '[')
	for _, a := range list {
		dst = evejson.AppendStr(append(evejson.AppendComma(dst), '{'), "key", className(a.class))
		dst = evejson.AppendStr(dst, "value", a.name())
		dst = append(evejson.AppendUint(dst, "raw", a.value), '}')
	}
	return append(dst, ']')
}
