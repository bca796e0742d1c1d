package ike

import (
	"encoding/hex"
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

func unhex(s string) string {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return string(b)
}

var (
	sa    = "00000001 00000001 00000030 01010001 00000028 01010000 80010007 800e0080 80020002 80040002 80030001 800b0001 000c000400015180"
	first = unhex("e47a591fd057587f 0000000000000000 01 10 02 00 00000000 0000006c 0d00003c" + sa + "00000014 4a131c81070358455c5728f20e95452f")
	reply = unhex("e47a591fd057587f a00b8ef0902bb8ec 01 10 02 00 00000000 00000058 0000003c" + sa)
	keys  = unhex("e47a591fd057587f a00b8ef0902bb8ec 04 10 02 00 00000000 0000002c 0a000008 01020304 00000008 aabbccdd")
	init2 = unhex("e47a591fd057587f 0000000000000000 21 20 22 08 00000000 00000050" +
		"2200 002c 00000028 01010004 0300000c 0100000c 800e0100 03000008 02000005 03000008 0300000c 00000008 0400000e" + "0000 0008 000e0000")
)

func TestMessages(t *testing.T) {
	fix := func(s string) string { return s[:24] + string([]byte{0, 0, byte(len(s) >> 8), byte(len(s))}) + s[28:] }
	l := UDP(Protocol(), 500, C(fix(first)), S(fix(reply)), C(fix(keys)), C("junk!"))
	if len(l.Txs) != 3 || len(l.Anomalies) != 1 {
		t.Fatalf("%s", l)
	}
	got := l.EVE(2)
	for _, want := range []string{`"attributes":[{"key":"alg_enc","value":"EncAesCbc","raw":7},{"key":"sa_key_length","value":"Unknown","raw":128},{"key":"alg_hash","value":"HashSha","raw":2}`,
		`{"key":"sa_life_duration","value":"Unknown","raw":86400}`, `"client":{"key_exchange_payload":"01020304","key_exchange_payload_length":4,"nonce_payload":"aabbccdd"`,
		`"vendor_ids":["4a131c81070358455c5728f20e95452f"]`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s lacks %s", got, want)
		}
	}
	f := func(tx int, b sensor.Buffer, dir sensor.Dir, want string, ok bool) {
		t.Helper()
		if v, gok := l.Txs[tx].Buffer(b, dir, 0); gok != ok || ok && string(v) != want {
			t.Errorf("%d %#x: %q %t", tx, b, v, gok)
		}
	}
	f(0, sensor.IKEInitSPI, sensor.ToServer, "e47a591fd057587f", true)
	f(1, sensor.IKEInitSPI, sensor.ToClient, "", false)
	f(1, sensor.IKERespSPI, sensor.ToClient, "a00b8ef0902bb8ec", true)
	f(0, sensor.IKEVendor, sensor.ToServer, "4a131c81070358455c5728f20e95452f", true)
	f(2, sensor.IKENonce, sensor.ToServer, "\xaa\xbb\xcc\xdd", true)
	chosen := func(tx, class int, want uint64, ok bool) {
		t.Helper()
		if v, gok := l.Txs[tx].Number(sensor.IKEChosenSA, l.Txs[tx].(*Tx).dir, class); gok != ok || v != want {
			t.Errorf("%d, class %d: %d %t", tx, class, v, gok)
		}
	}
	chosen(0, 1, 0, false) // only proposed
	chosen(1, 1, 7, true)
	chosen(1, 14, 128, true)
	chosen(1, 12, 86400, true)
	chosen(1, 5, 0, false)
	chosen(2, 1, 0, false) // by an earlier message
	l = UDP(Protocol(), 500, C(fix(init2)))
	if got := l.EVE(0); !strings.Contains(got, `"proposals":[[{"key":"alg_enc","value":"ENCR_AES_CBC","raw":12},{"key":"sa_key_length","value":"Unknown","raw":256},{"key":"alg_prf","value":"PRF_HMAC_SHA2_256","raw":5}`) {
		t.Errorf("%s", l)
	}
	if probe(0, []byte("\x00\x00\x00\x00"+fix(first)), &sensor.Flow{DstPort: 4500}) != sensor.Yes {
		t.Error("NAT traversal")
	}
}

// TestWeak has proposals of version 2 with what is weak or missing in them.
func TestWeak(t *testing.T) {
	transform := func(last bool, kind, id byte) string {
		more := "\x03"
		if last {
			more = "\x00"
		}
		return more + "\x00\x00\x08" + string([]byte{kind, 0, 0, id})
	}
	f := func(dir sensor.Dir, protocol byte, want string, transforms ...[2]byte) {
		t.Helper()
		body := ""
		for i, tr := range transforms {
			body += transform(i == len(transforms)-1, tr[0], tr[1])
		}
		p := string([]byte{0, 0, 0, byte(8 + len(body)), 1, protocol, 0, byte(len(transforms))}) + body
		sa := string([]byte{0, 0, 0, byte(4 + len(p))}) + p
		m := unhex("e47a591fd057587f 0000000000000000 21 20 22 08 00000000") + string([]byte{0, 0, 0, byte(28 + len(sa))}) + sa
		step := C(m)
		if dir == sensor.ToClient {
			step = S(m)
		}
		l := UDP(Protocol(), 500, step)
		if got := strings.Join(l.Txs[0].Base().Anomalies[dir], " "); got != want {
			t.Errorf("%v: got %q, want %q", transforms, got, want)
		}
	}
	f(sensor.ToClient, 1, "", [2]byte{1, 12}, [2]byte{2, 5}, [2]byte{3, 12}, [2]byte{4, 14})
	f(sensor.ToClient, 1, "", [2]byte{1, 20}, [2]byte{2, 5}, [2]byte{4, 14})
	f(sensor.ToClient, 1, WeakEncryption+" "+WeakPRF+" "+WeakAuth+" "+WeakDH, [2]byte{1, 3}, [2]byte{2, 2}, [2]byte{3, 2}, [2]byte{4, 2})
	f(sensor.ToServer, 1, WeakNoDH+" "+WeakNoAuth, [2]byte{1, 12}, [2]byte{2, 5}, [2]byte{3, 0})
	f(sensor.ToClient, 2, InvalidProposal+" "+NoEncryption, [2]byte{2, 0}, [2]byte{3, 12}, [2]byte{4, 0})
	f(sensor.ToClient, 1, UnknownProposal, [2]byte{1, 20}, [2]byte{9, 1}, [2]byte{4, 14})
	two := strings.Replace(sa, "00000030 01010001 00000028 01010000", "0000003c 01010002 03000028 01010000", 1) + "0000000c 02010000 80010007"
	m := unhex("e47a591fd057587f a00b8ef0902bb8ec 01 10 02 00 00000000 00000064 00000048" + two)
	if got := UDP(Protocol(), 500, S(m)).Txs[0].Base().Anomalies[sensor.ToClient]; len(got) != 1 || got[0] != MultipleProposal {
		t.Errorf("two of version 1: %q", got)
	}
}

// A message that the probe takes makes one transaction.
func FuzzParse(f *testing.F) {
	f.Add([]byte(first))
	f.Add([]byte(init2))
	f.Fuzz(func(t *testing.T, in []byte) {
		if len(in) >= 28 { // most lengths would be wrong
			in[24], in[25], in[26], in[27] = 0, 0, byte(len(in)>>8), byte(len(in))
		}
		l := UDP(Protocol(), 500, C(string(in)), S(string(in)))
		if probe(0, in, l.F) == sensor.Yes && len(l.Txs) != 2 {
			t.Fatalf("%s", l)
		}
		_ = l.String()
	})
}
