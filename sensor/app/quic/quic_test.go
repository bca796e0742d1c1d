package quic

import (
	"bytes"
	"context"
	ctls "crypto/tls"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"

	"khien/sensor"
	"khien/sensor/app/apptest"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// The vectors of RFC 9001, A.1 and A.3, and of RFC 9369, A.1.
const (
	rfcID     = "8394c8f03e515708"
	rfcServer = "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf7" +
		"3c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f5889" +
		"1850abbdca3d20398c276456cbc42158407dd074ee"
)

func TestVectors(t *testing.T) {
	k, err := initialKeys(version1, unhex(t, rfcID))
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(k[0].iv[:]); got != "fa044b2f42a3fd3b46fb255c" {
		t.Error("client iv", got)
	}
	if got := hex.EncodeToString(k[1].iv[:]); got != "0ac1493ca1905853b0bba03e" {
		t.Error("server iv", got)
	}
	packet := unhex(t, rfcServer)
	h, ok := parseHeader(packet)
	if !ok || h.kind != kindInitial || h.end != len(packet) {
		t.Fatal(h, ok)
	}
	plain, _, number, ok := k[1].open(nil, nil, packet, h.pnAt, 0)
	if !ok || number != 1 {
		t.Fatal("not opened", number)
	}
	if got := hex.EncodeToString(plain); !strings.HasPrefix(got, "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf7") {
		t.Error(got)
	}
	if k, err = initialKeys(version2, unhex(t, rfcID)); err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(k[0].iv[:]); got != "91f73e2351d8fa91660e909f" {
		t.Error("client iv of version 2", got)
	}
}

func TestFullNumber(t *testing.T) {
	// The example of RFC 9000, A.3.
	if got := fullNumber(0xa82f30ea+1, 0x9b32, 2); got != 0xa82f9b32 {
		t.Errorf("%#x", got)
	}
}

// hello returns the ClientHello of a real client.
func hello(t testing.TB) []byte {
	t.Helper()
	c := ctls.QUICClient(&ctls.QUICConfig{TLSConfig: &ctls.Config{ServerName: "www.example.vn", NextProtos: []string{"h3"},
		MinVersion: ctls.VersionTLS13}})
	agent := []byte("Chrome/1 test")
	c.SetTransportParameters(append([]byte{0x71, 0x29, byte(len(agent))}, agent...))
	if err := c.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for {
		e := c.NextEvent()
		if e.Kind == ctls.QUICWriteData {
			return bytes.Clone(e.Data)
		}
		if e.Kind == ctls.QUICNoEvent {
			t.Fatal("no hello")
		}
	}
}

// crypto makes a CRYPTO frame.
func crypto(offset int, data []byte) []byte {
	b := []byte{frameCrypto, 0x80, byte(offset >> 16), byte(offset >> 8), byte(offset), 0x40 | byte(len(data)>>8), byte(len(data))}
	return append(b, data...)
}

// seal makes an Initial packet of at least size bytes.
func seal(t testing.TB, k *keys, version uint32, dcid []byte, number byte, frames []byte, size int) []byte {
	t.Helper()
	first := byte(0xc0)
	if version == version2 {
		first = 0xd0
	}
	head := binary.BigEndian.AppendUint32([]byte{first}, version)
	head = append(append(head, byte(len(dcid))), dcid...)
	head = append(head, 0, 0) // no source connection ID, no token
	for len(frames)+len(head)+3+tagLen < size || len(frames) < 8 {
		frames = append(frames, framePadding)
	}
	n := 1 + len(frames) + tagLen
	head = append(head, 0x40|byte(n>>8), byte(n))
	pnAt := len(head)
	head = append(head, number)
	nonce := k.iv
	nonce[ivLen-1] ^= number
	packet := k.aead.Seal(bytes.Clone(head), nonce[:], frames, head)
	var mask [sampleLen]byte
	k.header.Encrypt(mask[:], packet[pnAt+4:pnAt+4+sampleLen])
	packet[0] ^= mask[0] & 0x0f
	packet[pnAt] ^= mask[1]
	return packet
}

// serverHello is a ServerHello of TLS 1.3 with supported_versions.
func serverHello() []byte {
	b := append([]byte{3, 3}, make([]byte, 32)...)
	b = append(b, 0, 0x13, 0x01, 0, 0, 6, 0, 43, 0, 2, 3, 4)
	return append([]byte{2, 0, 0, byte(len(b))}, b...)
}

func pair(t testing.TB, version uint32, dcid string) [2]*keys {
	t.Helper()
	k, err := initialKeys(version, []byte(dcid))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestHellos(t *testing.T) {
	for version, name := range map[uint32]string{version1: "1", version2: "2", 0xff00001d: "draft-29", 0xff00001b: "draft-27"} {
		k := pair(t, version, "client01")
		ch := hello(t)
		// The hello comes in two datagrams in the wrong order, the server's with an acknowledgement and a handshake packet.
		second := seal(t, k[0], version, []byte("client01"), 1, crypto(100, ch[100:]), initialMin)
		first := seal(t, k[0], version, []byte("client01"), 0, crypto(0, ch[:120]), initialMin)
		answer := seal(t, k[1], version, nil, 0, append([]byte{frameACK, 1, 0, 0, 0}, crypto(0, serverHello())...), 0)
		handshake := append(binary.BigEndian.AppendUint32([]byte{0xe0}, version), 0, 0, 5, 1, 2, 3, 4, 5)
		if version == version2 {
			handshake[0] = 0xf0
		}
		if got := probe(sensor.ToServer, second, nil); got != sensor.Yes {
			t.Errorf("%s: probe says %v", name, got)
		}
		log := apptest.UDP(Protocol(), 443, apptest.C(string(second)), apptest.C(string(first)), apptest.C(string(first)),
			apptest.S(string(append(answer, handshake...))), apptest.S("\x40short header"))
		if len(log.Txs) != 2 || len(log.Anomalies) > 0 || log.Err != nil {
			t.Fatalf("%s: %s", name, log)
		}
		got := log.EVE(0)
		for _, want := range []string{`"version":"` + name + `"`, `"sni":"www.example.vn"`, `"ua":"Chrome/1 test"`, `"ja4":"q13d`,
			`{"name":"server_name","type":0,"values":["www.example.vn"]}`, `{"name":"alpn","type":16,"values":["h3"]}`} {
			if !strings.Contains(got, want) {
				t.Errorf("%s: %s is not in %s", name, want, got)
			}
		}
		if got := log.EVE(1); !strings.Contains(got, `"string":"771,4865,43"`) || !strings.Contains(got, "supported_versions") {
			t.Errorf("%s: %s", name, got)
		}
		if v, _ := log.Txs[0].Buffer(sensor.QUICVersion, sensor.ToServer, 0); binary.BigEndian.Uint32(v) != version {
			t.Errorf("%s: %x", name, v)
		}
	}
}

func TestRetry(t *testing.T) {
	ch := hello(t)
	a, b := pair(t, version1, "client01"), pair(t, version1, "server99")
	retry := append(binary.BigEndian.AppendUint32([]byte{0xf0}, version1), 0, 8)
	retry = append(retry, "server99 a token and its 16 byte tag"...)
	log := apptest.UDP(Protocol(), 443,
		apptest.C(string(seal(t, a[0], version1, []byte("client01"), 0, crypto(0, ch), initialMin))),
		apptest.S(string(retry)),
		apptest.C(string(seal(t, b[0], version1, []byte("server99"), 1, crypto(0, ch), initialMin))),
		apptest.S(string(seal(t, b[1], version1, nil, 0, crypto(0, serverHello()), 0))))
	if len(log.Txs) != 3 || len(log.Anomalies) > 0 {
		t.Error(log)
	}
}

func TestAnomalies(t *testing.T) {
	k := pair(t, version1, "client01")
	f := func(want string, frames []byte, damage int) {
		t.Helper()
		p := seal(t, k[0], version1, []byte("client01"), 0, frames, initialMin)
		if damage > 0 {
			p[damage] ^= 1
		}
		log := apptest.UDP(Protocol(), 443, apptest.C(string(p)))
		if got := strings.Join(log.Anomalies, " "); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f("", crypto(0, []byte("abc")), 0)
	f("to_server failed_decrypt", crypto(0, []byte("abc")), 500)
	f("to_server error_on_data", []byte{0x08}, 0)
	f("to_server crypto_frag_too_long", crypto(cryptoMax, []byte("abc")), 0)
	log := apptest.UDP(Protocol(), 443, apptest.C("\xc0\x00\x00\x00\x01\x40"))
	if got := strings.Join(log.Anomalies, " "); got != "to_server error_on_header" {
		t.Error(got)
	}
	var s stream
	for i := range rangesMax + 1 {
		if ok := s.add(uint64(2*i+1), []byte("x")); ok != (i < rangesMax) {
			t.Fatal(i, ok)
		}
	}
}

// chlo makes a CHLO message.
func chlo(tags ...string) string {
	table, values := "", ""
	for i := 0; i < len(tags); i += 2 {
		values += tags[i+1]
		table += (tags[i] + "\x00\x00")[:4] + string(binary.LittleEndian.AppendUint32(nil, uint32(len(values))))
	}
	return "CHLO" + string([]byte{byte(len(tags) / 2), 0, 0, 0}) + table + values
}

func TestGoogle(t *testing.T) {
	msg := chlo("PAD", "----", "SNI", "www.example.vn", "VER", "Q046", "UAID", "agent")
	frame := "\xa0\x01" + string([]byte{byte(len(msg) >> 8), byte(len(msg))}) + msg
	f := func(packet, version, cyu string) {
		t.Helper()
		if got := probe(sensor.ToServer, []byte(packet), nil); got != sensor.Yes {
			t.Errorf("%s: probe says %v", version, got)
		}
		got := apptest.UDP(Protocol(), 443, apptest.C(packet), apptest.C(packet)).String()
		for _, want := range []string{`"version":"` + version, `"sni":"www.example.vn"`, `"ua":"agent"`, `"string":"` + cyu} {
			if strings.Count(got, want) != 1 {
				t.Errorf("%s: %s", want, got)
			}
		}
	}
	f("\x09client01Q043\x01"+strings.Repeat("h", hashLen)+frame, "Q043", "43,PAD-SNI-VER-UAID")
	f("\xc3Q046\x50client01\x00\x00\x00\x01"+strings.Repeat("h", hashLen)+frame+"\x00\x00", "Q046", "46,PAD-SNI-VER-UAID")
}

func TestAllocations(t *testing.T) {
	log := apptest.NewLog(sensor.IPProtoUDP, 443)
	p := Protocol().New(log.F, nil)
	data := append([]byte{0x40}, make([]byte, 1200)...)
	if n := testing.AllocsPerRun(1000, func() { _, _ = p.Parse(sensor.ToClient, data, log) }); n != 0 {
		t.Error(n, "allocations a datagram")
	}
}

// FuzzStream holds that the handshake's bytes come out the same in whatever order their pieces arrive.
func FuzzStream(f *testing.F) {
	f.Add([]byte("\x01\x00\x00\x0ahello hello"), uint8(3), uint8(2))
	f.Fuzz(func(t *testing.T, data []byte, size, order uint8) {
		if len(data) > 4096 || size == 0 || len(data)/int(size) >= rangesMax {
			return
		}
		var whole, parts stream
		whole.add(0, data)
		var pieces [][2]int
		for at := 0; at < len(data); at += int(size) {
			pieces = append(pieces, [2]int{at, min(at+int(size)+int(order)%5, len(data))})
		}
		for i := range pieces {
			p := pieces[(i*(int(order)|1)+int(order))%len(pieces)]
			parts.add(uint64(p[0]), data[p[0]:p[1]])
		}
		for _, p := range pieces {
			parts.add(uint64(p[0]), data[p[0]:p[1]])
		}
		for {
			k1, b1, ok1 := whole.next()
			k2, b2, ok2 := parts.next()
			if k1 != k2 || ok1 != ok2 || !bytes.Equal(b1, b2) {
				t.Fatalf("%d %q %t, want %d %q %t", k2, b2, ok2, k1, b1, ok1)
			}
			if !ok1 {
				return
			}
		}
	})
}

// FuzzDatagram holds that hostile frames and hostile datagrams end in records that are JSON, and that what is told of them
// stays within its limits.
func FuzzDatagram(f *testing.F) {
	ch := hello(f)
	f.Add(crypto(0, ch), []byte("\xc3Q046\x50client01\x00\x00\x00\x01"))
	f.Add([]byte{frameACK, 1, 0, 0, 0}, unhex(f, rfcServer))
	k := pair(f, version1, "client01")
	f.Fuzz(func(t *testing.T, frames, raw []byte) {
		if len(frames) > 1400 {
			return
		}
		sealed := seal(t, k[0], version1, []byte("client01"), 0, bytes.Clone(frames), initialMin)
		log := apptest.UDP(Protocol(), 443, apptest.C(string(sealed)), apptest.S(string(raw)), apptest.C(string(raw)))
		if len(log.Anomalies) > 2 || len(log.Txs) > hellosMax || log.Err != nil {
			t.Fatal(log)
		}
	})
}
