package http2

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2/hpack"

	"khien/sensor"
	"khien/sensor/app/apptest"
)

func frame(kind, flags uint8, stream uint32, payload string) string {
	n := len(payload)
	head := []byte{byte(n >> 16), byte(n >> 8), byte(n), kind, flags, 0, 0, 0, 0}
	binary.BigEndian.PutUint32(head[5:], stream)
	return string(head) + payload
}

// block compresses headers given as name, value, name, value, ...
func block(list ...string) string {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	e.SetMaxDynamicTableSize(0) // so that blocks can be put in any order
	for i := 0; i < len(list); i += 2 {
		_ = e.WriteField(hpack.HeaderField{Name: list[i], Value: list[i+1]})
	}
	return b.String()
}

func request(path string) string {
	return block(":method", "GET", ":scheme", "http", ":authority", "www.Example.com:8080", ":path", path, "user-agent", "test")
}

var settings = frame(frameSettings, 0, 0, "\x00\x01\x00\x01\x00\x00\x00\x04\x00\x10\x00\x00")

func buffer(l *apptest.Log, tx int, b sensor.Buffer, dir sensor.Dir, i int) string {
	if tx >= len(l.Txs) {
		return "(no transaction)"
	}
	v, ok := l.Txs[tx].Buffer(b, dir, i)
	if !ok {
		return "(none)"
	}
	return string(v)
}

func run(t *testing.T, steps ...apptest.Step) *apptest.Log {
	t.Helper()
	apptest.SameCut(t, Protocol(), 80, nil, steps...)
	return apptest.TCP(Protocol(), 80, nil, 0, steps...)
}

