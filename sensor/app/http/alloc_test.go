package http

import (
	"bytes"
	"compress/gzip"
	"net/netip"
	"strings"
	"testing"

	"khien/sensor"
)

// quiet is an Emitter that does what the pipeline does with transactions, and nothing else.
type quiet struct {
	flow sensor.Flow
	file sensor.File
	done []*Transaction
}

func (q *quiet) Flow() *sensor.Flow                { return &q.flow }
func (q *quiet) Time() int64                       { return 0 }
func (q *quiet) Tx(sensor.Transaction, sensor.Dir) {}
func (q *quiet) Done(tx sensor.Transaction)        { q.done = append(q.done, tx.(*Transaction)) }
func (q *quiet) OpenFile(sensor.Transaction, sensor.Dir, []byte) *sensor.File {
	return &q.file
}
func (q *quiet) WriteFile(*sensor.File, []byte)               {}
func (q *quiet) GapFile(*sensor.File, int)                    {}
func (q *quiet) CloseFile(*sensor.File, bool)                 {}
func (q *quiet) Upgrade(sensor.Proto)                         {}
func (q *quiet) Frame(sensor.Buffer, sensor.Dir, []byte, int) {}
func (q *quiet) EndFrame(sensor.Buffer, sensor.Dir, int)      {}
func (q *quiet) Expect(sensor.Expectation)                    {}
func (q *quiet) Anomaly(sensor.Dir, string)                   {}
func (q *quiet) Wanted(sensor.Buffer) bool                    { return true }
func (q *quiet) release() {
	for _, t := range q.done {
		t.Release()
	}
	q.done = q.done[:0]
}

func exchange(t testing.TB, encoded bool) (request, response []byte) {
	t.Helper()
	request = []byte("GET /index.html?a=%41 HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\n" +
		"Accept: text/html,application/xhtml+xml\r\nAccept-Language: vi,en\r\nAccept-Encoding: gzip, deflate\r\nCookie: a=b; c=d\r\n" +
		"Connection: keep-alive\r\n\r\n")
	body := []byte(strings.Repeat("<p>nội dung trang web</p>\n", 700))
	head := "HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n"
	if encoded {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(body)
		_ = w.Close()
		body = b.Bytes()
		head += "Content-Encoding: gzip\r\n"
	}
	response = []byte(head + "\r\n")
	for len(body) > 0 {
		n := min(len(body), 4000)
		response = append(response, hexChunk(string(body[:n]))...)
		body = body[n:]
	}
	return request, append(response, "0\r\n\r\n"...)
}

// round gives one exchange to a parser in segments of 1460 bytes.
func (q *quiet) round(t testing.TB, p sensor.Parser, request, response []byte) {
	_, err := p.Parse(sensor.ToServer, request, q)
	for err == nil && len(response) > 0 {
		n := min(len(response), 1460)
		_, err = p.Parse(sensor.ToClient, response[:n], q)
		response = response[n:]
	}
	if err != nil || len(q.done) != 1 {
		t.Fatalf("%d transactions, %v", len(q.done), err)
	}
	q.release()
}

func newQuiet() *quiet {
	return &quiet{flow: sensor.Flow{Src: netip.MustParseAddr("192.0.2.1"), Dst: netip.MustParseAddr("192.0.2.2"), DstPort: 80}}
}

func TestNoAllocation(t *testing.T) {
	if raced {
		t.Skip("allocations are not counted under the race detector, which empties pools: run without -race")
	}
	for _, encoded := range []bool{false, true} {
		request, response := exchange(t, encoded)
		q := newQuiet()
		p := Protocol().New(&q.flow, nil)
		q.round(t, p, request, response)
		n := testing.AllocsPerRun(100, func() { q.round(t, p, request, response) })
		if n > 0.5 { // the garbage collector may empty a pool in between
			t.Errorf("encoded %t: %v allocations an exchange", encoded, n)
		}
	}
}

func benchmark(b *testing.B, encoded bool) {
	request, response := exchange(b, encoded)
	q := newQuiet()
	p := Protocol().New(&q.flow, nil)
	b.SetBytes(int64(len(request) + len(response)))
	b.ReportAllocs()
	for b.Loop() {
		q.round(b, p, request, response)
	}
}

func BenchmarkExchange(b *testing.B)     { benchmark(b, false) }
func BenchmarkExchangeGzip(b *testing.B) { benchmark(b, true) }
