package render

import (
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"

	"khien/console/hook"
)

// rpzTTL bounds how long a resolver that answers from its cache keeps an answer that is no longer ours.
const rpzTTL = 30

// ProbeName is a name that only the zone answers, with the serial number of the zone that the resolver enforces. It is below
// "example", which nobody can register; "invalid" and "test" are answered by resolvers themselves.
const ProbeName = "serial.khien-probe.example."

// ZoneName returns the zone's name in its full form.
func (o Options) ZoneName() string {
	if o.Zone == "" {
		return "rpz.khien."
	}
	return dns.Fqdn(strings.ToLower(o.Zone))
}

// Zone returns the records of a response policy zone without its SOA: names and what is below them do not exist
// (draft-vixie-dnsop-dns-rpz-00, 3 and 4), answers with a listed address neither.
func Zone(v hook.View, o Options) []dns.RR {
	zone := o.ZoneName()
	action := "." // NXDOMAIN
	header := func(owner string, t uint16) dns.RR_Header {
		return dns.RR_Header{Name: owner + "." + zone, Rrtype: t, Class: dns.ClassINET, Ttl: rpzTTL}
	}
	out := []dns.RR{&dns.NS{Hdr: dns.RR_Header{Name: zone, Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: rpzTTL}, Ns: "localhost."}}
	seen := map[string]bool{}
	add := func(owner, target string) {
		if len(owner)+len(zone)+1 > 253 || seen[owner] {
			return
		}
		seen[owner] = true
		out = append(out, &dns.CNAME{Hdr: header(owner, dns.TypeCNAME), Target: target})
	}
	for e := range v.All() {
		target := action
		if e.Action == hook.Sinkhole && o.Page != "" {
			target = dns.Fqdn(o.Page)
		}
		switch e.Kind {
		case hook.Domain:
			add(e.Value, target)
			add("*."+e.Value, target)
		case hook.SNI:
			add(e.Value, target)
		}
	}
	prefixes, _ := Addresses(v)
	for _, p := range prefixes {
		add(trigger(p), action)
	}
	return out
}

// Probe is the record that tells which serial number a resolver enforces.
func Probe(serial uint32, o Options) dns.RR {
	return &dns.TXT{Hdr: dns.RR_Header{Name: ProbeName + o.ZoneName(), Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: 1},
		Txt: []string{strconv.FormatUint(uint64(serial), 10)}}
}

// SOA returns the start of authority for a serial number.
func SOA(serial uint32, o Options) *dns.SOA {
	return &dns.SOA{Hdr: dns.RR_Header{Name: o.ZoneName(), Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: rpzTTL}, Ns: "localhost.",
		Mbox: "khien.localhost.", Serial: serial, Refresh: 30, Retry: 10, Expire: uint32((7 * 24 * time.Hour).Seconds()), Minttl: rpzTTL}
}

// trigger writes a prefix backwards: 24.0.100.51.198.rpz-ip, 128.7.zz.db8.2001.rpz-ip.
func trigger(p netip.Prefix) string {
	a := p.Addr()
	if a.Is4() {
		b := a.As4()
		return fmt.Sprintf("%d.%d.%d.%d.%d.rpz-ip", p.Bits(), b[3], b[2], b[1], b[0])
	}
	b := a.As16()
	var words [8]uint16
	for i := range words {
		words[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	from, n := 0, 0 // the longest run of zeros, as RFC 5952 has it
	for i := 0; i < 8; i++ {
		j := i
		for j < 8 && words[j] == 0 {
			j++
		}
		if j-i > n && j-i > 1 {
			from, n = i, j-i
		}
		if j > i {
			i = j
		}
	}
	parts := []string{strconv.Itoa(p.Bits())}
	for i := 7; i >= 0; i-- {
		if n > 0 && i == from+n-1 {
			parts = append(parts, "zz")
			i = from
			continue
		}
		parts = append(parts, strconv.FormatUint(uint64(words[i]), 16))
	}
	return strings.Join(parts, ".") + ".rpz-ip"
}

func writeZone(w io.Writer, v hook.View, o Options) error {
	return lines(w, func(line func(string, ...any)) {
		serial := uint32(v.Version)
		line("%s", SOA(serial, o))
		for _, rr := range Zone(v, o) {
			line("%s", rr)
		}
		line("%s", Probe(serial, o))
	})
}
