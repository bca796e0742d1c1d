package fraud

import (
	"net/netip"
	"strings"
	"time"

	"khien/detector"
	"khien/sensor"
)

// shown is the certificate that a server showed for a suspicious name.
type shown struct {
	seen    *sightings
	capture string
	client  netip.Addr
	server  netip.Addr
	name    string
	level   Level
	cert    certificate
	sans    []Level // verdicts about cert.SANs
	at      time.Time
}

// certificate looks at a certificate, which a handshake shows in clear up to TLS 1.2.
func (d *Detector) certificate(e *sensor.Event) {
	name, ok := e.Tx.Buffer(sensor.TLSSNI, sensor.ToServer, 0)
	if !ok || len(name) == 0 || len(name) > maxName || d.clean.has(name) {
		return
	}
	d.names.Score(name, &d.v)
	if d.v.Level == Clean {
		return
	}
	s := &shown{seen: d.names.seen, capture: e.Capture, client: e.Flow.Src, server: e.Flow.Dst, name: strings.ToLower(strings.TrimSuffix(string(name), ".")),
		level: d.v.Level, at: eventTime(e)}
	if v, ok := e.Tx.Buffer(sensor.TLSCertFP, sensor.ToClient, 0); ok {
		s.cert.Print = string(v)
	}
	if v, ok := e.Tx.Buffer(sensor.TLSCertIssuer, sensor.ToClient, 0); ok {
		s.cert.Issuer = clip(string(v))
	}
	if n, ok := e.Tx.Number(sensor.TLSNotBefore, sensor.ToClient, 0); ok && n < 1<<40 {
		s.cert.NotBefore = int64(n)
	}
	for i := range maxSANs {
		v, ok := e.Tx.Buffer(sensor.TLSSAN, sensor.ToClient, i)
		if !ok {
			break
		}
		san := strings.TrimPrefix(strings.ToLower(string(v[:min(len(v), maxName)])), "*.")
		d.names.Score([]byte(san), &d.v)
		s.cert.SANs, s.sans = append(s.cert.SANs, san), append(s.sans, d.v.Level)
	}
	d.note(e, s)
}

// learn keeps the certificate and gives the findings that it completes.
func (s *shown) learn() []*detector.Finding {
	m := s.seen.memory()
	m.mu.Lock()
	defer m.mu.Unlock()
	x := m.name(s.name)
	x.Level, x.Cert = max(x.Level, min(s.level, Suspicious)), s.cert
	for i, san := range s.cert.SANs {
		if s.sans[i] > Clean && san != s.name {
			n := m.name(san)
			n.Level = max(n.Level, Suspicious)
		}
	}
	out := m.ripe(s.name, s.at)
	if x.Level == Fraud {
		out = append(out, m.belongs(s.name, x, s.capture, s.client, s.seen, s.at)...)
	}
	return out
}
