package pgsql

import (
	"strconv"

	"khien/sensor"
	"khien/sensor/evejson"
)

// AppendEVE appends {"tx_id":…,"request":{…},"response":{…}}.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = evejson.AppendUint(append(dst, '{'), "tx_id", tx.ID+1)
	if tx.kind != kindNone {
		dst = append(evejson.AppendKey(dst, "request"), '{')
		dst = append(tx.appendRequest(dst), '}')
	}
	if tx.answered {
		dst = append(evejson.AppendKey(dst, "response"), '{')
		dst = append(tx.appendResponse(dst), '}')
	}
	return append(dst, '}')
}

func (tx *Tx) appendRequest(dst []byte) []byte {
	switch tx.kind {
	case kindSSL:
		dst = evejson.AppendStr(dst, "message", "SSL Request")
	case kindGSS:
		dst = evejson.AppendStr(dst, "message", "GSSENC Request")
	case kindCancel:
		dst = evejson.AppendStr(dst, "message", "cancel_request")
		dst = tx.key.appendEVE(dst)
	case kindStartup:
		dst = append(evejson.AppendKey(dst, "protocol_version"), '"')
		dst = append(strconv.AppendUint(dst, uint64(tx.version[0]), 10), '.')
		dst = append(strconv.AppendUint(dst, uint64(tx.version[1]), 10), '"')
		dst = append(evejson.AppendKey(dst, "startup_parameters"), '{')
		dst = evejson.AppendBytes(dst, "user", tx.bytes(tx.user))
		dst = append(tx.appendPairs(dst, "optional_parameters", tx.params), '}')
	case kindPassword:
		dst = evejson.AppendBool(dst, "password_redacted", true)
	case kindSASLInitial:
		dst = evejson.AppendKey(dst, "sasl_authentication_mechanism")
		switch name := tx.bytes(tx.texts[0]); string(name) {
		case "SCRAM-SHA-256":
			dst = evejson.AppendText(dst, "scram_SHA256")
		case "SCRAM-SHA-256-PLUS":
			dst = evejson.AppendText(dst, "scram_SHA256_plus")
		default:
			dst = evejson.AppendString(dst, name)
		}
		if len(tx.texts) > 1 {
			dst = evejson.AppendBytes(dst, "sasl_param", tx.bytes(tx.texts[1]))
		}
	case kindSASLResponse:
		if len(tx.texts) > 0 {
			dst = evejson.AppendBytes(dst, "sasl_response", tx.bytes(tx.texts[0]))
		}
	case kindGSSResponse:
		dst = evejson.AppendStr(dst, "message", "gss_response")
	case kindQuery:
		dst = evejson.AppendBytes(dst, "simple_query", tx.bytes(tx.texts[0]))
	case kindExtended:
		dst = evejson.AppendStr(dst, "message", "extended_query")
		if len(tx.texts) > 0 {
			dst = append(evejson.AppendKey(dst, "prepared"), '[')
			for _, s := range tx.texts {
				dst = evejson.AppendString(evejson.AppendComma(dst), tx.bytes(s))
			}
			dst = append(dst, ']')
		}
	case kindCopy:
		dst = tx.in.appendEVE(dst, "copy_data_in", "msg_count")
		switch tx.copyEnd {
		case copyDone:
			dst = evejson.AppendStr(dst, "message", "copy_done")
		case copyFail:
			dst = evejson.AppendBytes(dst, "copy_fail", tx.bytes(tx.texts[0]))
		}
	case kindCall:
		dst = evejson.AppendStr(dst, "message", "function_call")
	case kindTerminate:
		dst = evejson.AppendStr(dst, "message", "termination_message")
	}
	return dst
}

// appendResponse writes every member once. Where Suricata has it once a message the last one counts, of rows and copied
// data their sum.
func (tx *Tx) appendResponse(dst []byte) []byte {
	switch tx.encryption {
	case 0:
	case 'G':
		dst = evejson.AppendBool(dst, "gss_accepted", true)
	default:
		key := "ssl_accepted"
		if tx.kind == kindGSS {
			key = "gss_accepted"
		}
		dst = evejson.AppendBool(dst, key, tx.encryption == 'S')
	}
	if tx.auth != "" {
		dst = evejson.AppendBytes(dst, tx.auth, tx.bytes(tx.authData))
	}
	told := false
	for _, f := range tx.errors {
		told = told || f.letter == 'M'
	}
	if tx.message != "" && !told {
		dst = evejson.AppendStr(dst, "message", tx.message)
	}
	dst = tx.appendPairs(dst, "parameter_status", tx.status)
	if tx.kind != kindCancel {
		dst = tx.key.appendEVE(dst)
	}
	if tx.described {
		dst = evejson.AppendUint(dst, "field_count", uint64(tx.fields))
	}
	if tx.rows.count > 0 {
		dst = evejson.AppendUint(dst, "data_rows", tx.rows.count)
		dst = evejson.AppendUint(dst, "data_size", tx.rows.bytes)
	}
	if tx.copiesIn {
		dst = appendColumns(dst, "copy_in_response", tx.copyIn)
	}
	if tx.copiesOut {
		dst = appendColumns(dst, "copy_out_response", tx.copyOut)
	}
	dst = tx.copied.appendEVE(dst, "copy_data_out", "row_count")
	if tx.completed {
		dst = evejson.AppendBytes(dst, "command_completed", tx.bytes(tx.command))
	}
	return tx.appendErrors(dst)
}

// appendErrors appends the fields of an error that have a name, each once.
func (tx *Tx) appendErrors(dst []byte) []byte {
	var done [256]bool
	for _, f := range tx.errors {
		if name := errorNames[f.letter]; name != "" && !done[f.letter] {
			done[f.letter] = true
			dst = evejson.AppendBytes(dst, name, tx.bytes(f.value))
		}
	}
	return dst
}

// appendPairs appends a list of objects with one member each.
func (tx *Tx) appendPairs(dst []byte, key string, pairs []pair) []byte {
	if len(pairs) == 0 {
		return dst
	}
	dst = append(evejson.AppendKey(dst, key), '[')
	for _, x := range pairs {
		dst = append(evejson.AppendComma(dst), '{')
		dst = append(evejson.AppendString(dst, tx.bytes(x.name)), ':')
		dst = append(evejson.AppendString(dst, tx.bytes(x.value)), '}')
	}
	return append(dst, ']')
}

func appendColumns(dst []byte, key string, n uint16) []byte {
	dst = append(evejson.AppendKey(dst, key), '{')
	return append(evejson.AppendUint(dst, "columns", uint64(n)), '}')
}

func (c *tally) appendEVE(dst []byte, key, count string) []byte {
	if c.count == 0 {
		return dst
	}
	dst = append(evejson.AppendKey(dst, key), '{')
	dst = evejson.AppendUint(dst, count, c.count)
	return append(evejson.AppendUint(dst, "data_size", c.bytes), '}')
}

func (k *key) appendEVE(dst []byte) []byte {
	if !k.there {
		return dst
	}
	dst = evejson.AppendUint(dst, "process_id", uint64(k.pid))
	if !k.long {
		dst = evejson.AppendUint(dst, "secret_key", uint64(k.secret))
	}
	return dst
}
