package mqtt

import "khien/sensor/evejson"

// form is how a property's value is written.
type form uint8

const (
	none form = iota
	byteForm
	u16Form
	u32Form
	varForm
	textForm
	pairForm
)

// property is a property of MQTT 5.0 (2.2.2.2).
type property struct {
	id    byte
	num   uint32
	text  []byte
	value []byte // of a pair
}

// kinds are the properties by their identifiers.
var kinds = [0x2b]struct {
	name string
	form form
}{
	0x01: {"payload_format_indicator", byteForm}, 0x02: {"message_expiry_interval", u32Form}, 0x03: {"content_type", textForm},
	0x08: {"response_topic", textForm}, 0x09: {"correlation_data", textForm}, 0x0b: {"subscription_identifier", varForm},
	0x11: {"session_expiry_interval", u32Form}, 0x12: {"assigned_client_identifier", textForm},
	0x13: {"server_keep_alive", u16Form}, 0x15: {"authentication_method", textForm}, 0x16: {"authentication_data", textForm},
	0x17: {"request_problem_information", byteForm}, 0x18: {"will_delay_interval", u32Form},
	0x19: {"request_response_information", byteForm}, 0x1a: {"response_information", textForm},
	0x1c: {"server_reference", textForm}, 0x1f: {"reason_string", textForm}, 0x21: {"receive_maximum", u16Form},
	0x22: {"topic_alias_maximum", u16Form}, 0x23: {"topic_alias", u16Form}, 0x24: {"maximum_qos", byteForm},
	0x25: {"retain_available", byteForm}, 0x26: {"userprop", pairForm}, 0x27: {"maximum_packet_size", u32Form},
	0x28: {"wildcard_subscription_available", byteForm}, 0x29: {"subscription_identifier_available", byteForm},
	0x2a: {"shared_subscription_available", byteForm},
}

// readProperties reads the list with its length.
func (m *message) readProperties(outer *reader) []property {
	m.propsSeen = true
	r := reader{b: outer.take(outer.varint())}
	var list []property
	for len(r.b) > 0 && !r.bad && !outer.bad {
		p := property{id: r.byte()}
		if int(p.id) >= len(kinds) {
			outer.bad = true
			break
		}
		switch kinds[p.id].form {
		case byteForm:
			p.num = uint32(r.byte())
		case u16Form:
			p.num = uint32(r.u16())
		case u32Form:
			p.num = r.u32()
		case varForm:
			p.num = uint32(r.varint())
		case textForm:
			p.text = r.text()
		case pairForm:
			p.text, p.value = r.text(), r.text()
		default:
			r.bad = true
		}
		if len(list) < propertiesMax {
			list = append(list, p)
		}
	}
	outer.bad = outer.bad || r.bad
	return list
}

func appendProperties(dst []byte, list []property) []byte {
	dst = append(evejson.AppendKey(dst, "properties"), '{')
	for i, p := range list {
		k := kinds[p.id]
		if k.form != pairForm && repeated(list[:i], p.id) {
			continue
		}
		switch k.form {
		case textForm:
			dst = evejson.AppendBytes(dst, k.name, p.text)
		case pairForm:
			dst = append(evejson.AppendString(evejson.AppendComma(dst), p.text), ':')
			dst = evejson.AppendString(dst, p.value)
		default:
			dst = evejson.AppendUint(dst, k.name, uint64(p.num))
		}
	}
	return append(dst, '}')
}

func repeated(list []property, id byte) bool {
	for _, p := range list {
		if p.id == id {
			return true
		}
	}
	return false
}
