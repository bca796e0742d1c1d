package mqtt

import (
	"khien/sensor"
	"khien/sensor/evejson"
)

// Tx is an exchange of messages.
type Tx struct {
	sensor.TxBase
	parts    []message
	dirs     []sensor.Dir // of parts
	finished bool
}

func (tx *Tx) add(dir sensor.Dir, m message) {
	tx.parts, tx.dirs = append(tx.parts, m), append(tx.dirs, dir)
}

// went tells whether a message of the exchange went in a direction.
func (tx *Tx) went(dir sensor.Dir) bool {
	for _, d := range tx.dirs {
		if d == dir {
			return true
		}
	}
	return false
}

// Buffer returns a part of the messages of a direction.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if i < 0 {
		return nil, false
	}
	for k := range tx.parts {
		m := &tx.parts[k]
		if tx.dirs[k] != dir {
			continue
		}
		var list [][]byte
		var v []byte
		ok := false
		switch b {
		case sensor.MQTTConnectClientID:
			v, ok = m.clientID, m.kind == connect
		case sensor.MQTTConnectUsername:
			v, ok = m.username, m.hasUser
		case sensor.MQTTConnectPassword:
			v, ok = m.secret, m.hasSecret
		case sensor.MQTTConnectWillTopic:
			v, ok = m.willTopic, m.hasWill
		case sensor.MQTTConnectWillMessage:
			v, ok = m.will, m.hasWill
		case sensor.MQTTConnectProtocol:
			v, ok = m.protocol, m.kind == connect
		case sensor.MQTTPublishTopic:
			v, ok = m.topic, m.kind == publish
		case sensor.MQTTPublishMessage:
			v, ok = m.payload, m.kind == publish
		case sensor.MQTTSubscribeTopic:
			if m.kind == subscribe {
				list = m.topics
			}
		case sensor.MQTTUnsubscribeTopic:
			if m.kind == unsubscribe {
				list = m.topics
			}
		}
		if ok {
			if i == 0 {
				return v, true
			}
			i--
		}
		if i < len(list) {
			return list[i], true
		}
		i -= len(list)
	}
	return nil, false
}

// Number returns types, flags and codes of the messages of a direction.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	for k := range tx.parts {
		m := &tx.parts[k]
		if tx.dirs[k] != dir {
			continue
		}
		if v, ok := m.number(b); ok {
			if i == 0 {
				return v, true
			}
			i--
		}
	}
	return 0, false
}

func (m *message) number(b sensor.Buffer) (uint64, bool) {
	switch b {
	case sensor.MQTTType:
		return uint64(m.kind), true
	case sensor.MQTTFlags:
		v := uint64(0)
		if m.retain {
			v |= 1
		}
		if m.dup {
			v |= 8
		}
		return v, true
	case sensor.MQTTQOS:
		return uint64(m.qos), true
	case sensor.MQTTReasonCode:
		return uint64(m.code), m.hasCode
	case sensor.MQTTConnectFlags:
		return uint64(m.connectFlags), m.kind == connect
	case sensor.MQTTProtocolVersion:
		return uint64(m.version), m.kind == connect
	case sensor.MQTTConnackSessionPresent:
		if m.session {
			return 1, true
		}
		return 0, m.kind == connack
	}
	return 0, false
}

// LogReady reports whether the exchange is complete or the connection over.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && tx.finished }

// AppendEVE appends an object with one member a message, under its type.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	for i := range tx.parts {
		dst = tx.parts[i].appendEVE(dst)
	}
	return append(dst, '}')
}

func (m *message) appendEVE(dst []byte) []byte {
	dst = append(evejson.AppendKey(dst, typeNames[m.kind]), '{')
	dst = evejson.AppendUint(dst, "qos", uint64(m.qos))
	dst = evejson.AppendBool(dst, "retain", m.retain)
	dst = evejson.AppendBool(dst, "dup", m.dup)
	if m.hasID {
		dst = evejson.AppendUint(dst, "message_id", uint64(m.id))
	}
	switch m.kind {
	case connect:
		dst = m.appendConnect(dst)
	case connack:
		dst = evejson.AppendBool(dst, "session_present", m.session)
		dst = evejson.AppendUint(dst, "return_code", uint64(m.code))
	case publish:
		dst = evejson.AppendBytes(dst, "topic", m.topic)
		dst = evejson.AppendBytes(dst, "message", m.payload)
		if m.skipped > 0 {
			dst = evejson.AppendUint(dst, "skipped_length", uint64(m.skipped))
		}
	case subscribe, unsubscribe:
		dst = append(evejson.AppendKey(dst, "topics"), '[')
		for i, t := range m.topics {
			dst = evejson.AppendComma(dst)
			if m.kind == unsubscribe {
				dst = evejson.AppendString(dst, t)
				continue
			}
			dst = evejson.AppendBytes(append(dst, '{'), "topic", t)
			dst = append(evejson.AppendUint(dst, "qos", uint64(m.options[i]&3)), '}')
		}
		dst = append(dst, ']')
	case suback, unsuback:
		key := "qos_granted"
		if m.kind == unsuback {
			key = "reason_codes"
		}
		dst = append(evejson.AppendKey(dst, key), '[')
		for _, c := range m.codes {
			dst = appendNumber(evejson.AppendComma(dst), c)
		}
		dst = append(dst, ']')
	default:
		if m.hasCode {
			dst = evejson.AppendUint(dst, "reason_code", uint64(m.code))
		}
	}
	if m.propsSeen {
		dst = appendProperties(dst, m.properties)
	}
	return append(dst, '}')
}

func (m *message) appendConnect(dst []byte) []byte {
	dst = evejson.AppendBytes(dst, "protocol_string", m.protocol)
	dst = evejson.AppendUint(dst, "protocol_version", uint64(m.version))
	dst = append(evejson.AppendKey(dst, "flags"), '{')
	dst = evejson.AppendBool(dst, "username", m.connectFlags&flagUsername != 0)
	dst = evejson.AppendBool(dst, "password", m.connectFlags&flagPassword != 0)
	dst = evejson.AppendBool(dst, "will_retain", m.connectFlags&flagWillRetain != 0)
	dst = evejson.AppendBool(dst, "will", m.connectFlags&flagWill != 0)
	dst = evejson.AppendBool(dst, "clean_session", m.connectFlags&flagClean != 0)
	dst = append(dst, '}')
	dst = evejson.AppendBytes(dst, "client_id", m.clientID)
	if m.hasWill {
		dst = append(evejson.AppendKey(dst, "will"), '{')
		dst = evejson.AppendBytes(dst, "topic", m.willTopic)
		dst = evejson.AppendBytes(dst, "message", m.will)
		if len(m.will5) > 0 {
			dst = appendProperties(dst, m.will5)
		}
		dst = append(dst, '}')
	}
	if m.hasUser {
		dst = evejson.AppendBytes(dst, "username", m.username)
	}
	if m.hasSecret {
		dst = evejson.AppendBytes(dst, "password", m.secret)
	}
	return dst
}

func appendNumber(dst []byte, c byte) []byte {
	if c >= 100 {
		dst = append(dst, '0'+c/100)
	}
	if c >= 10 {
		dst = append(dst, '0'+c/10%10)
	}
	return append(dst, '0'+c%10)
}
