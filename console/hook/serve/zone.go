package serve

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"khien/console/hook"
	"khien/console/hook/render"
)

// Zone is a response policy zone for one consumer.
type Zone struct {
	Name    string // of the consumer
	Options render.Options
	Select  hook.Selection
	Key     string // name of the TSIG key; "" for a resolver that cannot sign, which then needs Allow
	Secret  string // of the key, base64
	Allow   []netip.Prefix
	Notify  string // address and port of the resolver, "" to notify nobody
	Probe   string // address and port to ask what the resolver enforces, "" not to ask
}

const (
	deltasMax   = 64  // changes that IXFR can give
	envelopeMax = 100 // records of a message: names are up to 253 bytes, a message holds 64 KiB
)

// zone is a Zone and its records.
type zone struct {
	Zone

	mu      sync.Mutex
	serial  uint32
	version uint64
	records []dns.RR // without SOA
	deltas  []delta  // oldest first
	entries int
}

// delta leads from one serial number to the next.
type delta struct {
	from, to       uint32
	removed, added []dns.RR
}

// Zones serves response policy zones: transfers whole (RFC 5936) and by difference (RFC 1995) to who has the key (RFC 8945),
// nothing to others, and tells resolvers of changes (RFC 1996). Safe for concurrent use.
type Zones struct {
	book      *hook.Book
	consumers *hook.Consumers
	zones     map[string]*zone
	secrets   map[string]string
}

// NewZones returns the zones. Their names must differ.
func NewZones(book *hook.Book, consumers *hook.Consumers, zones []Zone) *Zones {
	z := &Zones{book: book, consumers: consumers, zones: map[string]*zone{}, secrets: map[string]string{}}
	rpz, _ := render.Find("rpz")
	for _, x := range zones {
		x.Select = rpz.Select(x.Select)
		x.Key = dns.CanonicalName(x.Key)
		if x.Secret != "" {
			z.secrets[x.Key] = x.Secret
		}
		z.zones[x.Options.ZoneName()] = &zone{Zone: x}
	}
	return z
}

// Refresh makes the zones anew and tells the resolvers of those that changed.
func (z *Zones) Refresh(ctx context.Context) {
	for _, x := range z.zones {
		if x.refresh(z.book.View(x.Select)) && x.Notify != "" {
			go z.notify(ctx, x)
		}
	}
}

// refresh says whether the zone has changed.
func (x *zone) refresh(v hook.View) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	records := render.Zone(v, x.Options)
	x.version, x.entries = v.Version, v.Len()
	floor := max(uint32(v.Version), uint32(v.Time.Unix()))
	if x.serial == 0 {
		x.serial, x.records = floor, records
		return true
	}
	old := make(map[record]bool, len(x.records))
	for _, rr := range x.records {
		old[identity(rr)] = true
	}
	d := delta{from: x.serial, to: max(x.serial+1, floor)}
	for _, rr := range records {
		if id := identity(rr); old[id] {
			delete(old, id)
		} else {
			d.added = append(d.added, rr)
		}
	}
	for _, rr := range x.records {
		if old[identity(rr)] {
			d.removed = append(d.removed, rr)
		}
	}
	if len(d.added)+len(d.removed) == 0 {
		return false
	}
	d.removed = append(d.removed, render.Probe(d.from, x.Options))
	d.added = append(d.added, render.Probe(d.to, x.Options))
	if len(x.deltas) == deltasMax {
		x.deltas = slices.Delete(x.deltas, 0, 1)
	}
	x.deltas = append(x.deltas, d)
	x.serial, x.records = d.to, records
	return true
}

// record is what makes a record of a zone itself: writing records out to compare them took most of the way from a finding
// to a resolver.
type record struct{ owner, target string }

func identity(rr dns.RR) record {
	if c, ok := rr.(*dns.CNAME); ok {
		return record{c.Hdr.Name, c.Target}
	}
	return record{owner: rr.Header().Name}
}

