package evejson

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"
)

// plainOf builds what encoding/json would.
func plainOf(v Value) any {
	switch v.Type() {
	case Null:
		return nil
	case Bool:
		return v.True()
	case Number:
		return json.Number(v.Raw())
	case String:
		return string(v.Str())
	case Array:
		out := []any{}
		for c := v.First(); c.Type() != NoValue; c = c.Next() {
			out = append(out, plainOf(c))
		}
		return out
	case Object:
		out := map[string]any{}
		for c := v.First(); c.Type() != NoValue; c = c.Next() {
			out[string(c.Key())] = plainOf(c)
		}
		return out
	}
	return "absent"
}

func TestRead(t *testing.T) {
	var d Doc
	text := `{"a":{},"b":[1,-2.5e+3,true,false,null,[]],"c\u0041":"x\n\"\\\/\ud83d\ude00\ud83d é","d":{"e":18446744073709551615}} `
	if err := d.Parse([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if n, ok := d.Root().Get("d").Get("e").Uint(); !ok || n != 1<<64-1 {
		t.Errorf("d.e is %d, %v", n, ok)
	}
	if s := string(d.Root().Get("cA").Str()); s != "x\n\"\\/😀\uFFFD é" {
		t.Errorf("cA is %q", s)
	}
	if v := d.Root().Get("a").First(); v.Type() != NoValue {
		t.Errorf("an empty object has a member of type %d", v.Type())
	}
	if v := d.Root().Get("b").Get("x").Get("y"); v.Type() != NoValue || v.Str() != nil || v.Raw() != nil {
		t.Error("what is absent has a value")
	}
	bad := func(text, want string) {
		t.Helper()
		if err := d.Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%.40q): %v, want %q", text, err, want)
		}
		if d.Root().Type() != NoValue {
			t.Errorf("%.40q has a value", text)
		}
	}
	bad(`{"a":1`, "cut off")
	bad(`{"a":01}`, "byte 7")
	bad(`{"a":1}}`, "byte 8")
	bad("{\"a\":\"\xff\"}", "UTF-8")
	bad(strings.Repeat("[", DepthMax+1)+strings.Repeat("]", DepthMax+1), "within one another")
	bad("["+strings.Repeat("0,", nodesMax)+"0]", "more than 16384 values")
	bad(strings.Repeat(" ", textMax+1), "bytes")
	if err := d.Parse([]byte(strings.Repeat("[", DepthMax) + strings.Repeat("]", DepthMax))); err != nil {
		t.Errorf("the deepest text: %v", err)
	}
}

func TestParseNumbers(t *testing.T) {
	f := func(in string, want int64, ok bool) {
		t.Helper()
		if got, gotOK := ParseNanos([]byte(in)); got != want || gotOK != ok {
			t.Errorf("ParseNanos(%q) = %d, %v", in, got, gotOK)
		}
	}
	f("1763710142.000001", 1763710142000001000, true)
	f("0.1234567899", 123456789, true)
	f("5", 5000000000, true)
	f("", 0, false)
	f("1.", 0, false)
	f("-1.0", 0, false)
	f("99999999999999999999", 0, false)
	f("9223372036.9", 0, false)
	if _, ok := ParseUint([]byte("18446744073709551616")); ok {
		t.Error("2^64 fits")
	}
}

func TestReadNoAllocation(t *testing.T) {
	var d Doc
	text := []byte(`{"event_type":"dns","dns":{"queries":[{"rrname":"a\\b.example"}]}}`)
	if n := testing.AllocsPerRun(100, func() {
		if d.Parse(text) != nil || d.Root().Get("dns").Get("queries").First().Get("rrname").Str() == nil {
			t.Fatal("not read")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzRead: what is read is what encoding/json reads, and nothing else is.
func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.5e-3,{"b":"\u00e9\ud800"}],"c":null,"d":true}`))
	f.Add([]byte(`[[],{},"",-0,"\ud83d\ude00"]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var d Doc
		err := d.Parse(text)
		if !utf8.Valid(text) {
			if err == nil {
				t.Fatal("invalid UTF-8 was read")
			}
			return
		}
		if err == errDepth || err == errNodes || err == errSize {
			return
		}
		if json.Valid(text) != (err == nil) {
			t.Fatalf("%q: %v", text, err)
		}
		if err != nil {
			return
		}
		var want any
		dec := json.NewDecoder(strings.NewReader(string(text)))
		dec.UseNumber()
		if err := dec.Decode(&want); err != nil {
			t.Skip(err) // a number that Go has no room for
		}
		if got := plainOf(d.Root()); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q: got %#v, want %#v", text, got, want)
		}
	})
}
