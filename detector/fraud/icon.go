package fraud

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"khien/detector"
	"khien/sensor"
)

// maxIcon is how large a favicon is at most; larger pictures are none.
const maxIcon = 64 << 10

// site is what a host shows of itself beside what a page says: its favicon, a form, or that it sends visitors on to the
// organisation that its name imitates. Kits do both: the form for victims, the true site for everybody else.
type site struct {
	seen   *sightings
	name   string
	level  Level
	brand  string // whose host this is, or whose the visitors are sent to
	icon   string // SHA-256
	away   bool   // a visitor was sent to the organisation
	served bool   // a visitor was shown a form
	at     time.Time
}

// icon looks at a favicon of a host that imitates somebody, or of the organisation itself: that is how one is known.
func (d *Detector) icon(e *sensor.Event) {
	uri, _ := e.Tx.Buffer(sensor.HTTPURI, sensor.ToServer, 0)
	path, _, _ := bytes.Cut(uri, []byte("?"))
	if !bytes.HasSuffix(path, []byte(".ico")) && !bytes.Contains(path, []byte("favicon")) {
		return
	}
	body, _ := e.Tx.Buffer(sensor.HTTPResponseBody, sensor.ToClient, 0)
	if code, ok := e.Tx.Number(sensor.HTTPStatCode, sensor.ToClient, 0); !ok || code != 200 || len(body) < 16 || len(body) > maxIcon || body[0] == '<' {
		return
	}
	sum := sha256.Sum256(body)
	d.site(e, &site{icon: hex.EncodeToString(sum[:])})
}

// site tells what a host shows of itself, where its name is the organisation's or suspicious.
func (d *Detector) site(e *sensor.Event, s *site) {
	host, _ := e.Tx.Buffer(sensor.HTTPHost, sensor.ToServer, 0)
	if len(host) == 0 || len(host) > maxName {
		return
	}
	d.names.Score(host, &d.v)
	switch {
	case d.v.Official && guards(d.names.brands[d.v.brand].Type):
		s.brand = d.v.Brand
	case d.v.Level == Clean:
		return
	}
	s.seen, s.name, s.level, s.at = d.names.seen, strings.ToLower(string(host)), d.v.Level, eventTime(e)
	d.note(e, s)
}

// learn keeps the favicon and gives the findings that it completes.
func (s *site) learn() []*detector.Finding {
	m := s.seen.memory()
	m.mu.Lock()
	defer m.mu.Unlock()
	if s.level == Clean {
		if s.icon == "" {
			return nil
		}
		m.icons.Set(s.icon, s.brand)
		return nil
	}
	x := m.name(s.name)
	x.Level = max(x.Level, min(s.level, Suspicious))
	if s.icon != "" {
		x.Icon = s.icon
	}
	x.Away, x.Served = x.Away || s.away, x.Served || s.served
	return m.ripe(s.name, s.at)
}
