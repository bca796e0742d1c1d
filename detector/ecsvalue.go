package detector

import (
	"fmt"
	"math"
	"net/netip"
	"time"
)

// ecsCategory returns event.category: the allowed values of ECS that tell most about a kind of detector.
func ecsCategory(s Source) []string {
	switch s {
	case FromYARA:
		return []string{"malware", "file"}
	case FromFraud:
		return []string{"threat", "web"}
	case FromHealth:
		return []string{"host"}
	}
	return []string{"intrusion_detection", "network"}
}

func ecsType(action string) []string {
	switch action {
	case "allowed":
		return []string{"info", "allowed"}
	case "blocked":
		return []string{"info", "denied"}
	}
	return []string{"info"}
}

// lastTime is the end of what RFC 3339 can write. A capture file may claim later times.
var lastTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

// ecsTime returns a time that JSON can hold.
func ecsTime(t time.Time) time.Time {
	t = t.UTC()
	switch {
	case t.After(lastTime):
		return lastTime
	case t.Year() < 1:
		return time.Time{}
	}
	return t
}

func ecsTimeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = ecsTime(t)
	return &t
}

// finite returns v, or 0 for what JSON has no number for.
func finite(v float64) float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return 0
	}
	return v
}

func ecsIDOf(id string) *ecsID {
	if id == "" {
		return nil
	}
	return &ecsID{id}
}

func ecsEnd(ip netip.Addr, port uint16, p Place) *ecsEndpoint {
	e := ecsEndpoint{Port: port}
	if ip.IsValid() {
		e.IP, e.Address = ip.String(), ip.String()
	}
	if p.AS != 0 || p.Org != "" {
		e.AS = &ecsAS{Number: p.AS}
		if p.Org != "" {
			e.AS.Organization = &ecsOrganization{p.Org}
		}
	}
	if p.Country != "" {
		e.Geo = &ecsGeo{p.Country}
	}
	if e == (ecsEndpoint{}) {
		return nil
	}
	return &e
}

func fromECSEnd(field string, e *ecsEndpoint) (ip netip.Addr, port uint16, p Place, err error) {
	if e == nil {
		return ip, 0, p, nil
	}
	if e.IP != "" {
		if ip, err = netip.ParseAddr(e.IP); err != nil {
			return ip, 0, p, fmt.Errorf("detector: decode finding: %s.ip: %w", field, err)
		}
	}
	if e.AS != nil {
		p.AS = e.AS.Number
		if e.AS.Organization != nil {
			p.Org = e.AS.Organization.Name
		}
	}
	if e.Geo != nil {
		p.Country = e.Geo.Country
	}
	return ip, e.Port, p, nil
}

// ecsReasons copies the reasons, with secrets in their excerpts masked and weights that add up to the score: what reads
// "adds 0.41 to the score" has to, whichever detectors' reasons came together in the finding.
func ecsReasons(in []Reason, score float64) []Reason {
	if len(in) == 0 {
		return nil
	}
	out := make([]Reason, len(in))
	for i, r := range in {
		r.Weight = max(0, finite(r.Weight))
		r.Excerpt = MaskSecrets(r.Excerpt)
		out[i] = r
	}
	addUpTo(score, out)
	return out
}

// addUpTo scales weights to thousandths that have a sum, unless they have it up to rounding: written again they stay.
func addUpTo(sum float64, reasons []Reason) {
	const thousandth = 1e-3
	have := 0.0
	for i := range reasons {
		have += reasons[i].Weight
	}
	have = finite(have)
	if have == 0 || sum <= 0 || math.Abs(have-sum) <= thousandth*float64(len(reasons)) {
		return
	}
	for i := range reasons {
		reasons[i].Weight = math.Round(reasons[i].Weight/have*sum/thousandth) * thousandth
	}
}

func ecsFraud(f *Fraud) *Fraud {
	if f == nil {
		return nil
	}
	c := *f
	c.Score = finite(c.Score)
	return &c
}

func ecsSteps(in []Step) []Step {
	if len(in) == 0 {
		return nil
	}
	out := make([]Step, len(in))
	for i, s := range in {
		s.Time = ecsTime(s.Time)
		out[i] = s
	}
	return out
}
