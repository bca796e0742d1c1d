package evejson

import (
	"encoding/json"
	"fmt"
	"testing"
	"unicode/utf8"
)

func TestAppendString(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := string(AppendString(nil, []byte(in))); got != want {
			t.Errorf("AppendString(%q) = %s, want %s", in, got, want)
		}
		if got := string(AppendText(nil, in)); got != want {
			t.Errorf("AppendText(%q) = %s, want %s", in, got, want)
		}
	}
	f("", `""`)
	f("khiên", `"khiên"`)
	f("a\"b\\c", `"a\"b\\c"`)
	f("\t\r\n\b\f\x00\x1f\x7f", `"\t\r\n\b\f\u0000\u001f\u007f"`)
	f("a\xffb\xc3", `"a\\xffb\\xc3"`)
	f("\xed\xa0\x80", `"\\xed\\xa0\\x80"`)
	f("\uFFFD", "\"\uFFFD\"")
}

func TestMembers(t *testing.T) {
	dst := AppendBytes([]byte("{"), "a", []byte("x"))
	dst = AppendStr(dst, "b", "y")
	dst = AppendUint(dst, "c", 1<<63)
	dst = AppendInt(dst, "d", -1)
	dst = AppendBool(dst, "e", true)
	dst = append(AppendHex(dst, "f", []byte{0xab, 1}), '}')
	want := `{"a":"x","b":"y","c":9223372036854775808,"d":-1,"e":true,"f":"ab01"}`
	if string(dst) != want {
		t.Errorf("got %s, want %s", dst, want)
	}
}

func TestNoAllocation(t *testing.T) {
	dst, in := make([]byte, 0, 256), []byte("GET /\xff\"khiên\" \x01")
	if n := testing.AllocsPerRun(100, func() { dst = AppendBytes(dst[:0], "k", in) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAppendString(f *testing.F) {
	f.Add([]byte("a\"\\\xff\x00é"))
	f.Fuzz(func(t *testing.T, in []byte) {
		out := AppendString(nil, in)
		var got string
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatalf("%q gives %s: %v", in, out, err)
		}
		// Reading it back gives the bytes, with those that are not UTF-8 spelled out.
		want := ""
		for rest := in; len(rest) > 0; {
			r, n := utf8.DecodeRune(rest)
			if r == utf8.RuneError && n == 1 {
				want += fmt.Sprintf(`\x%02x`, rest[0])
			} else {
				want += string(rest[:n])
			}
			rest = rest[n:]
		}
		if got != want {
			t.Fatalf("%q reads back as %q, want %q", in, got, want)
		}
	})
}
