package fraud

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/binary"
	"net/netip"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"khien/detector"
	"khien/sensor"
)

// Limits of a fact.
const (
	maxAnswers  = 16
	minShape    = 10 << 10 // bytes to a client from which a flow's shape tells something
	appShape    = 2 << 20  // so many bytes of one flow are more than a page of a kit
	bankRepeat  = 5 * time.Minute
	underRemote = 30 * time.Minute // a bank's name visited so soon after remote control was visited under it
	lureSpan    = 2 * time.Minute  // a link shortener so shortly before led there
)

// outerNames are public names of encrypted hellos that stand for many sites, for those whose HTTPS record was not seen.
var outerNames = [...]string{"cloudflare-ech.com"}

// shorteners are hosts of links that hide where they lead.
var shorteners = [...]string{"bit.ly", "tinyurl.com", "t.ly", "is.gd", "cutt.ly", "shorturl.at", "rebrand.ly", "rb.gy", "s.id", "by.com.vn",
	"t.co", "ow.ly", "tiny.cc", "v.gd", "shorten.asia", "short.gy"}

// resolved is what a DNS answer tells: the addresses and servers of a name.
type resolved struct {
	seen    *sightings
	capture string
	client  netip.Addr
	name    string
	level   Level
	brand   string
	addrs   []netip.Addr
	ttl     uint32
	servers []string
	outer   string
	at      time.Time
}

// answers looks at a DNS answer. The same client's same question is told once a day: a fact repeated changes nothing.
func (d *Detector) answers(e *sensor.Event) {
	name, ok := e.Tx.Buffer(sensor.DNSQueryRRName, e.Dir, 0)
	if !ok || len(name) == 0 || len(name) > maxName {
		return
	}
	first, ok := e.Tx.Buffer(sensor.DNSAnswerData, e.Dir, 0)
	if !ok {
		return
	}
	name = bytes.TrimSuffix(name, []byte("."))
	client := e.Flow.Src
	b := client.As16()
	d.key = append(append(append(d.key[:0], 'd'), b[:]...), name...)
	d.key = binary.LittleEndian.AppendUint64(append(d.key, first...), uint64(e.Time/int64(24*time.Hour)))
	if !d.isNew() {
		return
	}
	a := &resolved{seen: d.names.seen, capture: e.Capture, client: client, name: strings.ToLower(string(name)), at: eventTime(e)}
	if !d.clean.has(name) { // what is there was found clean
		if d.names.Score(name, &d.v); d.v.Level != Clean {
			a.level, a.brand = d.v.Level, d.v.Brand
		}
	}
	for i := range maxAnswers {
		v, ok := e.Tx.Buffer(sensor.DNSAnswerData, e.Dir, i)
		if !ok {
			break
		}
		if addr, err := netip.ParseAddr(string(v)); err == nil {
			a.addrs = append(a.addrs, addr.Unmap())
			if ttl, ok := e.Tx.Number(sensor.DNSAnswerTTL, e.Dir, i); ok && (a.ttl == 0 || uint32(ttl) < a.ttl) {
				a.ttl = uint32(ttl)
			}
		} else if a.outer == "" {
			a.outer = outerName(v)
		}
	}
	for i := range maxNameServers {
		v, ok := e.Tx.Buffer(sensor.DNSNameServer, e.Dir, i)
		if !ok {
			break
		}
		a.servers = append(a.servers, strings.ToLower(string(v[:min(len(v), maxName)])))
	}
	d.note(e, a)
}

func eventTime(e *sensor.Event) time.Time { return time.Unix(0, e.Time).UTC() }

// outerName returns the public name of the first configuration for encrypted hellos of an HTTPS record's text
// (RFC 9848; RFC 9849, 4), "" for none.
func outerName(text []byte) string {
	_, text, ok := bytes.Cut(text, []byte(" ech="))
	if !ok {
		return ""
	}
	text, _, _ = bytes.Cut(text, []byte(" "))
	b, err := base64.StdEncoding.DecodeString(string(text[:min(len(text), 2048)]))
	if err != nil || len(b) < 9 {
		return ""
	}
	b = b[2+4+1+2:] // length of the list; version and length; identifier; KEM
	for range 2 {   // public key, cipher suites
		if len(b) < 2 {
			return ""
		}
		n := int(binary.BigEndian.Uint16(b))
		if n > len(b)-2 {
			return ""
		}
		b = b[2+n:]
	}
	if len(b) < 2 || int(b[1]) > len(b)-2 {
		return ""
	}
	return strings.ToLower(string(b[2 : 2+int(b[1])]))
}

