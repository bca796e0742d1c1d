package tls

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	ctls "crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"math/big"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"khien/sensor"
	"khien/sensor/app/apptest"
)

// wire notes what each side of a connection writes.
type wire struct {
	net.Conn
	dir   sensor.Dir
	mu    *sync.Mutex
	steps *[]apptest.Step
}

func (w wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	*w.steps = append(*w.steps, apptest.Step{Dir: w.dir, Data: slices.Clone(b)})
	w.mu.Unlock()
	return w.Conn.Write(b)
}

// newCert makes a certificate for tests.
func newCert(t testing.TB) ctls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tpl := &x509.Certificate{SerialNumber: big.NewInt(0x0a1bff),
		Subject:   pkix.Name{Country: []string{"VN"}, Organization: []string{"Example, JSC"}, CommonName: "www.example.vn"},
		NotBefore: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), NotAfter: time.Date(2051, 1, 2, 3, 4, 5, 0, time.UTC),
		DNSNames: []string{"example.vn", "www.example.vn"}, IPAddresses: []net.IP{net.IPv4(192, 0, 2, 7)}}
	der, err := x509.CreateCertificate(rand.Reader, tpl, tpl, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return ctls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// connect makes a connection on this host: a net.Pipe has no buffer, and both sides of TLS 1.3 may write at once.
func connect(t testing.TB) (client, server net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if client, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if server, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close(); server.Close() })
	return client, server
}

// talk runs a connection and returns what was said.
func talk(t testing.TB, client, server *ctls.Config) []apptest.Step {
	t.Helper()
	var steps []apptest.Step
	var mu sync.Mutex
	a, b := connect(t)
	c := ctls.Client(wire{a, sensor.ToServer, &mu, &steps}, client)
	s := ctls.Server(wire{b, sensor.ToClient, &mu, &steps}, server)
	done := make(chan error, 1)
	go func() {
		buf := make([]byte, 5)
		_, err := s.Read(buf)
		if err == nil {
			_, err = s.Write([]byte("world"))
		}
		done <- err
	}()
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	return slices.Clone(steps)
}

func configs(t testing.TB, version uint16) (client, server *ctls.Config) {
	client = &ctls.Config{InsecureSkipVerify: true, ServerName: "www.example.vn", NextProtos: []string{"h2", "http/1.1"},
		MinVersion: version, MaxVersion: version}
	server = &ctls.Config{Certificates: []ctls.Certificate{newCert(t)}, NextProtos: []string{"http/1.1"},
		MinVersion: version, MaxVersion: version}
	return client, server
}

func TestVersions(t *testing.T) {
	for v, name := range map[uint16]string{ctls.VersionTLS10: "TLSv1", ctls.VersionTLS11: "TLS 1.1", ctls.VersionTLS12: "TLS 1.2",
		ctls.VersionTLS13: "TLS 1.3"} {
		client, server := configs(t, v)
		steps := talk(t, client, server)
		if got := probe(sensor.ToServer, steps[0].Data, nil); got != sensor.Yes {
			t.Errorf("%s: probe says %v", name, got)
		}
		log := apptest.TCP(Protocol(), 443, nil, 0, steps...)
		if len(log.Txs) != 1 || log.Err != nil || len(log.Anomalies) > 0 {
			t.Fatalf("%s: %s", name, log)
		}
		x := log.Txs[0].(*tx)
		var eve struct {
			SNI, Version, Subject, Issuerdn, Serial, Fingerprint, Notbefore, Notafter, JA4 string
			SubjectAltName                                                                 []string
			ClientALPNs                                                                    []string `json:"client_alpns"`
			ServerALPNs                                                                    []string `json:"server_alpns"`
		}
		if err := json.Unmarshal(x.AppendEVE(nil, 0), &eve); err != nil {
			t.Fatal(err)
		}
		if eve.Version != name || eve.SNI != "www.example.vn" || strings.Join(eve.ClientALPNs, " ") != "h2 http/1.1" {
			t.Errorf("%s: %s", name, log)
		}
		if !x.LogReady(0) || !x.complete || x.Done != [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete} ||
			len(x.Anomalies[0])+len(x.Anomalies[1]) > 0 {
			t.Errorf("%s: not complete: %s", name, log)
		}
		if v < ctls.VersionTLS13 {
			if eve.Subject != "C=VN, O=Example, JSC, CN=www.example.vn" || eve.Issuerdn != eve.Subject || eve.Serial != "0A:1B:FF" ||
				eve.Notbefore != "2026-01-02T03:04:05" || eve.Notafter != "2051-01-02T03:04:05" ||
				strings.Join(eve.SubjectAltName, " ") != "example.vn www.example.vn 192.0.2.7" ||
				strings.Join(eve.ServerALPNs, " ") != "http/1.1" {
				t.Errorf("%s: %s", name, log)
			}
			raw := server.Certificates[0].Certificate[0]
			if got, ok := x.Buffer(sensor.TLSCerts, sensor.ToClient, 0); !ok || !bytes.Equal(got, raw) {
				t.Errorf("%s: certificate differs", name)
			}
			if sum := sha1.Sum(raw); strings.ReplaceAll(eve.Fingerprint, ":", "") != hex.EncodeToString(sum[:]) {
				t.Errorf("%s: fingerprint %s", name, eve.Fingerprint)
			}
		}
		apptest.SameCut(t, Protocol(), 443, nil, steps...)
	}
}

