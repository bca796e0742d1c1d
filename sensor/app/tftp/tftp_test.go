package tftp

import (
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

func TestTransfer(t *testing.T) {
	l := UDP(Protocol(), 69, C("\x00\x01boot.cfg\x00octet\x00blksize\x0016\x00"))
	if got := l.EVE(0); got != `{"packet":"read","file":"boot.cfg","mode":"octet"}` || len(l.Expected) != 1 {
		t.Fatalf("%s", l)
	}
	f := func(want string, state sensor.FileState, steps ...Step) {
		t.Helper()
		d := NewLog(sensor.IPProtoUDP, 4000)
		p := Protocol().New(d.F, l.Expected[0].Context)
		for _, s := range steps {
			p.Parse(s.Dir, s.Data, d)
		}
		p.Close(sensor.ToServer, d)
		p.Close(sensor.ToClient, d)
		if len(d.Files) != 1 || string(d.Contents[d.Files[0]]) != want || d.Files[0].State != state || string(d.Files[0].Name) != "boot.cfg" {
			t.Errorf("%s", d)
		}
	}
	a := strings.Repeat("a", 16)
	f(a+"b", sensor.FileClosed, C("\x00\x06blksize\x0016\x00"), S("\x00\x04\x00\x00"), C("\x00\x03\x00\x01"+a), C("\x00\x03\x00\x01"+a), C("\x00\x03\x00\x02b"))
	f("short", sensor.FileClosed, C("\x00\x03\x00\x01short"))
	f(a, sensor.FileTruncated, C("\x00\x06blksize\x0016\x00"), C("\x00\x03\x00\x01"+a))
	f(a+"c", sensor.FileTruncated, C("\x00\x06blksize\x0016\x00"), C("\x00\x03\x00\x01"+a), C("\x00\x03\x00\x03c"))
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(C("\x00\x01f\x00octet\x00"), C("\x00\x06blksize\x0016\x00"), C("\x00\x03\x00\x01short")))
	f.Fuzz(func(t *testing.T, in []byte) {
		steps := Dialogue(in)
		UDP(Protocol(), 69, steps...)
		d := NewLog(sensor.IPProtoUDP, 4000)
		p := Protocol().New(d.F, &transfer{tx: Tx{file: []byte("f")}})
		for _, s := range steps {
			p.Parse(s.Dir, s.Data, d)
		}
		p.Close(sensor.ToServer, d)
		if len(d.Files) > 1 || len(d.Files) == 1 && d.Files[0].State == sensor.FileOpen {
			t.Fatalf("%s", d)
		}
	})
}
