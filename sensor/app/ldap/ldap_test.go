package ldap

import (
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

func v(tag byte, parts ...string) string {
	s := ""
	for _, p := range parts {
		s += p
	}
	if len(s) > 127 {
		return string([]byte{tag, 0x82, byte(len(s) >> 8), byte(len(s))}) + s
	}
	return string([]byte{tag, byte(len(s))}) + s
}

func msg(id byte, op string) string { return v(0x30, v(2, string([]byte{id})), op) }

var (
	search = msg(2, v(opSearch, v(4, "dc=x"), "\x0a\x01\x02\x0a\x01\x00\x02\x02\x03\xe8\x02\x01\x1e\x01\x01\x00", v(0x87, "objectClass"), v(0x30, v(4, "*"), v(4, "+"))))
	entry  = msg(2, v(opSearchEntry, v(4, "dc=x"), v(0x30, v(0x30, v(4, "dc"), v(0x31, v(4, "x"), v(4, "y"))))))
	done   = msg(2, v(opSearchDone, "\x0a\x01\x00\x04\x00\x04\x02ok"))
)

func TestSearch(t *testing.T) {
	steps := []Step{C(search), S(entry + done)}
	want := `{"request":{"message_id":2,"operation":"search_request","search_request":{"base_object":"dc=x","scope":2,"deref_alias":0,"size_limit":1000,"time_limit":30,"types_only":false,"attributes":["*","+"]}},` +
		`"responses":[{"operation":"search_result_entry","search_result_entry":{"base_object":"dc=x","attributes":[{"type":"dc","values":["x","y"]}]}},` +
		`{"operation":"search_result_done","search_result_done":{"result_code":"success","matched_dn":"","message":"ok"}}]}`
	l := TCP(Protocol(), 389, nil, 0, steps...)
	if got := l.EVE(0); got != want || len(l.Txs) != 1 {
		t.Errorf("got %s\nwant %s", got, want)
	}
	tx := l.Txs[0]
	f := func(b sensor.Buffer, dir sensor.Dir, i int, want string, ok bool) {
		t.Helper()
		if got, gok := tx.Buffer(b, dir, i); string(got) != want || gok != ok {
			t.Errorf("%#x %d: %q %t", b, i, got, gok)
		}
	}
	f(sensor.LDAPRequestDN, 0, 0, "dc=x", true)
	f(sensor.LDAPRequestAttributeType, 0, 1, "+", true)
	f(sensor.LDAPRequestAttributeType, 0, 2, "", false)
	f(sensor.LDAPResponsesAttributeType, 1, 0, "dc", true)
	f(sensor.LDAPResponsesMessage, 1, 0, "ok", true)
	f(sensor.LDAPResponsesDN, 1, 1, "", true)
	if n, ok := tx.Number(sensor.LDAPResponsesCount, 1, 0); n != 2 || !ok {
		t.Error("count")
	}
	if n, ok := tx.Number(sensor.LDAPResponsesResultCode, 1, 0); n != 0 || !ok {
		t.Error("result")
	}
	SameCut(t, Protocol(), 389, nil, steps...)
	if l := UDP(Protocol(), 389, steps...); l.EVE(0) != want {
		t.Errorf("%s", l)
	}
}

func TestOthers(t *testing.T) {
	f := func(want string, steps ...Step) {
		t.Helper()
		l := TCP(Protocol(), 389, nil, 0, steps...)
		if got := l.EVE(0); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
	f(`{"request":{"message_id":6,"operation":"abandon_request","abandon_request":{"message_id":5}}}`, C(msg(6, v(opAbandon, "\x05"))))
	f(`{"responses":[{"message_id":0,"operation":"extended_response","extended_response":{"result_code":"unavailable","matched_dn":"","message":"bye","name":"1.2"}}]}`,
		S(msg(0, v(opExtendedResp, "\x0a\x01\x34\x04\x00", v(4, "bye"), v(0x8a, "1.2")))))
	f(`{"request":{"message_id":1,"operation":"bind_request","bind_request":{"version":3,"name":"cn=a"}},"responses":[{"operation":"bind_response","bind_response":{"result_code":"invalid_credentials","matched_dn":"","message":""}}]}`,
		C(msg(1, v(opBind, "\x02\x01\x03", v(4, "cn=a"), v(0x80, "secret")))), S(msg(1, v(opBindResponse, "\x0a\x01\x31\x04\x00\x04\x00"))))
	f(`{"request":{"message_id":1,"operation":"modify_request","modify_request":{"object":"o","changes":[{"operation":"replace","modification":{"attribute_type":"cn","attribute_values":["v"]}}]}}}`,
		C(msg(1, v(opModify, v(4, "o"), v(0x30, v(0x30, "\x0a\x01\x02", v(0x30, v(4, "cn"), v(0x31, v(4, "v")))))))))
	l := TCP(Protocol(), 389, nil, 0, C(msg(1, v(opExtended, v(0x80, startTLS)))), S(msg(1, v(opExtendedResp, "\x0a\x01\x00\x04\x00\x04\x00"))))
	if !l.Upgraded || l.UpgradeTo != sensor.ProtoTLS {
		t.Errorf("%s", l)
	}
}

func TestProbe(t *testing.T) {
	f := func(dir sensor.Dir, s string, want sensor.Match) {
		t.Helper()
		if got := probe(dir, []byte(s), &sensor.Flow{Proto: sensor.IPProtoTCP}); got != want {
			t.Errorf("%x: %d, want %d", s, got, want)
		}
	}
	f(sensor.ToServer, search, sensor.Yes)
	f(sensor.ToClient, search, sensor.No)
	f(sensor.ToServer, search[:5], sensor.More)
	f(sensor.ToServer, "\x30\x26\x02\x01\x01\x04\x06public\xa0\x19", sensor.No) // SNMP
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(C(search), S(entry+done)))
	f.Fuzz(func(t *testing.T, in []byte) {
		SameCut(t, Protocol(), 389, nil, Dialogue(in)...)
		UDP(Protocol(), 389, Dialogue(in)...)
	})
}
