package fraud

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/window"
	"khien/sensor"
)

// answer plays a DNS answer.
func (s *scene) answer(name string, addrs ...string) {
	s.play(sensor.ProtoDNS, "192.168.1.1", []sensor.Dir{sensor.ToClient}, map[sensor.Buffer][]string{sensor.DNSQueryRRName: {name}, sensor.DNSAnswerData: addrs})
}

// secure plays a TLS 1.2 handshake with a certificate.
func (s *scene) secure(name, server, print string, issued time.Time, sans ...string) {
	tx := map[sensor.Buffer][]string{sensor.TLSSNI: {name}, sensor.TLSCertFP: {print}, sensor.TLSCertIssuer: {"C=US, O=Let's Encrypt, CN=R11"}, sensor.TLSSAN: sans}
	s.nums = map[sensor.Buffer]uint64{sensor.TLSNotBefore: uint64(issued.Unix())}
	s.play(sensor.ProtoTLS, server, []sensor.Dir{sensor.ToServer, sensor.ToClient}, tx)
	s.nums = nil
}

// aged is a scene whose memory has learned for a month.
func aged(t *testing.T) *scene {
	s := newScene(t)
	start := s.now
	s.now = start.AddDate(0, -1, 0)
	s.answer("www.example.com", "198.51.100.1")
	s.now = start
	return s
}

// suspicious is a name that the spelling alone makes suspicious; the test says so if that changes.
func suspicious(t *testing.T, s *scene) string {
	t.Helper()
	var v Verdict
	for i := range 400 {
		for _, form := range []string{"hotro-khachhang%d.com", "uudai-thang%d.com", "nhanqua%d.com", "vay-nhanh%d.com", "tiki%d.com", "shopee%d.net",
			"tiktok%ds.com", "hotro-vay%d.com", "uudai%d.top", "khuyenmai%d.shop", "shopee-%d.com", "lazada%d.top", "tiki-sale%d.net", "facebook-%d.com", "vaytien%d.net",
			"nganhang%d.com", "momo%d.shop", "zalo-%d.net", "apple-id%d.com", "dichvu-%d.top", "thuongmai-%d.vip", "giaohang%d.net", "tuyendung%d.top"} {
			name := fmt.Sprintf(form, i+11)
			if s.d.names.Score([]byte(name), &v); v.Level == Suspicious {
				return name
			}
		}
	}
	t.Fatal("no name of the list is suspicious")
	return ""
}