func TestState(t *testing.T) {
	f := func(version uint16, dir sensor.Dir, want uint64) {
		t.Helper()
		client, server := configs(t, version)
		server.CipherSuites = []uint16{ctls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, ctls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256}
		log := apptest.TCP(Protocol(), 443, nil, 0, talk(t, client, server)...)
		if got, _ := log.Txs[0].Number(sensor.TLSState, dir, 0); got != want {
			t.Errorf("%x, %v: %#x, want %#x", version, dir, got, want)
		}
	}
	f(ctls.VersionTLS12, sensor.ToServer, sensor.TLSClientHelloBit|sensor.TLSClientKeyBit)
	f(ctls.VersionTLS12, sensor.ToClient, sensor.TLSServerHelloBit|sensor.TLSServerKeyBit|sensor.TLSOtherBit)
	f(ctls.VersionTLS13, sensor.ToServer, sensor.TLSClientHelloBit)
	f(ctls.VersionTLS13, sensor.ToClient, sensor.TLSServerHelloBit)
}

func TestRetryAndClientCertificate(t *testing.T) {
	client, server := configs(t, ctls.VersionTLS13)
	server.CurvePreferences = []ctls.CurveID{ctls.CurveP384}
	client.CurvePreferences = []ctls.CurveID{ctls.X25519, ctls.CurveP384}
	steps := talk(t, client, server)
	log := apptest.TCP(Protocol(), 443, nil, 0, steps...)
	if x := log.Txs[0].(*tx); x.server.Retry || !x.complete || x.server.KeyShare != 24 || len(x.Anomalies[0]) > 0 {
		t.Error(log)
	}
	apptest.SameCut(t, Protocol(), 443, nil, steps...)

	client, server = configs(t, ctls.VersionTLS12)
	server.ClientAuth = ctls.RequireAnyClientCert
	client.Certificates = []ctls.Certificate{newCert(t)}
	log = apptest.TCP(Protocol(), 443, nil, 0, talk(t, client, server)...)
	if got, _ := log.Txs[0].Buffer(sensor.TLSCertSubject, sensor.ToServer, 0); string(got) != "C=VN, O=Example, JSC, CN=www.example.vn" {
		t.Errorf("client certificate %q", got)
	}
}

func TestResumption(t *testing.T) {
	client, server := configs(t, ctls.VersionTLS12)
	client.ClientSessionCache = ctls.NewLRUClientSessionCache(1)
	talk(t, client, server)
	log := apptest.TCP(Protocol(), 443, nil, 0, talk(t, client, server)...)
	if x := log.Txs[0].(*tx); !x.resumed || !x.complete {
		t.Error(log)
	}
}

// hello makes a ClientHello from lists of numbers.
func hello(version uint16, ciphers []uint16, exts ...[]byte) []byte {
	b := append([]byte{byte(version >> 8), byte(version)}, make([]byte, 33)...)
	b = append(b, byte(len(ciphers)*2>>8), byte(len(ciphers)*2))
	for _, c := range ciphers {
		b = append(b, byte(c>>8), byte(c))
	}
	b = append(b, 1, 0)
	all := slices.Concat(exts...)
	return append(append(b, byte(len(all)>>8), byte(len(all))), all...)
}