// learn keeps the addresses and servers of a name and gives the findings that this completes.
func (a *resolved) learn() []*detector.Finding {
	m := a.seen.memory()
	m.mu.Lock()
	defer m.mu.Unlock()
	t := a.at.Unix()
	m.see(a.name, a.client, t)
	site := xxhash.Sum64String(registrable(a.name))
	for _, addr := range a.addrs {
		m.firsts.See(addrKey(addr), site, t)
	}
	for _, s := range a.servers {
		m.firsts.See(serverKey(s, 'z'), site, t)
	}
	for _, s := range shorteners {
		if a.name == s {
			c := m.client(heldKey{a.capture, a.client})
			c.Shortener, c.ShortAt = s, a.at
		}
	}
	known, ok := m.names.Get(a.name)
	if a.level == Clean && !ok {
		return a.series(m)
	}
	x := known
	if !ok {
		x = m.name(a.name)
	}
	x.Level, x.Brand = max(x.Level, a.level), cmp.Or(x.Brand, a.brand)
	if a.outer != "" {
		x.Outer = a.outer
	}
	for _, s := range a.servers {
		if len(x.Servers) < maxNameServers {
			x.Servers = appendHost(x.Servers, s)
		}
		if x.Level == Fraud {
			m.firsts.See(serverKey(s, 'f'), site, t)
		}
	}
	if len(a.addrs) > 0 && (x.MinTTL == 0 || a.ttl < x.MinTTL) {
		x.MinTTL = a.ttl
	}
	for _, addr := range a.addrs {
		x.addr(addr, t)
		m.atAddr(addr, a.name)
		m.contacts.Set(contactKey{a.capture, a.client, addr}, a.name)
	}
	out := m.ripe(a.name, a.at)
	if x.Level == Fraud {
		out = append(out, m.belongs(a.name, x, a.capture, a.client, a.seen, a.at)...)
	}
	return out
}

// series reports a name that nothing in its spelling makes suspicious, but that continues the series of a campaign on one
// of its addresses.
func (a *resolved) series(m *Memory) []*detector.Finding {
	c := m.campaigns.series(a.name)
	if c == "" {
		return nil
	}
	for _, addr := range a.addrs {
		if x, ok := m.addrs.Get(addr); ok && !m.shared(addr) && len(x.Names) > 0 {
			n := m.name(a.name)
			n.Level, n.Brand = Suspicious, m.campaigns.brand(c)
			n.addr(addr, a.at.Unix())
			m.atAddr(addr, a.name)
			f := a.seen.bare("lookalike_name", "Lookalike domain name", a.capture, a.client, addr, a.at)
			f.Domain, f.App, f.Score, f.Severity = a.name, "dns", 0.3, detector.Low
			f.Fraud = &detector.Fraud{Kind: "series", Brand: n.Brand, Stage: "lookup", Visibility: "seen", Score: f.Score}
			f.Summary = detector.Text{VI: "Thiết bị tra cứu tên miền " + a.name + ", nối tiếp dãy tên của một chiến dịch lừa đảo",
				EN: "A client looked up " + a.name + ", which continues the series of a fraud campaign"}
			f.Techniques, f.RelatedHosts = phishing, []string{a.name}
			f.Identify(a.name, a.client.String())
			return []*detector.Finding{f}
		}
	}
	return nil
}

// bare begins a finding that several flows make together.
func (s *sightings) bare(pattern, title, capture string, client, server netip.Addr, at time.Time) *detector.Finding {
	f := &detector.Finding{Source: detector.FromFraud, Rule: detector.Rule{ID: "fraud." + pattern, Name: title, Category: "Phishing",
		Ruleset: "khien-fraud", Action: "allowed"}, Time: at, First: at, Last: at, Count: 1, SrcIP: client, DstIP: server,
		Direction: sensor.ToServer.String(), Capture: capture, Post: s}
	f.RelatedIPs = appendHost(nil, client.String())
	return f
}

