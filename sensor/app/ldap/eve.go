package ldap

import (
	"strconv"

	"khien/sensor"
	"khien/sensor/app/ber"
	"khien/sensor/evejson"
)

// AppendEVE appends {"request":{…},"responses":[…]}.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	if tx.asked {
		dst = append(evejson.AppendKey(dst, "request"), '{')
		dst = evejson.AppendInt(dst, "message_id", tx.request.id)
		dst = tx.request.appendOperation(dst)
		dst = append(dst, '}')
	}
	if len(tx.responses) > 0 {
		dst = append(evejson.AppendKey(dst, "responses"), '[')
		for i := range tx.responses {
			dst = append(evejson.AppendComma(dst), '{')
			if !tx.asked {
				dst = evejson.AppendInt(dst, "message_id", tx.responses[i].id)
			}
			dst = tx.responses[i].appendOperation(dst)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// appendOperation appends "operation" and the object under the operation's name.
func (m *part) appendOperation(dst []byte) []byte {
	dst = evejson.AppendStr(dst, "operation", names[m.op])
	if m.op == opUnbind {
		return dst
	}
	dst = append(evejson.AppendKey(dst, names[m.op]), '{')
	b := m.body
	switch m.op {
	case opBind:
		dst = m.appendBind(dst)
	case opSearch:
		dst = m.appendSearch(dst)
	case opSearchEntry:
		dst = appendBytes(dst, "base_object", &b)
		dst = appendAttributes(dst, "attributes", "type", b)
	case opSearchRef:
		dst = appendStrings(dst, "uris", b)
	case opModify:
		dst = appendBytes(dst, "object", &b)
		dst = appendChanges(dst, b)
	case opAdd:
		dst = appendBytes(dst, "entry", &b)
		dst = appendAttributes(dst, "attributes", "name", b)
	case opDelete:
		dst = evejson.AppendBytes(dst, "dn", b)
	case opModDN:
		dst = appendBytes(dst, "entry", &b)
		dst = appendBytes(dst, "new_rdn", &b)
		if v, rest, ok := ber.Expect(b, 0x01); ok {
			dst = evejson.AppendBool(dst, "delete_old_rdn", len(v) == 1 && v[0] != 0)
			b = rest
		}
		if v, _, ok := ber.Expect(b, 0x80); ok {
			dst = evejson.AppendBytes(dst, "new_superior", v)
		}
	case opCompare:
		dst = appendBytes(dst, "entry", &b)
		if v, _, ok := ber.Expect(b, ber.TagSequence); ok {
			dst = append(evejson.AppendKey(dst, "attribute_value_assertion"), '{')
			dst = appendBytes(dst, "description", &v)
			dst = appendBytes(dst, "value", &v)
			dst = append(dst, '}')
		}
	case opAbandon:
		if id, ok := ber.Int(b); ok {
			dst = evejson.AppendInt(dst, "message_id", id)
		}
	case opExtended:
		dst = appendTagged(dst, "name", 0x80, b)
		dst = appendTagged(dst, "value", 0x81, b)
	case opIntermediate:
		dst = appendTagged(dst, "name", 0x80, b)
		dst = appendTagged(dst, "value", 0x81, b)
	default:
		dst = m.appendResult(dst)
	}
	return append(dst, '}')
}

func (m *part) appendBind(dst []byte) []byte {
	b := m.body
	if v, rest, ok := ber.ExpectInt(b, ber.TagInteger); ok {
		dst = evejson.AppendInt(dst, "version", v)
		b = rest
	}
	dst = appendBytes(dst, "name", &b)
	// The password of a simple bind is not written: the record would spread it.
	if sasl, _, ok := ber.Expect(b, 0xa3); ok {
		dst = append(evejson.AppendKey(dst, "sasl"), '{')
		dst = appendBytes(dst, "mechanism", &sasl)
		dst = append(dst, '}')
	}
	return dst
}

func (m *part) appendSearch(dst []byte) []byte {
	b := m.body
	dst = appendBytes(dst, "base_object", &b)
	for _, n := range [...]struct {
		key string
		tag byte
	}{{"scope", ber.TagEnum}, {"deref_alias", ber.TagEnum}, {"size_limit", ber.TagInteger}, {"time_limit", ber.TagInteger}} {
		if v, rest, ok := ber.ExpectInt(b, n.tag); ok {
			dst = evejson.AppendInt(dst, n.key, v)
			b = rest
		}
	}
	if v, rest, ok := ber.Expect(b, 0x01); ok {
		dst = evejson.AppendBool(dst, "types_only", len(v) == 1 && v[0] != 0)
		b = rest
	}
	b = skip(b, 1) // the filter
	if list, _, ok := ber.Expect(b, ber.TagSequence); ok && len(list) > 0 {
		dst = appendStrings(dst, "attributes", list)
	}
	return dst
}

func (m *part) appendResult(dst []byte) []byte {
	dn, message, rest, ok := m.resultText()
	if !ok {
		return dst
	}
	dst = evejson.AppendStr(dst, "result_code", resultName(m.result()))
	dst = evejson.AppendBytes(dst, "matched_dn", dn)
	dst = evejson.AppendBytes(dst, "message", message)
	switch m.op {
	case opBindResponse:
		dst = appendTagged(dst, "server_sasl_creds", 0x87, rest)
	case opExtendedResp:
		dst = appendTagged(dst, "name", 0x8a, rest)
		dst = appendTagged(dst, "value", 0x8b, rest)
	}
	return dst
}

// appendBytes appends the next value of *b, a string, and takes it away.
func appendBytes(dst []byte, key string, b *[]byte) []byte {
	v, rest, ok := ber.Expect(*b, ber.TagBytes)
	if !ok {
		return dst
	}
	*b = rest
	return evejson.AppendBytes(dst, key, v)
}

// appendTagged appends the value with a tag among those of b.
func appendTagged(dst []byte, key string, tag byte, b []byte) []byte {
	for len(b) > 0 {
		t, v, rest, ok := ber.Next(b)
		if !ok {
			return dst
		}
		if t == tag {
			return evejson.AppendBytes(dst, key, v)
		}
		b = rest
	}
	return dst
}

// appendStrings appends an array of the strings in b.
func appendStrings(dst []byte, key string, b []byte) []byte {
	dst = append(evejson.AppendKey(dst, key), '[')
	for n := 0; n < listMax; n++ {
		v, rest, ok := ber.Expect(b, ber.TagBytes)
		if !ok {
			break
		}
		dst = evejson.AppendString(evejson.AppendComma(dst), v)
		b = rest
	}
	return append(dst, ']')
}

// appendAttributes appends an array of {"type":…,"values":[…]}.
func appendAttributes(dst []byte, key, name string, b []byte) []byte {
	list, _, ok := ber.Expect(b, ber.TagSequence)
	if !ok {
		return dst
	}
	dst = append(evejson.AppendKey(dst, key), '[')
	for n := 0; n < listMax; n++ {
		a, rest, ok := ber.Expect(list, ber.TagSequence)
		if !ok {
			break
		}
		dst = append(evejson.AppendComma(dst), '{')
		dst = appendBytes(dst, name, &a)
		if set, _, ok := ber.Expect(a, ber.TagSet); ok {
			dst = appendStrings(dst, "values", set)
		}
		dst = append(dst, '}')
		list = rest
	}
	return append(dst, ']')
}

func appendChanges(dst, b []byte) []byte {
	list, _, ok := ber.Expect(b, ber.TagSequence)
	if !ok {
		return dst
	}
	dst = append(evejson.AppendKey(dst, "changes"), '[')
	for n := 0; n < listMax; n++ {
		c, rest, ok := ber.Expect(list, ber.TagSequence)
		if !ok {
			break
		}
		list = rest
		dst = append(evejson.AppendComma(dst), '{')
		if v, after, ok := ber.ExpectInt(c, ber.TagEnum); ok {
			word := "unknown"
			if v >= 0 && v < 4 {
				word = [...]string{"add", "delete", "replace", "increment"}[v]
			}
			dst = evejson.AppendStr(dst, "operation", word)
			if a, _, ok := ber.Expect(after, ber.TagSequence); ok {
				dst = append(evejson.AppendKey(dst, "modification"), '{')
				dst = appendBytes(dst, "attribute_type", &a)
				if set, _, ok := ber.Expect(a, ber.TagSet); ok {
					dst = appendStrings(dst, "attribute_values", set)
				}
				dst = append(dst, '}')
			}
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// results are the names of RFC 4511, 4.1.9 and of extensions that are in use.
var results = map[int64]string{
	0: "success", 1: "operations_error", 2: "protocol_error", 3: "time_limit_exceeded", 4: "size_limit_exceeded",
	5: "compare_false", 6: "compare_true", 7: "auth_method_not_supported", 8: "stronger_auth_required", 10: "referral",
	11: "admin_limit_exceeded", 12: "unavailable_critical_extension", 13: "confidentiality_required",
	14: "sasl_bind_in_progress", 16: "no_such_attribute", 17: "undefined_attribute_type", 18: "inappropriate_matching",
	19: "constraint_violation", 20: "attribute_or_value_exists", 21: "invalid_attribute_syntax", 32: "no_such_object",
	33: "alias_problem", 34: "invalid_dns_syntax", 35: "is_leaf", 36: "alias_dereferencing_problem",
	48: "inappropriate_authentication", 49: "invalid_credentials", 50: "insufficient_access_rights", 51: "busy",
	52: "unavailable", 53: "unwilling_to_perform", 54: "loop_detect", 60: "sort_control_missing",
	61: "offset_range_error", 64: "naming_violation", 65: "object_class_violation", 66: "not_allowed_on_non_leaf",
	67: "not_allowed_on_rdn", 68: "entry_already_exists", 69: "object_class_mods_prohibited", 71: "affects_multiple_dsas",
	76: "control_error", 80: "other",
}

func resultName(v int64) string {
	if n, ok := results[v]; ok {
		return n
	}
	return "unknown(" + strconv.FormatInt(v, 10) + ")"
}
