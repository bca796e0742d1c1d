package tls

import (
	ctls "crypto/tls"
	"testing"

	"khien/sensor"
	"khien/sensor/app/apptest"
)

// BenchmarkHandshake is a TLS 1.2 connection from its first byte to encrypted data, without fingerprints.
func BenchmarkHandshake(b *testing.B) {
	client, server := configs(b, ctls.VersionTLS12)
	steps := talk(b, client, server)
	e := deaf{apptest.NewLog(sensor.IPProtoTCP, 443)}
	b.ReportAllocs()
	for b.Loop() {
		p := Protocol().New(e.F, nil)
		for _, s := range steps {
			_, _ = p.Parse(s.Dir, s.Data, e)
		}
	}
}

// BenchmarkEncrypted is a record of 16 KB of application data.
func BenchmarkEncrypted(b *testing.B) {
	e := deaf{apptest.NewLog(sensor.IPProtoTCP, 443)}
	client, server := configs(b, ctls.VersionTLS13)
	p := Protocol().New(e.F, nil)
	for _, s := range talk(b, client, server) {
		_, _ = p.Parse(s.Dir, s.Data, e)
	}
	data := append([]byte{23, 3, 3, 0x40, 0}, make([]byte, 0x4000)...)
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = p.Parse(sensor.ToClient, data, e)
	}
}

// deaf is an emitter that keeps nothing.
type deaf struct{ *apptest.Log }

func (deaf) Tx(sensor.Transaction, sensor.Dir) {}
func (deaf) Done(sensor.Transaction)           {}