func ext(kind uint16, data ...byte) []byte {
	return append([]byte{byte(kind >> 8), byte(kind), byte(len(data) >> 8), byte(len(data))}, data...)
}

func TestFingerprints(t *testing.T) {
	// The example of FoxIO's description of JA4, with GREASE added.
	ciphers := []uint16{0x2a2a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x9c, 0x9d, 0x2f, 0x35}
	exts := [][]byte{ext(0xaaaa), ext(0, 0, 4, 0, 0, 1, 'a'), ext(0x17), ext(0xff01, 0), ext(10, 0, 4, 0x1a, 0x1a, 0, 29), ext(11, 1, 0),
		ext(35), ext(16, 0, 3, 2, 'h', '2'), ext(5), ext(13, 0, 16, 4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1), ext(18), ext(51, 0, 0),
		ext(45), ext(43, 4, 3, 4, 3, 3), ext(27), ext(0x4469), ext(21)}
	var h ClientHello
	if err := h.Parse(hello(0x0303, ciphers, exts...)); err != nil {
		t.Fatal(err)
	}
	if got := string(h.AppendJA4(nil, 't')); got != "t13d1516h2_8daaf6152771_e5627efa2ab1" {
		t.Error(got)
	}
	if got := string(h.AppendJA3(nil)); got != "771,4865-4866-4867-49195-49199-49196-49200-52393-52392-49171-49172-156-157-47-53,"+
		"0-23-65281-10-11-35-16-5-13-18-51-45-43-27-17513-21,29,0" {
		t.Error(got)
	}
	f := func(want string, body []byte) {
		t.Helper()
		if err := h.Parse(body); err != nil {
			t.Fatal(err)
		}
		if got := string(h.AppendJA4(nil, 'q')); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	f("q12i000000_000000000000_000000000000", hello(0x0303, nil))
	f("qs3i0101ab_1ed8eb363bcd_000000000000", hello(0x0300, []uint16{0x0005}, ext(16, 0, 3, 2, 0xa0, 0x0b)))
}

func TestAnomalies(t *testing.T) {
	record := func(kind byte, body ...byte) []byte {
		return append([]byte{kind, 3, 1, byte(len(body) >> 8), byte(len(body))}, body...)
	}
	clientHello := func(exts ...[]byte) []byte {
		b := hello(0x0303, []uint16{5}, exts...)
		return record(22, append([]byte{1, 0, byte(len(b) >> 8), byte(len(b))}, b...)...)
	}
	f := func(want string, b ...[]byte) {
		t.Helper()
		log := apptest.TCP(Protocol(), 443, nil, 0, apptest.C(string(slices.Concat(b...))))
		var got []string
		for _, tx := range log.Txs {
			got = append(got, tx.Base().Anomalies[0]...)
		}
		if s := strings.Join(append(got, log.Anomalies...), " "); s != want {
			t.Errorf("%q, want %q", s, want)
		}
	}
	f("", clientHello(ext(0, 0, 4, 0, 0, 1, 'a')))
	f("INVALID_SNI_TYPE", clientHello(ext(0, 0, 4, 1, 0, 1, 'a')))
	f("INVALID_SNI_LENGTH", clientHello(ext(0, 0, 9, 0, 0, 1, 'a')))
	f("MULTIPLE_SNI_EXTENSIONS", clientHello(ext(0, 0, 4, 0, 0, 1, 'a'), ext(0, 0, 4, 0, 0, 1, 'b')))
	f("INVALID_HANDSHAKE_MESSAGE", record(22, 1, 0, 0, 2, 3, 3))
	f("INVALID_RECORD_TYPE", clientHello(), record(99, 1))
	f("INVALID_RECORD_VERSION", clientHello(), []byte{22, 9, 9, 0, 1, 1})
	f("INVALID_RECORD_LENGTH", clientHello(), []byte{22, 3, 3, 0xff, 0xff})
	f("HANDSHAKE_INVALID_LENGTH", clientHello(), record(22, 11, 0xff, 0xff, 0xff, 0))
	f("HEARTBEAT_MESSAGE OVERFLOW_HEARTBEAT_MESSAGE", clientHello(), record(24, 1, 0x40, 0))
	f("CERTIFICATE_INVALID_LENGTH INVALID_HANDSHAKE_MESSAGE", clientHello(), record(22, 11, 0, 0, 4, 0, 0, 9, 1))
	f("INVALID_CERTIFICATE INVALID_HANDSHAKE_MESSAGE", clientHello(), record(22, 11, 0, 0, 8, 0, 0, 5, 0, 0, 2, 0x30, 0))
	f("CERTIFICATE_INVALID_LENGTH INVALID_HANDSHAKE_MESSAGE", clientHello(),
		record(22, 11, 0, 0, 10, 0, 0, 7, 0, 0, 4, 0x30, 2, 0x30, 0x84))
}

func TestSSL2(t *testing.T) {
	client := append([]byte{0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10, 7, 0, 0xc0, 5, 0, 0x80, 3, 0, 0x80, 1, 0, 0x80, 0, 0, 5, 0, 0, 4, 0, 0, 10},
		make([]byte, 16)...)
	if got := probe(sensor.ToServer, client, nil); got != sensor.Yes {
		t.Error(got)
	}
	server := []byte{0x80, 13, 4, 0, 1, 0, 2, 0, 2, 0, 0, 0, 0, 0x30, 0}
	log := apptest.TCP(Protocol(), 443, nil, 0, apptest.C(string(client)), apptest.S(string(server)), apptest.C("anything"))
	if got := log.EVE(0); !strings.Contains(got, `"version":"SSLv2"`) || log.Err != nil {
		t.Error(got, log.Err)
	}
}

func TestGap(t *testing.T) {
	client, server := configs(t, ctls.VersionTLS12)
	steps := talk(t, client, server)
	log := apptest.TCP(Protocol(), 443, nil, 0, steps[0], apptest.Step{Dir: sensor.ToClient, Gap: 3000}, apptest.S("rest"))
	if got := log.EVE(0); !strings.Contains(got, "www.example.vn") || log.Err != nil {
		t.Error(got, log.Err)
	}
	// A gap inside an encrypted record is passed over.
	steps = append(steps, apptest.S("\x17\x03\x03\x00\x10abcd"), apptest.Step{Dir: sensor.ToClient, Gap: 12}, apptest.S("\x63"))
	if log = apptest.TCP(Protocol(), 443, nil, 0, steps...); log.Err != nil {
		t.Fatal(log.Err)
	}
}

func TestProbe(t *testing.T) {
	f := func(dir sensor.Dir, s string, want sensor.Match) {
		t.Helper()
		if got := probe(dir, []byte(s), nil); got != want {
			t.Errorf("%q: %v, want %v", s, got, want)
		}
	}
	f(sensor.ToServer, "\x16", sensor.More)
	f(sensor.ToServer, "\x16\x03\x01\x02\x00", sensor.More)
	f(sensor.ToServer, "\x16\x03\x01\x02\x00\x01", sensor.Yes)
	f(sensor.ToServer, "\x16\x03\x01\x02\x00\x02", sensor.No)
	f(sensor.ToClient, "\x16\x03\x01\x02\x00\x02", sensor.Yes)
	f(sensor.ToClient, "\x15\x03\x01\x00\x02\x02", sensor.Yes)
	f(sensor.ToServer, "GET / HTTP/1.1\r\n", sensor.No)
	f(sensor.ToServer, "\x80", sensor.More)
	f(sensor.ToServer, "\x80\x9e\x01\x03\x00", sensor.More)
	f(sensor.ToServer, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", sensor.No)
}

// unframed is an Emitter that wants no frames.
type unframed struct{ *apptest.Log }

func (unframed) Frame(sensor.Buffer, sensor.Dir, []byte, int) {}

func TestAllocations(t *testing.T) {
	client, server := configs(t, ctls.VersionTLS13)
	log := apptest.NewLog(sensor.IPProtoTCP, 443)
	p := Protocol().New(log.F, nil)
	for _, s := range talk(t, client, server) {
		if _, err := p.Parse(s.Dir, s.Data, log); err != nil {
			t.Fatal(err)
		}
	}
	data := append([]byte{23, 3, 3, 0x10, 0}, make([]byte, 0x1000)...)
	var out sensor.Emitter = unframed{log}
	if n := testing.AllocsPerRun(100, func() { _, _ = p.Parse(sensor.ToClient, data, out) }); n != 0 {
		t.Error(n, "allocations a record")
	}
}
