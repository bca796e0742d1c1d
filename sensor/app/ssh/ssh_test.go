package ssh

import (
	"crypto/md5"
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"khien/sensor"
	"khien/sensor/app/apptest"
)

// packet makes a packet in clear.
func packet(kind byte, payload string) string {
	n := 2 + len(payload) + 4
	return string([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), 4, kind}) + payload + "\x00\x00\x00\x00"
}

// kexInit makes the payload of a KEXINIT.
func kexInit(lists ...string) string {
	s := strings.Repeat("c", cookieLen)
	for i := range listCount {
		l := ""
		if i < len(lists) {
			l = lists[i]
		}
		s += string([]byte{0, 0, byte(len(l) >> 8), byte(len(l))}) + l
	}
	return s + "\x00\x00\x00\x00\x00"
}

func dialogue() []apptest.Step {
	kex := packet(msgKexInit, kexInit("curve25519", "ssh-ed25519", "aes-c", "aes-s", "mac-c", "mac-s", "zip-c", "zip-s"))
	return []apptest.Step{
		apptest.C("SSH-2.0-OpenSSH_9.6 Debian-3\r\n"), apptest.S("Welcome\r\nSSH-1.99-dropbear_2022.83\r\n"),
		apptest.C(kex), apptest.S(kex), apptest.C(packet(30, "public key")), apptest.S(packet(31, "public key")),
		apptest.S(packet(msgNewKeys, "")), apptest.C(packet(msgNewKeys, "")), apptest.C("\xff\xff\xff\xffencrypted"),
	}
}

func TestConnection(t *testing.T) {
	log := apptest.TCP(Protocol(), 22, nil, 0, dialogue()...)
	sum := func(s string) string { h := md5.Sum([]byte(s)); return hex.EncodeToString(h[:]) }
	c, s := "curve25519;aes-c;mac-c;zip-c", "curve25519;aes-s;mac-s;zip-s"
	want := `{"client":{"proto_version":"2.0","software_version":"OpenSSH_9.6","hassh":{"hash":"` + sum(c) + `","string":"` + c +
		`"}},"server":{"proto_version":"1.99","software_version":"dropbear_2022.83","hassh":{"hash":"` + sum(s) + `","string":"` + s + `"}}}`
	if got := log.EVE(0); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	x := log.Txs[0]
	if b := x.Base(); b.Done != [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete} || log.Err != nil {
		t.Error(log)
	}
	if v, ok := x.Buffer(sensor.SSHHASSHServerStr, sensor.ToClient, 0); !ok || string(v) != s {
		t.Errorf("%q", v)
	}
	if _, ok := x.Buffer(sensor.SSHHASSH, sensor.ToClient, 0); ok {
		t.Error("a server has no HASSH")
	}
	apptest.SameCut(t, Protocol(), 22, nil, dialogue()...)
}

func TestAnomalies(t *testing.T) {
	f := func(want string, steps ...apptest.Step) {
		t.Helper()
		log := apptest.TCP(Protocol(), 22, nil, 0, steps...)
		got := ""
		if len(log.Txs) > 0 {
			b := log.Txs[0].Base()
			got = strings.Join(slices.Concat(b.Anomalies[0], b.Anomalies[1]), " ")
		}
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
		apptest.SameCut(t, Protocol(), 22, nil, steps...)
	}
	f("", apptest.C("SSH-2.0-a\r\n"), apptest.S("SSH-2.0-b\n"))
	f("invalid_banner", apptest.C("SSH-2.0\r\n"))
	f("long_banner", apptest.C("SSH-2.0-"+strings.Repeat("a", 300)+"\r\n"+packet(msgNewKeys, "")))
	f("invalid_record", apptest.C("SSH-2.0-a\r\n\x00\x00\x00\x01\x00\x14"))
	f("invalid_record", apptest.C("SSH-2.0-a\r\n"+packet(msgKexInit, "short")))
	f("long_kex_record", apptest.C("SSH-2.0-a\r\n\x00\x02\x00\x00\x04\x14"+strings.Repeat("x", 70000)))
}

func TestForeignLines(t *testing.T) {
	if log := apptest.TCP(Protocol(), 22, nil, 0, apptest.S(strings.Repeat("x\n", linesMax+1))); log.Err == nil {
		t.Error("endless lines are taken")
	}
	if log := apptest.TCP(Protocol(), 22, nil, 0, apptest.C("GET / HTTP/1.0\r\n")); log.Err == nil {
		t.Error("a client may not send lines before its identification")
	}
}

func TestAnomaliesAreBounded(t *testing.T) {
	long := "\x00\x01\x00\x01\x04\x14" + strings.Repeat("x", kexMax-1)
	log := apptest.TCP(Protocol(), 22, nil, 0, apptest.C("SSH-2.0-a\r\n"+strings.Repeat(long, 2*oddMax)))
	if n := len(log.Txs[0].Base().Anomalies[0]); n != oddMax {
		t.Error(n, "anomalies")
	}
}

func TestAllocations(t *testing.T) {
	log := apptest.NewLog(sensor.IPProtoTCP, 22)
	p := Protocol().New(log.F, nil)
	for _, s := range dialogue() {
		if _, err := p.Parse(s.Dir, s.Data, log); err != nil {
			t.Fatal(err)
		}
	}
	data := make([]byte, 1400)
	if n := testing.AllocsPerRun(100, func() { _, _ = p.Parse(sensor.ToClient, data, log) }); n != 0 {
		t.Error(n, "allocations a segment")
	}
}

// FuzzConnection holds that cutting the stream anywhere changes nothing.
func FuzzConnection(f *testing.F) {
	var in []byte
	for _, s := range dialogue() {
		for d := s.Data; len(d) > 0; {
			n := min(len(d), 127)
			in = append(append(in, byte(n<<1)|byte(s.Dir)), d[:n]...)
			d = d[n:]
		}
	}
	f.Add(in)
	f.Fuzz(func(t *testing.T, in []byte) {
		apptest.SameCut(t, Protocol(), 22, nil, apptest.Dialogue(in)...)
	})
}