// transfer returns the records of a transfer: the whole zone, or the differences from a serial number.
func (x *zone) transfer(ixfr bool, from uint32) []dns.RR {
	x.mu.Lock()
	defer x.mu.Unlock()
	soa := render.SOA(x.serial, x.Options)
	if ixfr && from == x.serial {
		return []dns.RR{soa}
	}
	if i := slices.IndexFunc(x.deltas, func(d delta) bool { return d.from == from }); ixfr && i >= 0 {
		out := []dns.RR{soa}
		for _, d := range x.deltas[i:] {
			out = append(append(out, render.SOA(d.from, x.Options)), d.removed...)
			out = append(append(out, render.SOA(d.to, x.Options)), d.added...)
		}
		return append(out, soa)
	}
	out := append([]dns.RR{soa}, x.records...)
	return append(out, render.Probe(x.serial, x.Options), soa)
}

// Serve answers on an address, UDP and TCP, until ctx ends. ready is called when both are open.
func (z *Zones) Serve(ctx context.Context, addr string, ready func(net.Addr)) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("serve: zones: %w", err)
	}
	p, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		l.Close()
		return fmt.Errorf("serve: zones: %w", err)
	}
	servers := []*dns.Server{{Listener: l}, {PacketConn: p}}
	failed := make(chan error, len(servers))
	for _, s := range servers {
		s.Handler, s.TsigSecret = dns.HandlerFunc(z.answer), z.secrets
		s.MsgAcceptFunc = func(dh dns.Header) dns.MsgAcceptAction {
			if dh.Bits>>15 == 0 && dh.Bits>>11&0xF == dns.OpcodeQuery && dh.Qdcount == 1 && dh.Ancount == 0 && dh.Nscount <= 1 && dh.Arcount <= 2 {
				return dns.MsgAccept // a query of IXFR has a record in its authority section
			}
			return dns.MsgReject
		}
		go func() { failed <- s.ActivateAndServe() }()
	}
	if ready != nil {
		ready(l.Addr())
	}
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	for _, s := range servers {
		if e := s.Shutdown(); e != nil && err == nil && ctx.Err() == nil {
			err = e
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("serve: zones: %w", err)
}

// may says whether a request comes from who may read the zone.
func (x *zone) may(w dns.ResponseWriter, r *dns.Msg) bool {
	if t := r.IsTsig(); t != nil {
		return x.Secret != "" && w.TsigStatus() == nil && dns.CanonicalName(t.Hdr.Name) == x.Key
	}
	if x.Secret != "" {
		return false
	}
	host, _, err := net.SplitHostPort(w.RemoteAddr().String())
	if err != nil {
		return false
	}
	a, err := netip.ParseAddr(host)
	return err == nil && slices.ContainsFunc(x.Allow, func(p netip.Prefix) bool { return p.Contains(a.Unmap().WithZone("")) })
}

func (z *Zones) answer(w dns.ResponseWriter, r *dns.Msg) {
	m := new(dns.Msg)
	if len(r.Question) != 1 { // the header may count one that is not there
		m.SetRcodeFormatError(r)
		w.WriteMsg(m)
		return
	}
	q := r.Question[0]
	x := z.zones[dns.CanonicalName(q.Name)]
	if x == nil || !x.may(w, r) {
		m.SetRcode(r, dns.RcodeRefused)
		w.WriteMsg(m)
		return
	}
	x.mu.Lock()
	serial, version, entries := x.serial, x.version, x.entries
	x.mu.Unlock()
	_, tcp := w.RemoteAddr().(*net.TCPAddr)
	now := z.book.Now()
	switch {
	case serial == 0: // before the first list: a secondary keeps what it has
		m.SetRcode(r, dns.RcodeServerFailure)
	case q.Qtype == dns.TypeAXFR && tcp, q.Qtype == dns.TypeIXFR && tcp:
		var from uint32
		if len(r.Ns) == 1 {
			if soa, ok := r.Ns[0].(*dns.SOA); ok {
				from = soa.Serial
			}
		}
		rrs := x.transfer(q.Qtype == dns.TypeIXFR, from)
		ch := make(chan *dns.Envelope, len(rrs)/envelopeMax+1)
		for part := range slices.Chunk(rrs, envelopeMax) {
			ch <- &dns.Envelope{RR: part}
		}
		close(ch)
		err := new(dns.Transfer).Out(w, r, ch)
		z.consumers.Update(x.Name, func(s *hook.ConsumerStatus) {
			s.Seen = now
			if err != nil {
				s.Error = "transfer: " + err.Error()
			} else {
				s.Version, s.Given, s.Error = version, entries, ""
			}
		})
		return
	case q.Qtype == dns.TypeSOA || q.Qtype == dns.TypeIXFR: // by UDP: the secondary comes again by TCP (RFC 1995, 2)
		m.SetReply(r)
		m.Authoritative = true
		m.Answer = []dns.RR{render.SOA(serial, x.Options)}
		z.consumers.Update(x.Name, func(s *hook.ConsumerStatus) { s.Seen = now })
	default:
		m.SetRcode(r, dns.RcodeRefused)
	}
	if t := r.IsTsig(); t != nil {
		m.SetTsig(t.Hdr.Name, t.Algorithm, t.Fudge, time.Now().Unix())
	}
	w.WriteMsg(m)
}

// exchange asks a resolver something, signed where the zone has a key.
func (x *zone) exchange(ctx context.Context, m *dns.Msg, addr string, sign bool) (*dns.Msg, error) {
	c := &dns.Client{Timeout: 2 * time.Second}
	if sign && x.Secret != "" {
		c.TsigSecret = map[string]string{x.Key: x.Secret}
		m.SetTsig(x.Key, dns.HmacSHA256, 300, time.Now().Unix())
	}
	r, _, err := c.ExchangeContext(ctx, m, addr)
	return r, err
}

// notify tells a resolver that the zone has changed, a few times until it answers; it also asks by itself.
func (z *Zones) notify(ctx context.Context, x *zone) {
	for try := range 4 {
		x.mu.Lock()
		soa := render.SOA(x.serial, x.Options)
		x.mu.Unlock()
		m := new(dns.Msg)
		m.SetNotify(x.Options.ZoneName())
		m.Answer = []dns.RR{soa}
		r, err := x.exchange(ctx, m, x.Notify, true)
		if err == nil && r.Rcode == dns.RcodeSuccess {
			return
		}
		if err == nil {
			err = fmt.Errorf("answered %s", dns.RcodeToString[r.Rcode])
		}
		z.consumers.Update(x.Name, func(s *hook.ConsumerStatus) { s.Error = "notify: " + err.Error() })
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second << try):
		}
	}
}

// ReadBack asks the resolvers which serial number they enforce.
func (z *Zones) ReadBack(ctx context.Context) {
	for _, x := range z.zones {
		if x.Probe == "" {
			continue
		}
		m := new(dns.Msg)
		m.SetQuestion(render.ProbeName, dns.TypeTXT)
		r, err := x.exchange(ctx, m, x.Probe, false)
		x.mu.Lock()
		serial, entries := x.serial, x.entries
		x.mu.Unlock()
		now := z.book.Now()
		z.consumers.Update(x.Name, func(s *hook.ConsumerStatus) {
			if err != nil {
				s.Error = "read back: " + err.Error()
				return
			}
			s.Seen, s.ReadBack, s.Enforced, s.Missing, s.Extra = now, now, 0, entries, 0
			for _, rr := range r.Answer {
				t, ok := rr.(*dns.TXT)
				if !ok {
					continue
				}
				if n, err := strconv.ParseUint(strings.Join(t.Txt, ""), 10, 32); err == nil && uint32(n) == serial {
					s.Enforced, s.Missing, s.Error = entries, 0, ""
				} else if err == nil {
					s.Error = fmt.Sprintf("enforces the zone with serial number %d, %d is current", n, serial)
				}
			}
		})
	}
}
