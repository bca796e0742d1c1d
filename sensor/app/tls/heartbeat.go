package tls

import "khien/sensor"

// Sizes of a heartbeat message (RFC 6520, 4).
const (
	heartbeatHeader  = 3
	heartbeatPadding = 16
)

// heartbeat looks at the start of a heartbeat record of n bytes. A request that claims more payload than its record holds
// makes a server with CVE-2014-0160 send its memory; where the record is encrypted, the answer's length tells.
func (p *parser) heartbeat(dir sensor.Dir, n int, b []byte, out sensor.Emitter) {
	p.anomaly(dir, anomHeartbeat, out)
	if p.half[dir].encrypted {
		if asked := p.heartAsked[dir.Reverse()]; asked > 0 && n > asked {
			p.anomaly(dir, anomHeartLeak, out)
			p.heartAsked[dir.Reverse()] = 0
			return
		}
		p.heartAsked[dir] = n
		return
	}
	if len(b) < heartbeatHeader || b[0] != 1 && b[0] != 2 {
		p.anomaly(dir, anomBadHeartbeat, out)
		return
	}
	payload := int(b[1])<<8 | int(b[2])
	switch {
	case payload > n-heartbeatHeader:
		p.anomaly(dir, anomHeartbleed, out)
	case payload+heartbeatHeader+heartbeatPadding > n:
		p.anomaly(dir, anomBadHeartbeat, out)
	}
	if b[0] == 2 {
		if asked := p.heartAsked[dir.Reverse()]; asked > 0 && n > asked {
			p.anomaly(dir, anomHeartLeak, out)
		}
		p.heartAsked[dir.Reverse()] = 0
		return
	}
	p.heartAsked[dir] = n
}