func TestTwoKindsMakeFraud(t *testing.T) {
	s := aged(t)
	name := suspicious(t, s)
	s.lookup(name)
	s.answer(name, "203.0.113.9")
	if got := s.grave(); got != "" {
		t.Fatalf("a suspicious name with one kind of evidence: %s", got)
	}
	s.secure(name, "203.0.113.9", "aa:bb", s.now.Add(-24*time.Hour), name)
	if got := s.grave(); got != "" {
		t.Fatalf("an honest site that is new has a new certificate, too: %s", got)
	}
	s.secure("vietcombank-khoathe.top", "203.0.113.10", "cc:dd", s.now.Add(-24*time.Hour), "vietcombank-khoathe.top")
	s.secure(name, "203.0.113.9", "aa:bb", s.now.Add(-24*time.Hour), name, "vietcombank-khoathe.top")
	if got := s.grave(); got != "lookalike_name lookalike_name" {
		t.Fatalf("new, and a certificate that a fraudulent name shares: %q", got)
	}
	f := s.found[len(s.found)-1]
	text := f.Summary.EN
	for _, r := range f.Reasons {
		text += "\n" + r.EN
	}
	for _, want := range []string{"first seen here", "clients so far: 1", "its certificate was issued 1 day ago by R11"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	if f.ID != s.found[0].ID {
		t.Error("the finding that has grown has another ID")
	}
	sum := 0.0
	for _, r := range f.Reasons {
		sum += r.Weight
	}
	if sum < 0.5 || sum > 1.01 {
		t.Errorf("weights sum up to %v: %+v", sum, f.Reasons)
	}
	// Another victim is told at once.
	s.client = netip.MustParseAddr("192.168.1.77")
	s.lookup(name)
	if last := s.found[len(s.found)-1]; last.Severity != detector.High || last.SrcIP != s.client {
		t.Errorf("the second victim: %+v", last)
	}
}

func TestWhatIsNoEvidence(t *testing.T) {
	// Without a time of learning everything is new.
	s := newScene(t)
	name := suspicious(t, s)
	s.lookup(name)
	s.answer(name, "203.0.113.9")
	s.secure(name, "203.0.113.9", "aa", s.now.Add(-time.Hour), name)
	if got := s.grave(); got != "" {
		t.Errorf("before anything was learned: %s", got)
	}
	// A name that many have known for long is popular, whatever its certificate and neighbours.
	s = aged(t)
	start := s.now
	for i := range window.MaxPeers + 1 {
		s.client = netip.AddrFrom4([4]byte{192, 168, 1, byte(30 + i)})
		s.now = start.AddDate(0, 0, -10)
		s.answer(name, "203.0.113.9")
	}
	s.now = start
	s.lookup("vietcombank-khoathe.top")
	s.answer("vietcombank-khoathe.top", "203.0.113.9")
	s.lookup(name)
	s.secure(name, "203.0.113.9", "aa", s.now.Add(-time.Hour), name, "vietcombank-khoathe.top")
	for _, f := range s.found {
		if f.Domain == name && f.Severity >= detector.High {
			t.Errorf("a popular name became fraud: %s", f.Summary.EN)
		}
	}
	// So is an address that serves many sites.
	s = aged(t)
	for i := range window.MaxPeers + 1 {
		s.answer(fmt.Sprintf("shop%c.example", 'a'+i), "203.0.113.9")
	}
	s.now = s.now.Add(96 * time.Hour)
	s.lookup("vietcombank-khoathe.top")
	s.answer("vietcombank-khoathe.top", "203.0.113.9")
	s.visit("vietcombank-khoathe.top")
	s.lookup(name)
	s.answer(name, "203.0.113.9")
	for _, f := range s.found {
		for _, r := range f.Reasons {
			if f.Domain == name && strings.Contains(r.EN, "shares its address") {
				t.Errorf("a mass hoster's address is evidence: %s", r.EN)
			}
		}
	}
}

func TestSharedAddressRipens(t *testing.T) {
	s := aged(t)
	name := suspicious(t, s)
	s.lookup(name)
	s.answer(name, "203.0.113.9")
	if s.grave() != "" {
		t.Fatal(s.grave())
	}
	// The neighbour is judged fraud later: the name that waited follows, before any page of it was seen.
	s.lookup("vietcombank-khoathe.top")
	s.answer("vietcombank-khoathe.top", "203.0.113.9")
	s.visit("vietcombank-khoathe.top")
	s.lookup("vietcombank-khoathe.top")
	s.client = netip.MustParseAddr("192.168.1.90")
	s.lookup("vietcombank-khoathe.top")
	all := slices.Concat(s.found, s.told)
	i := slices.IndexFunc(all, func(f *detector.Finding) bool { return f.Domain == name && f.Severity >= detector.High })
	if i < 0 {
		t.Fatalf("not found; %s", s.grave())
	}
	if f := all[i]; !strings.Contains(f.Summary.EN, "shares its address with 1") || f.CampaignID == "" {
		t.Errorf("%s, campaign %q", f.Summary.EN, f.CampaignID)
	}
}

func TestMemoryIsKept(t *testing.T) {
	dir := t.TempDir()
	m, err := NewMemory(MemoryConfig{Dir: dir, NameBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	s := newScene(t)
	s.d.names.Remember(m)
	s.now = s.now.AddDate(0, 0, -9)
	s.answer("www.example.com", "198.51.100.1")
	s.now = s.now.AddDate(0, 0, 9)
	s.lookup("vietcombank-khoathe1.top")
	s.answer("vietcombank-khoathe1.top", "203.0.113.9")
	s.lookup("vietcombank-khoathe2.top")
	s.answer("vietcombank-khoathe2.top", "203.0.113.9")
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := NewMemory(MemoryConfig{Dir: dir, NameBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := again.Sighting("vietcombank-khoathe1.top"); got.Clients != 1 || got.Level != "fraud" || got.Campaign == "" || len(got.Visitors) != 1 && len(got.Visitors) != 0 {
		t.Errorf("%+v", got)
	}
	if again.began != m.began || again.campaigns.series("vietcombank-khoathe3.top") != "vietcombank-khoathe#" {
		t.Errorf("began %d, want %d; series %q", again.began, m.began, again.campaigns.series("vietcombank-khoathe3.top"))
	}
}

func TestMemoryLimits(t *testing.T) {
	m, err := NewMemory(MemoryConfig{NameBytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	s := newSightings()
	s.mem.Store(m)
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	for i := range maxNamesKnown + 1000 {
		addr := netip.AddrFrom4([4]byte{203, byte(i >> 16), byte(i >> 8), byte(i)})
		(&resolved{seen: s, client: addr, name: fmt.Sprintf("vietcombank%d.top", i), level: Fraud, addrs: []netip.Addr{addr}, at: at}).learn()
	}
	if m.names.Len() > maxNamesKnown || m.addrs.Len() > maxAddrsKnown || m.contacts.Len() > maxContacts || m.campaigns.traits.Len() > 8*maxCampaigns {
		t.Errorf("%d names, %d addresses, %d contacts, %d traits", m.names.Len(), m.addrs.Len(), m.contacts.Len(), m.campaigns.traits.Len())
	}
	largest := 0
	m.campaigns.traits.All(func(_ string, c *campaign) {
		largest = max(largest, len(c.root().Members), len(c.root().Victims), len(c.root().Traits))
	})
	if largest > maxMembers {
		t.Errorf("a campaign of %d", largest)
	}
	x := m.name("one.top")
	for i := range 1000 {
		a := netip.AddrFrom4([4]byte{198, 51, byte(i >> 8), byte(i)})
		x.addr(a, int64(i+1))
		m.atAddr(netip.MustParseAddr("198.51.100.1"), fmt.Sprintf("n%d.top", i))
	}
	info, _ := m.addrs.Get(netip.MustParseAddr("198.51.100.1"))
	if len(x.Addrs) > maxNameAddrs || len(info.Names) > maxAddrNames || x.Changes < churnAddrs {
		t.Errorf("%d addresses, %d names, %d changes", len(x.Addrs), len(info.Names), x.Changes)
	}
}

func TestCampaign(t *testing.T) {
	s := newScene(t)
	for i, name := range []string{"vietcombank-khoathe1.top", "vietcombank-khoathe2.xyz"} {
		s.client = netip.AddrFrom4([4]byte{192, 168, 1, byte(40 + i)})
		s.lookup(name)
		s.visit(name)
	}
	i := slices.IndexFunc(s.told, func(f *detector.Finding) bool { return f.Rule.ID == "fraud.campaign" })
	if i < 0 {
		t.Fatalf("no campaign: %s", s.grave())
	}
	f := s.told[i]
	if f.CampaignID == "" || f.ID != f.CampaignID || len(f.RelatedHosts) != 2 || len(f.RelatedIPs) != 2 || len(f.Steps) != 2 || f.Fraud.Brand != "Vietcombank" {
		t.Errorf("%+v", f)
	}
	if s.found[0].CampaignID != f.CampaignID || s.found[len(s.found)-1].CampaignID != f.CampaignID {
		t.Errorf("findings of the campaign: %q, %q, want %q", s.found[0].CampaignID, s.found[len(s.found)-1].CampaignID, f.CampaignID)
	}
	// A name of a list of new ones is a member before anybody met it.
	feeds := NewFeeds()
	if err := feeds.Add(strings.NewReader("vietcombank-khoathe3.top\nother.example\n"), "new.txt", false); err != nil {
		t.Fatal(err)
	}
	s.d.names.seen.memory().SetFeeds(feeds)
	s.client = netip.MustParseAddr("192.168.1.50")
	s.lookup("vietcombank-khoathe1.top")
	f = s.told[len(s.told)-1]
	if f.Rule.ID != "fraud.campaign" || !slices.Contains(f.RelatedHosts, "vietcombank-khoathe3.top") || !strings.Contains(f.Summary.EN, "without a victim so far: 1") {
		t.Errorf("%s %s %q", f.Rule.ID, f.Summary.EN, f.RelatedHosts)
	}
}

func TestSeriesOf(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		if got := seriesOf(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	f("vay-nhanh24.example", "vay-nhanh#")
	f("www.vay-nhanh7.com.vn", "vay-nhanh#")
	f("24vaynhanh365.top", "#vaynhanh#")
	f("sh015.com", "") // too few letters
	f("vietcombank.top", "")
	f("a1b2c3d4e5f6g7.top", "")
	f("", "")
}

func TestOuterName(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if got := outerName([]byte(text)); got != want {
			t.Errorf("%.40q: %q, want %q", text, got, want)
		}
	}
	f("1 . alpn=h2 ech=AEX+DQBBVQAgACAsCpDTXNLWtdDPPnrIZhxQx8ZSXYt+LWcPyPHHvBBgIwAEAAEAAQASY2xvdWRmbGFyZS1lY2guY29tAAA=", "cloudflare-ech.com")
	f("1 . alpn=h2", "")
	f("1 . ech=AAAA", "")
	f("1 . ech=%%%", "")
	f("1 . ech=AEX+DQBBVQAg/////wAA", "")
}

func FuzzOuterName(f *testing.F) {
	f.Add([]byte("1 . alpn=h2 ech=AEX+DQBBVQAgACAsCpDTXNLWtdDPPnrIZhxQx8ZSXYt+LWcPyPHHvBBgIwAEAAEAAQASY2xvdWRmbGFyZS1lY2guY29tAAA="))
	f.Add([]byte("1 . ech=AAAAAAAAAAAAAAAA"))
	f.Fuzz(func(t *testing.T, text []byte) {
		// What stands behind the parameter changes nothing.
		if one := outerName(text); len(one) > 255 || one != outerName(append(slices.Clone(text), " port=1"...)) {
			t.Fatalf("%q", one)
		}
	})
}

func FuzzFeedLine(f *testing.F) {
	f.Add([]byte("0.0.0.0 bad.example # x"))
	f.Add([]byte(`{"name_value":"*.a.example\nb.example"}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		names, problem := feedLine(line)
		if problem != "" && names != nil {
			t.Fatalf("names beside an error: %q, %s", names, problem)
		}
		for _, n := range names { // a name that was read is read as itself
			if again, problem := feedName(n); again != n || problem != "" {
				t.Fatalf("%q becomes %q: %s", n, again, problem)
			}
		}
	})
}
