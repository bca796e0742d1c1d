package telnet

import (
	"slices"
	"strings"
	"testing"

	"khien/sensor"
	"khien/sensor/app/apptest"
)

func TestFrames(t *testing.T) {
	steps := []apptest.Step{apptest.C("\xff\xfb\x18\xff\xfa\x18\x00xterm\xff\xf0root\r\nls \xff\xffx\xff\xf1\n")}
	l := apptest.TCP(Protocol(), 23, nil, 0, steps...)
	f := func(b sensor.Buffer, want ...string) {
		t.Helper()
		if got := l.FramesOf(b); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", b.FrameKind().Name, got, want)
		}
	}
	f(sensor.FrameTelnetControl, "\xff\xfb\x18", "\xff\xfa\x18\x00xterm\xff\xf0", "\xff\xf1")
	f(sensor.FrameTelnetData, "root\r\n", "ls \xff\xffx", "\n")
	if n := len(l.FramesOf(sensor.FrameTelnetPDU)); n != 6 {
		t.Error(n, "pieces")
	}
	apptest.SameCut(t, Protocol(), 23, nil, steps...)
}

// FuzzParse cuts what was fuzzed in any way: the frames must stay the same, and together be all that is not left over.
func FuzzParse(f *testing.F) {
	f.Add([]byte("\xff\xfb\x18\xff\xfa\x18\x00xterm\xff\xf0root\r\nls \xff\xffx\xff\xf1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		apptest.SameCut(t, Protocol(), 23, nil, apptest.C(string(b)))
		l := apptest.TCP(Protocol(), 23, nil, 0, apptest.C(string(b)))
		if all := strings.Join(l.FramesOf(sensor.FrameTelnetPDU), ""); !strings.HasPrefix(string(b), all) {
			t.Errorf("%q of %q", all, b)
		}
	})
}

func TestProbe(t *testing.T) {
	f := func(port uint16, s string, want sensor.Match) {
		t.Helper()
		if got := probe(sensor.ToClient, []byte(s), &sensor.Flow{DstPort: port}); got != want {
			t.Errorf("%x port %d: %d, want %d", s, port, got, want)
		}
	}
	f(23, "\xff\xfd\x18login:", sensor.Yes)
	f(9, "\xff\xfd\x18\xff\xfd\x20", sensor.Yes)
	f(9, "\xff\xfd\x18", sensor.More)
	f(9, "\xff\xfd\x18login:", sensor.No)
	f(23, "login:", sensor.No)
}

// A probe that has decided does not change its mind with more bytes.
func FuzzProbe(f *testing.F) {
	f.Add([]byte("\xff\xfd\x18\xff\xfd\x20"))
	f.Fuzz(func(t *testing.T, b []byte) {
		fl := &sensor.Flow{DstPort: 9}
		for i := range b {
			if m := probe(0, b[:i], fl); m != sensor.More && m != probe(0, b, fl) {
				t.Fatal("changed")
			}
		}
	})
}