// registrable returns the registrable part of a name, or all of it.
func registrable(name string) string {
	if len(name) > maxName {
		return name
	}
	if reg, suffix, _ := split([]byte(name)); suffix > 0 {
		return name[reg:]
	}
	return name
}

// contact is a connection whose true name is hidden, or that goes to an organisation that keeps money.
type contact struct {
	seen           *sightings
	capture        string
	client, server netip.Addr
	port           uint16
	proto          string
	shown          string // name in clear
	bank           string
	flow           uint64
	at             time.Time
}

// hello looks at the beginning of an encrypted connection.
func (d *Detector) hello(e *sensor.Event, b sensor.Buffer) {
	shown, _ := e.Tx.Buffer(b, sensor.ToServer, 0)
	_, ech := e.Tx.Number(sensor.TLSECH, sensor.ToServer, 0)
	if len(shown) > 0 && !ech || len(shown) > maxName {
		return
	}
	d.note(e, &contact{seen: d.names.seen, capture: e.Capture, client: e.Flow.Src, server: e.Flow.Dst, port: e.Flow.DstPort,
		proto: e.Flow.App.String(), shown: strings.ToLower(string(shown)), flow: e.Flow.ID, at: eventTime(e)})
}

// bank tells that a client visits an organisation that keeps money, on its own name; once in a while is enough.
func (d *Detector) bank(e *sensor.Event, brand int32) {
	b := e.Flow.Src.As16()
	d.key = append(append(d.key[:0], 'b'), b[:]...)
	d.key = binary.LittleEndian.AppendUint32(d.key, uint32(brand))
	d.key = binary.LittleEndian.AppendUint64(d.key, uint64(e.Time/int64(bankRepeat)))
	if !d.isNew() {
		return
	}
	d.note(e, &contact{seen: d.names.seen, capture: e.Capture, client: e.Flow.Src, server: e.Flow.Dst, port: e.Flow.DstPort,
		proto: e.Flow.App.String(), bank: d.names.brands[brand].Name, flow: e.Flow.ID, at: eventTime(e)})
}

// learn infers the visit that a hidden name is, and the use of a bank under remote control.
func (c *contact) learn() []*detector.Finding {
	m := c.seen.memory()
	m.mu.Lock()
	defer m.mu.Unlock()
	if c.bank != "" {
		return c.underControl(m)
	}
	key := contactKey{c.capture, c.client, c.server}
	name, ok := m.contacts.Get(key)
	if !ok {
		return nil
	}
	x, ok := m.names.Get(name)
	if !ok || c.shown != "" && c.shown != name && c.shown != x.Outer && !isOuter(c.shown) {
		return nil
	}
	f := c.seen.bare("traffic_shape", "Contact with an impostor, inferred", c.capture, c.client, c.server, c.at)
	f.Domain, f.DstPort, f.App, f.FlowID = name, c.port, c.proto, c.flow
	f.Severity, f.Score = detector.Low, 0.3
	f.Fraud = &detector.Fraud{Kind: "traffic_shape", Brand: x.Brand, Stage: "visit", Visibility: "inferred", Score: 0.3}
	f.Summary = detector.Text{VI: "Thiết bị kết nối tới " + c.server.String() + ", địa chỉ vừa được trả lời cho " + name + "; tên trong kết nối bị che",
		EN: "A client connected to " + c.server.String() + ", the address just answered for " + name + "; the connection hides its name"}
	f.Reasons = []detector.Reason{reason("địa chỉ trùng với câu trả lời DNS trước đó", "the address is that of the DNS answer before", 1)}
	f.NotSeen = []detector.Text{{VI: "tên máy chủ trong kết nối (ECH)", EN: "the server's name in the connection (ECH)"}}
	f.Techniques, f.RelatedHosts = phishing, []string{name}
	f.Identify("visit", name, c.client.String())
	return []*detector.Finding{f}
}