func TestExchange(t *testing.T) {
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write([]byte("hello"))
	_ = w.Close()
	head := request("/a/../b?q=%41")
	l := run(t, apptest.C(preface+settings+frame(frameHeaders, flagEndStream, 1, head[:5])+
		frame(frameContinuation, flagEndHeaders, 1, head[5:])+frame(frameHeaders, flagEndHeaders|flagPadded|flagPriority, 3, "\x02\x00\x00\x00\x01\x0f"+
		block(":method", "POST", ":path", "/form", ":authority", "b", "content-type", "application/x-www-form-urlencoded")+"\x00\x00")+
		frame(frameData, flagEndStream|flagPadded, 3, "\x03otp=1234\x00\x00\x00")),
		apptest.S(settings+frame(frameHeaders, flagEndHeaders, 1, block(":status", "103", "link", "x"))+
			frame(frameHeaders, flagEndHeaders, 1, block(":status", "200", "server", "x", "content-encoding", "gzip", "content-type", "text/plain"))+
			frame(frameData, 0, 1, z.String()[:9])+frame(frameHeaders, flagEndHeaders, 3, block(":status", "204"))+
			frame(frameData, 0, 1, z.String()[9:])+frame(frameHeaders, flagEndHeaders|flagEndStream, 1, block("x-trailer", "y"))+
			frame(frameReset, 0, 3, "\x00\x00\x00\x08")+frame(frameGoAway, 0, 0, "\x00\x00\x00\x03\x00\x00\x00\x02")))
	if len(l.Txs) != 5 {
		t.Fatalf("%d transactions\n%s", len(l.Txs), l)
	}
	f := func(tx int, b sensor.Buffer, dir sensor.Dir, i int, want string) {
		t.Helper()
		if got := buffer(l, tx, b, dir, i); got != want {
			t.Errorf("buffer %#x of %d, %v %d = %q, want %q", b, tx, dir, i, got, want)
		}
	}
	c, s := sensor.ToServer, sensor.ToClient
	f(0, sensor.HTTP2Settings, c, 1, "SETTINGSINITIALWINDOWSIZE=1048576")
	f(1, sensor.HTTPMethod, c, 0, "GET")
	f(1, sensor.HTTPURI, c, 0, "/b?q=A")
	f(1, sensor.HTTPURIRaw, c, 0, "/a/../b?q=%41")
	f(1, sensor.HTTPHost, c, 0, "www.example.com")
	f(1, sensor.HTTPHostRaw, c, 0, "www.Example.com:8080")
	f(1, sensor.HTTPUserAgent, c, 0, "test")
	f(1, sensor.HTTPProtocol, c, 0, "HTTP/2")
	f(1, sensor.HTTPRequestLine, c, 0, "GET /a/../b?q=%41 HTTP/2\r\n")
	f(1, sensor.HTTPHeaderNames, c, 0, "\r\n:method\r\n:scheme\r\n:authority\r\n:path\r\nuser-agent\r\n\r\n")
	f(1, sensor.HTTPRequestHeader, c, 4, "user-agent: test")
	f(1, sensor.HTTPResponseLine, s, 0, "HTTP/2 200\r\n")
	f(1, sensor.HTTPStatCode, s, 0, "200")
	f(1, sensor.HTTPStatMsg, s, 0, "")
	f(1, sensor.HTTPServer, s, 0, "x")
	f(1, sensor.HTTPResponseBody, s, 0, "hello")
	f(1, sensor.FileData, s, 0, "hello")
	f(1, sensor.HTTP2Header, s, 4, "x-trailer: y")
	f(1, sensor.HTTP2HeaderName, s, 4, "x-trailer")
	f(1, sensor.HTTP2HeaderName, c, 0, ":method")
	f(2, sensor.HTTPRequestBody, c, 0, "otp=1234")
	f(2, sensor.HTTPFormName, c, 0, "otp")
	f(2, sensor.HTTPFormValue, c, 0, "1234")
	n := func(tx int, b sensor.Buffer, dir sensor.Dir, want uint64) {
		t.Helper()
		if got, ok := l.Txs[tx].Number(b, dir, 0); !ok || got != want {
			t.Errorf("number %#x of %d = %d %t, want %d", b, tx, got, ok, want)
		}
	}
	n(0, sensor.HTTP2FrameType, c, frameSettings)
	n(1, sensor.HTTPStatCode, s, 200)
	n(2, sensor.HTTP2Priority, c, 15)
	n(2, sensor.HTTP2ErrorCode, s, 8)
	n(4, sensor.HTTP2ErrorCode, s, 2)
	if eve := l.EVE(4); !strings.Contains(eve, `"response":{"error_code":"INTERNALERROR"}`) {
		t.Error(eve)
	}
	if eve := l.EVE(1); !strings.Contains(eve, `"version":"2"`) || !strings.Contains(eve, `"length":29,"http2":{"stream_id":1`) {
		t.Error(eve)
	}
	if len(l.Files) != 2 || string(l.Contents[l.Files[1]]) != "hello" || l.Files[1].State != sensor.FileClosed {
		t.Errorf("files\n%s", l)
	}
}

// TestUpgraded reads a connection that was HTTP/1: the request of stream 1 was sent before.
func TestUpgraded(t *testing.T) {
	l := run(t, apptest.S(settings+frame(frameHeaders, flagEndHeaders, 1, block(":status", "200"))+frame(frameData, flagEndStream, 1, "hi")),
		apptest.C(preface+settings))
	if len(l.Txs) != 3 || buffer(l, 1, sensor.HTTPResponseBody, sensor.ToClient, 0) != "hi" ||
		l.Txs[1].Base().Done != [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete} {
		t.Errorf("upgraded:\n%s", l)
	}
}

func TestGap(t *testing.T) {
	l := apptest.TCP(Protocol(), 80, nil, 0, apptest.C(preface+frame(frameHeaders, flagEndHeaders|flagEndStream, 1, request("/"))),
		apptest.S(frame(frameHeaders, flagEndHeaders, 1, block(":status", "200"))+frame(frameData, flagEndStream, 1, "hello world")[:12]),
		apptest.Step{Dir: sensor.ToClient, Gap: 4}, apptest.S("orld"+frame(frameHeaders, flagEndHeaders|flagEndStream, 3, block(":status", "404"))))
	if len(l.Txs) != 2 || !l.Files[0].Gaps || buffer(l, 1, sensor.HTTPStatCode, sensor.ToClient, 0) != "404" {
		t.Errorf("gap in DATA:\n%s", l)
	}
}

