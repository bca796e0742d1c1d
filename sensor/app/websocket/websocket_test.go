package websocket

import (
	"bytes"
	"compress/flate"
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

// frame makes a frame, masked when mask is not "".
func frame(first byte, mask, payload string) string {
	b := []byte{first}
	bit := byte(0)
	if mask != "" {
		bit = 0x80
	}
	switch n := len(payload); {
	case n < 126:
		b = append(b, bit|byte(n))
	default:
		b = append(b, bit|127, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	}
	b = append(b, mask...)
	for i := range len(payload) {
		c := payload[i]
		if mask != "" {
			c ^= mask[i&3]
		}
		b = append(b, c)
	}
	return string(b)
}

func TestFrames(t *testing.T) {
	steps := []Step{C(frame(0x81, "\x01\x02\x03\x04", "hello")), S(frame(0x01, "", "MAL")), S(frame(0x89, "", "ping")), S(frame(0x80, "", "WARE")), S(frame(0x88, "", ""))}
	l := TCP(Protocol(), 80, nil, 0, steps...)
	if len(l.Txs) != 5 {
		t.Fatalf("%s", l)
	}
	if got := l.EVE(0); got != `{"fin":true,"mask":16909060,"opcode":"text"}` {
		t.Error(got)
	}
	f := func(i int, dir sensor.Dir, want string) {
		t.Helper()
		if b, _ := l.Txs[i].Buffer(sensor.WebSocketPayload, dir, 0); string(b) != want {
			t.Errorf("%d: %q, want %q", i, b, want)
		}
	}
	f(0, sensor.ToServer, "hello")
	f(1, sensor.ToClient, "")
	f(2, sensor.ToClient, "ping")
	f(3, sensor.ToClient, "MALWARE")
	if got := l.FramesOf(sensor.FrameWebSocketPDU); len(got) != 5 || got[0] != string(steps[0].Data) {
		t.Errorf("%q", got)
	}
	if got := l.FramesOf(sensor.FrameWebSocketHeader); len(got) != 5 || got[0] != string(steps[0].Data[:6]) {
		t.Errorf("%q", got)
	}
	SameCut(t, Protocol(), 80, nil, steps...)
}

func TestCompressed(t *testing.T) {
	var out bytes.Buffer
	w, _ := flate.NewWriter(&out, 9)
	next := func(s string) string {
		out.Reset()
		w.Write([]byte(s))
		w.Flush()
		return strings.TrimSuffix(out.String(), "\x00\x00\xff\xff")
	}
	text := "a text that the second message repeats"
	steps := []Step{S(frame(0xc1, "", next(text))), S(frame(0xc1, "", next(text)))}
	l := TCP(Protocol(), 80, nil, 0, steps...)
	for i := range 2 {
		if b, _ := l.Txs[i].Buffer(sensor.WebSocketPayload, sensor.ToClient, 0); string(b) != text {
			t.Errorf("%d: %q", i, b)
		}
	}
	if l := TCP(Protocol(), 80, nil, 0, S(frame(0xc1, "", "\xff\xff\xff"))); len(l.Txs) != 1 || l.Txs[0].Base().Anomalies[1][0] != DecompressionError {
		t.Errorf("%s", l)
	}
	SameCut(t, Protocol(), 80, nil, steps...)
}

func TestFiles(t *testing.T) {
	big := strings.Repeat("x", 3*payloadMax)
	steps := []Step{S(frame(0x02, "", "head")), S(frame(0x00, "abcd", big)), S(frame(0x80, "", "tail"))}
	l := TCP(Protocol(), 80, nil, 0, steps...)
	if len(l.Files) != 1 || string(l.Contents[l.Files[0]]) != "head"+big+"tail" || l.Files[0].State != sensor.FileClosed {
		t.Errorf("%.300s", l)
	}
	if b, _ := l.Txs[2].Buffer(sensor.WebSocketPayload, sensor.ToClient, 0); len(b) != payloadMax {
		t.Errorf("%d bytes kept", len(b))
	}
	SameCut(t, Protocol(), 80, nil, steps...)
}

func FuzzParse(f *testing.F) {
	f.Add(Seed(C(frame(0x81, "\x01\x02\x03\x04", "hello")), S(frame(0x01, "", "MAL")), S(frame(0x89, "", "ping")), S(frame(0x80, "", "WARE"))))
	f.Add(Seed(S(frame(0xc1, "", "\xf2H\xcd\xc9\xc9\x07\x00"))))
	f.Fuzz(func(t *testing.T, in []byte) { SameCut(t, Protocol(), 80, nil, Dialogue(in)...) })
}
