package ber

import (
	"bytes"
	"testing"
)

func TestNext(t *testing.T) {
	f := func(in string, tag byte, content, rest string, ok bool) {
		t.Helper()
		gt, gc, gr, gok := Next([]byte(in))
		if gok != ok || gt != tag || string(gc) != content || string(gr) != rest {
			t.Errorf("%x: %x %x %x %t", in, gt, gc, gr, gok)
		}
	}
	f("\x02\x01\x05x", 2, "\x05", "x", true)
	f("\x30\x81\x02abc", 0x30, "ab", "c", true)
	f("\x30\x84\x00\x00\x00\x01a", 0x30, "a", "", true)
	f("\x30\x05ab", 0, "", "", false)
	f("\x30\x80ab", 0, "", "", false)
	f("\x1f\x81\x01a", 0, "", "", false)
	f("\xbf\x04\x01ab", 0xa4, "a", "b", true) // the long form of a short tag
	f("\xbf\x04", 0, "", "", false)
	f("\xbf\x1f\x01a", 0, "", "", false)
	f("\x30\x84\xff\xff\xff\xff", 0, "", "", false)
	f("", 0, "", "", false)
}

func TestValues(t *testing.T) {
	if v, ok := Int([]byte("\xff\x7f")); v != -129 || !ok {
		t.Errorf("%d", v)
	}
	if _, ok := Int(make([]byte, 9)); ok {
		t.Error("nine bytes are no number")
	}
	if s := AppendOID(nil, []byte("\x2b\x06\x01\x04\x01\x82\x37")); string(s) != "1.3.6.1.4.1.311" {
		t.Errorf("%s", s)
	}
	if s := AppendOID(nil, []byte("\x88\x37")); string(s) != "2.999" {
		t.Errorf("%s", s)
	}
}

// The parts of a value lie in it, in order, without gaps.
func FuzzNext(f *testing.F) {
	f.Add([]byte("\x30\x81\x02abc"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, content, rest, ok := Next(b)
		if ok && !bytes.HasSuffix(b, append(bytes.Clone(content), rest...)) {
			t.Fatal("parts")
		}
	})
}