func isOuter(name string) bool {
	for _, o := range outerNames {
		if name == o {
			return true
		}
	}
	return false
}

// underControl tells that a bank's name is visited while a program of remote control is in use.
func (c *contact) underControl(m *Memory) []*detector.Finding {
	x := m.client(heldKey{c.capture, c.client})
	x.Bank, x.BankAt = c.bank, c.at
	if gap := c.at.Sub(x.ToolAt); x.Tool == "" || gap < 0 || gap > underRemote {
		return nil
	}
	f := c.seen.bare("bank_under_control", "Bank used under remote control", c.capture, c.client, c.server, c.at)
	f.DstPort, f.App, f.FlowID = c.port, c.proto, c.flow
	f.Severity, f.Score = detector.Low, 0.3
	f.Fraud = &detector.Fraud{Kind: "remote_control", Tool: c.bank, Stage: "transfer", Visibility: "inferred", Score: 0.3}
	f.Summary = detector.Text{VI: "Dịch vụ của " + c.bank + " được dùng trong khi máy bị điều khiển bằng " + x.Tool + ": có thể đang chuyển tiền",
		EN: "The service of " + c.bank + " is used while the machine is controlled with " + x.Tool + ": money may be moving"}
	f.Reasons = []detector.Reason{reason("truy cập "+c.bank+" trong phiên "+x.Tool, c.bank+" is visited during a session of "+x.Tool, 1)}
	f.Techniques = remoteControl
	f.Identify("bank", c.bank, c.client.String())
	return []*detector.Finding{f}
}

// shape is how much went over an encrypted connection.
type shape struct {
	seen           *sightings
	capture        string
	client, server netip.Addr
	port           uint16
	proto          string
	down           uint64
	flow           uint64
	at             time.Time
}

// flowEnd looks at how much an encrypted connection carried.
func (d *Detector) flowEnd(e *sensor.Event) {
	f := e.Flow
	if (f.App != sensor.ProtoTLS && f.App != sensor.ProtoQUIC) || f.Bytes[sensor.ToClient] < minShape {
		return
	}
	d.note(e, &shape{seen: d.names.seen, capture: e.Capture, client: f.Src, server: f.Dst, port: f.DstPort, proto: f.App.String(),
		down: f.Bytes[sensor.ToClient], flow: f.ID, at: time.Unix(0, f.Last).UTC()})
}

// learn infers what a connection to an impostor has delivered from its size.
func (s *shape) learn() []*detector.Finding {
	m := s.seen.memory()
	m.mu.Lock()
	defer m.mu.Unlock()
	name, ok := m.contacts.Get(contactKey{s.capture, s.client, s.server})
	if !ok {
		return nil
	}
	stage, vi, en := "page", "nội dung trang", "the content of a page"
	if s.down >= appShape {
		stage, vi, en = "apk", "một tệp lớn cỡ ứng dụng", "a file of the size of an application"
	}
	f := s.seen.bare("traffic_shape", "Delivery by an impostor, inferred", s.capture, s.client, s.server, s.at)
	f.Domain, f.DstPort, f.App, f.FlowID = name, s.port, s.proto, s.flow
	f.Severity, f.Score = detector.Low, 0.2
	brand := ""
	if x, ok := m.names.Get(name); ok {
		brand = x.Brand
	}
	f.Fraud = &detector.Fraud{Kind: "traffic_shape", Brand: brand, Stage: stage, Visibility: "inferred", Score: 0.2}
	vis, ens := size(s.down)
	f.Summary = detector.Text{VI: name + " gửi về " + vis + " qua kết nối mã hóa, có thể là " + vi, EN: name + " sent " + ens + " over an encrypted connection, perhaps " + en}
	f.Reasons = []detector.Reason{reason("lượng dữ liệu của kết nối: "+vis, "size of the connection: "+ens, 1)}
	f.NotSeen = []detector.Text{{VI: "nội dung, vì kết nối được mã hóa", EN: "the content, since the connection is encrypted"}}
	f.Techniques, f.RelatedHosts = phishing, []string{name}
	f.Identify(stage, name, s.client.String())
	return []*detector.Finding{f}
}
