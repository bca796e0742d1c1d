package pipeline

import (
	"fmt"
	"slices"
	"testing"

	"khien/sensor"
	"khien/sensor/sensortest"
)

// hellos collects what hellos and answers tell.
type hellos struct{ told []string }

func (h *hellos) Wants() sensor.Kind { return sensor.KindTx | sensor.KindAnomaly }

func (h *hellos) Handle(e *sensor.Event) {
	if e.Kind == sensor.KindAnomaly {
		h.told = append(h.told, "anomaly "+e.Anomaly)
		return
	}
	line := ""
	for _, b := range [...]sensor.Buffer{sensor.TLSSNI, sensor.QUICSNI, sensor.DNSAnswerData, sensor.DNSNameServer} {
		if v, ok := e.Tx.Buffer(b, e.Dir, 0); ok {
			line += fmt.Sprintf(" %#x=%s", uint16(b), v)
		}
	}
	if n, ok := e.Tx.Number(sensor.TLSECH, e.Dir, 0); ok {
		line += fmt.Sprint(" ech=", n)
	}
	if line != "" && !slices.Contains(h.told, line) {
		h.told = append(h.told, line)
	}
}

func TestNamesOfWrittenTraffic(t *testing.T) {
	s, err := sensortest.Parse(`
quic 10.20.3.14 > 203.0.113.9:443 sni=shown.example recv=20000
quic 10.20.3.14 > 203.0.113.9:443 sni=hidden.example ech=public.example
tls 10.20.3.14 > 203.0.113.9:443 sni=hidden.example ech=public.example
dns 10.20.3.14 zone.example NS ns1.host.example ns2.host.example
`)
	if err != nil {
		t.Fatal(err)
	}
	h := &hellos{}
	p := New(Config{Workers: 1, Handlers: func(int) []sensor.Handler { return []sensor.Handler{h} }})
	defer p.Close()
	if err := p.Run(sensortest.NewReader(s.Packets()), "script"); err != nil {
		t.Fatal(err)
	}
	want := []string{" 0x100=shown.example 0x240=shown.example", " 0x100=public.example 0x240=public.example ech=1",
		" 0x100=public.example ech=1", " 0xc9=ns1.host.example 0xcb=ns1.host.example"}
	if !slices.Equal(h.told, want) {
		t.Errorf("told %q\nwant %q", h.told, want)
	}
}
