package tls

import (
	"bytes"
	"strings"
	"testing"

	"khien/sensor"
	"khien/sensor/app/apptest"
)

func TestReadKeys(t *testing.T) {
	random, secret := strings.Repeat("ab", 32), strings.Repeat("5e", 48)
	good := "# a comment\n\nCLIENT_RANDOM " + random + " " + secret + "\nEXPORTER_SECRET " + random + " ff\nCLIENT_TRAFFIC_SECRET_0 " +
		strings.ToUpper(random) + " " + secret + "\r\n"
	k, err := ReadKeys(strings.NewReader(good))
	if err != nil || k.Len() != 1 {
		t.Fatalf("%v", err)
	}
	s := k.of(bytes.Repeat([]byte{0xab}, 32))
	if s == nil || len(s[secretMaster]) != 48 || len(s[secretClientTraffic]) != 48 || s[secretServerTraffic] != nil {
		t.Errorf("%v", s)
	}
	if k.of(make([]byte, 32)) != nil || k.of(nil) != nil || (*Keys)(nil).of(make([]byte, 32)) != nil {
		t.Error("a connection that is not in the log has secrets")
	}
	f := func(text, want string) {
		t.Helper()
		k, err := ReadKeys(strings.NewReader(text))
		if err == nil || k != nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), secret) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	f("\nCLIENT_RANDOM "+random+"\n", "line 2: CLIENT_RANDOM has 2 fields")
	f("CLIENT_RANDOM abcd "+secret+"\n", "line 1: the client's random")
	f("CLIENT_RANDOM "+random+" "+secret+"x\n", "line 1: the secret is not")
	f("CLIENT_RANDOM "+random+" "+strings.Repeat("a", 130)+"\n", "line 1: the secret is not")
	f("# "+strings.Repeat("x", keyLogLine)+"\n", "line 1: more than 1024 bytes")
}

// FuzzReadKeys: an error means that there are no keys, and keys that there are have the sizes that the ciphers need.
func FuzzReadKeys(f *testing.F) {
	f.Add("CLIENT_RANDOM " + strings.Repeat("ab", 32) + " " + strings.Repeat("5e", 48))
	f.Fuzz(func(t *testing.T, text string) {
		k, err := ReadKeys(strings.NewReader(text))
		if (err == nil) != (k != nil) {
			t.Fatal(err)
		}
		if k == nil {
			return
		}
		for _, s := range k.byRandom {
			for _, v := range s {
				if len(v) > secretMax {
					t.Fatalf("a secret of %d bytes", len(v))
				}
			}
		}
	})
}

// FuzzDecrypt gives a connection with secrets arbitrary records, and records that open and carry arbitrary messages:
// whatever they hold, cutting them changes nothing.
func FuzzDecrypt(f *testing.F) {
	f.Add([]byte("\x17\x03\x03\x00\x20................................"), uint16(0x1301))
	f.Add([]byte("\x14\x03\x03\x00\x01\x01\x16\x03\x03\x00\x28........................................"), uint16(0xc02f))
	random := [32]byte{1}
	all := new([secretKinds][]byte)
	for i := range all {
		all[i] = bytes.Repeat([]byte{byte(i)}, 48)
	}
	keys := &Keys{byRandom: map[[32]byte]*[secretKinds][]byte{random: all}}
	hello := func(kind byte, body string) []byte {
		m := append([]byte{kind, 0, 0, byte(len(body))}, body...)
		return append([]byte{recordHandshake, 3, 3, 0, byte(len(m))}, m...)
	}
	f.Fuzz(func(t *testing.T, data []byte, id uint16) {
		client := hello(msgClientHello, "\x03\x03"+string(random[:])+"\x00\x00\x02"+string([]byte{byte(id >> 8), byte(id)})+"\x01\x00")
		versions := ""
		if id>>8 == 0x13 {
			versions = "\x00\x06\x00\x2b\x00\x02\x03\x04"
		}
		server := hello(msgServerHello, "\x03\x03"+string(random[:])+"\x00"+string([]byte{byte(id >> 8), byte(id)})+"\x00"+versions)
		steps := apptest.Dialogue(data)
		for i := range steps {
			if s, ok := suiteOf(id); ok && s.version3 && i%3 > 0 {
				steps[i].Data = sealed(t, s, all[secretClientHandshake+int(steps[i].Dir)], uint64(i/3), steps[i].Data)
			}
		}
		steps = append([]apptest.Step{{Dir: sensor.ToServer, Data: client}, {Dir: sensor.ToClient, Data: server}}, steps...)
		apptest.SameCut(t, WithKeys(keys), 443, nil, steps...)
	})
}

// sealed makes a record of TLS 1.3 with the given sequence number, of content that ends with its type.
func sealed(t *testing.T, s suite, secret []byte, seq uint64, content []byte) []byte {
	o, err := s.opener13(secret)
	if err != nil {
		t.Fatal(err)
	}
	content = append(bytes.Clone(content), [...]byte{recordHandshake, recordData, 0}[len(content)%3])
	n := len(content) + o.aead.Overhead()
	head := []byte{recordData, 3, 3, byte(n >> 8), byte(n)}
	nonce := bytes.Clone(o.iv)
	nonce[11] ^= byte(seq)
	return o.aead.Seal(bytes.Clone(head), nonce, content, head)
}