func TestAnomalies(t *testing.T) {
	f := func(want string, frames string) {
		t.Helper()
		l := run(t, apptest.C(preface+frames))
		for _, tx := range l.Txs {
			if slices.Contains(tx.Base().Anomalies[0], want) {
				return
			}
		}
		if !slices.Contains(l.Anomalies, "to_server "+want) {
			t.Errorf("want %s in\n%s", want, l)
		}
	}
	f(anAuthorityHost, frame(frameHeaders, flagEndHeaders, 1, block(":method", "GET", ":authority", "a", "host", "b")))
	f(anUserinfo, frame(frameHeaders, flagEndHeaders, 1, block(":method", "GET", ":authority", "u@a")))
	f(anDataStreamZero, frame(frameData, 0, 0, "x"))
	f(anFrameLength, frame(frameReset, 0, 1, "x"))
	f(anFrameData, frame(frameHeaders, flagPadded, 1, "\xff"))
	f(anFrameHeader, frame(frameContinuation, 0, 1, "x"))
	f(anFrameHeader, frame(frameHeaders, 0, 1, "x")+frame(framePing, 0, 0, "12345678"))
	f(anHeader, frame(frameHeaders, flagEndHeaders, 1, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"))
	f(anTooManyFrames, frame(frameHeaders, 0, 1, "")+strings.Repeat(frame(frameContinuation, 0, 1, ""), maxContinuations+1))
	f(anExtraHeader, frame(frameHeaders, flagEndHeaders, 3, bomb()))
	var many strings.Builder
	for i := range maxStreams + 1 {
		many.WriteString(frame(frameHeaders, flagEndHeaders, uint32(2*i+1), "\x82"))
	}
	f(anTooManyStreams, many.String())
}

// bomb is a small block that names a large header again and again.
func bomb() string {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for range 100 {
		_ = e.WriteField(hpack.HeaderField{Name: "x", Value: strings.Repeat("y", 3000)})
	}
	return b.String()
}

func TestProbe(t *testing.T) {
	f := func(dir sensor.Dir, data string, want sensor.Match) {
		t.Helper()
		if got := Probe(dir, []byte(data), nil); got != want {
			t.Errorf("Probe(%v, %q) = %d, want %d", dir, data, got, want)
		}
	}
	f(sensor.ToServer, "PRI ", sensor.More)
	f(sensor.ToServer, preface, sensor.Yes)
	f(sensor.ToServer, "GET / HTTP/1.1\r\n", sensor.No)
	f(sensor.ToClient, settings, sensor.Yes)
	f(sensor.ToClient, settings[:5], sensor.More)
	f(sensor.ToClient, "HTTP/1.1 200 OK", sensor.No)
	f(sensor.ToClient, "\x00\x00\x00\x04", sensor.No)
}

// FuzzCut gives frames whole and cut into pieces: the transactions must be the same, and complete at the end.
func FuzzCut(f *testing.F) {
	f.Add(apptest.Seed(apptest.C(preface+settings+frame(frameHeaders, flagEndHeaders|flagEndStream, 1, request("/"))),
		apptest.S(settings+frame(frameHeaders, flagEndHeaders, 1, block(":status", "200"))+frame(frameData, flagEndStream|flagPadded, 1, "\x01hello!"))))
	f.Add(apptest.Seed(apptest.C(frame(frameHeaders, 0, 1, "\x82")+frame(frameContinuation, flagEndHeaders, 1, "\x84")),
		apptest.S(frame(framePush, flagEndHeaders, 1, "\x00\x00\x00\x02\x82\x84")+frame(frameReset, 0, 2, "\x00\x00\x00\x08"))))
	f.Fuzz(func(t *testing.T, in []byte) {
		steps := apptest.Dialogue(in)
		apptest.SameCut(t, Protocol(), 80, nil, steps...)
		for _, tx := range apptest.TCP(Protocol(), 80, nil, 0, steps...).Txs {
			if d := tx.Base().Done; d != [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete} {
				t.Fatalf("transaction %d is not complete: %v", tx.Base().ID, d)
			}
		}
	})
}
