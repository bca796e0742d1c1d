package dns

import (
	"testing"

	"khien/sensor"
)

// BenchmarkMessage is a response with one address, as most are, from the wire to its buffers.
func BenchmarkMessage(b *testing.B) {
	r := udp(5555, 53)
	p := maker(sensor.ProtoDNS)(&r.flow, nil)
	msg := []byte(answer + name("www.example.vn") + "\x00\x01" + classIN + rr(pointer, "\x00\x01", "\x01\x02\x03\x04"))
	b.SetBytes(int64(len(msg)))
	b.ReportAllocs()
	e := quiet{r}
	for b.Loop() {
		_, _ = p.Parse(sensor.ToClient, msg, e)
	}
}
