package pipeline

import (
	"bytes"
	"strings"
	"testing"

	"khien/sensor"
	"khien/sensor/sensortest"
)

// framer keeps the frames of one buffer.
type framer struct {
	buf    sensor.Buffer
	frames []string
	told   int
}

func (r *framer) Wants() sensor.Kind              { return sensor.KindFrame }
func (r *framer) WantsFrame(b sensor.Buffer) bool { return b == r.buf }
func (r *framer) Handle(e *sensor.Event) {
	r.told++
	if e.Frame.Complete {
		r.frames = append(r.frames, string(e.Frame.Data))
	}
}

func framesOf(t *testing.T, b sensor.Buffer, script string) (*framer, *Pipeline) {
	t.Helper()
	r := &framer{buf: b}
	p := New(Config{Handlers: func(int) []sensor.Handler { return []sensor.Handler{r} }})
	t.Cleanup(p.Close)
	if err := p.Run(sensortest.NewReader(packets(t, script)), "test.pcap"); err != nil {
		t.Fatal(err)
	}
	return r, p
}

func TestFrames(t *testing.T) {
	f := func(b sensor.Buffer, script string, want ...string) {
		t.Helper()
		r, _ := framesOf(t, b, script)
		if strings.Join(r.frames, "|") != strings.Join(want, "|") {
			t.Errorf("%s: %q, want %q", b.FrameKind().Name, r.frames, want)
		}
	}
	const smtp = "tcp 192.0.2.1 > 203.0.113.1:25 mss=3\n< 220 ready\n> HELO x\n< 250 ok\n"
	f(sensor.FrameSMTPCommandLine, smtp, "HELO x\r\n", "HELO x")
	f(sensor.FrameSMTPResponseLine, smtp, "220 ready\r\n", "250 ok\r\n")
	f(sensor.FrameStream, smtp, "HELO x\r\n", "220 ready\r\n250 ok\r\n")
	f(sensor.FrameTLSPDU, smtp)
	const http = "tcp 192.0.2.1 > 203.0.113.1:80 mss=4\n> GET /1 HTTP/1.1\n>\n< HTTP/1.1 200 OK\n< Content-Length: 2\n<\n<e ab\n> GET /2 HTTP/1.1\n>\n< HTTP/1.0 200 OK\n<\n<e to the end\n"
	f(sensor.FrameHTTPRequest, http, "GET /1 HTTP/1.1\r\n\r\n", "GET /2 HTTP/1.1\r\n\r\n")
	f(sensor.FrameHTTPResponse, http, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", "HTTP/1.0 200 OK\r\n\r\nto the end")
}

// TestFrameLimits has a frame longer than what is kept, and more frames in one packet than are told of.
func TestFrameLimits(t *testing.T) {
	r, _ := framesOf(t, sensor.FrameStream, "tcp 192.0.2.1 > 203.0.113.1:25\n< 220 ready\n> HELO x\n< 250 ok\n>* 3000 NOOP xxxxxxxxxxxxxxxxxxxxxxxxxxx\\r\\n\n")
	for _, f := range r.frames {
		if len(f) > sensor.FrameMax {
			t.Errorf("a frame of %d bytes", len(f))
		}
	}
	if len(r.frames) != 2 || len(r.frames[0])+len(r.frames[1]) < sensor.FrameMax || r.told > 400 {
		t.Errorf("%d frames, told %d times", len(r.frames), r.told)
	}
	w := &worker{cfg: &Config{}}
	w.frames.handlers = []sensor.FrameHandler{&framer{buf: sensor.FrameDNSPDU}}
	tr := &track{w: w, f: &sensor.Flow{}}
	for range framesMax + 5 {
		tr.Frame(sensor.FrameDNSPDU, sensor.ToServer, []byte("x"), 1)
	}
	if len(w.frames.marked) != framesMax || w.stats.Lost.Frames != 5 {
		t.Errorf("%d marked, %d lost", len(w.frames.marked), w.stats.Lost.Frames)
	}
	w.frames.release()
	for range openMax + 1 {
		tr.Frame(sensor.FrameDNSPDU, sensor.ToServer, []byte("x"), 2)
	}
	if len(tr.frames[0]) != openMax || w.stats.Lost.Frames != 6 || tr.held != openMax {
		t.Errorf("%d open, %d lost, %d bytes held", len(tr.frames[0]), w.stats.Lost.Frames, tr.held)
	}
	tr.endFrames(sensor.ToServer)
	if tr.held != 0 {
		t.Errorf("%d bytes are held of frames that are over", tr.held)
	}
}

// TestFrameAllocations marks frames, and none, in the steady state.
func TestFrameAllocations(t *testing.T) {
	for _, b := range []sensor.Buffer{sensor.FrameTLSPDU, sensor.FrameDNSPDU} {
		w := &worker{cfg: &Config{}}
		w.frames.handlers = []sensor.FrameHandler{&framer{buf: b}}
		tr := &track{w: w, f: &sensor.Flow{}}
		data := bytes.Repeat([]byte("x"), 1000)
		if n := testing.AllocsPerRun(100, func() {
			tr.Frame(sensor.FrameDNSPDU, sensor.ToServer, data, 1500)
			tr.Frame(sensor.FrameDNSPDU, sensor.ToServer, data, 10)
			tr.growFrames(sensor.ToServer, data)
			w.tellFrames(tr.f)
			w.frames.release()
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	}
}
