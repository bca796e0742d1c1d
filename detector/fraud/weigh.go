package fraud

import (
	"fmt"
	"math"
	"math/bits"
	"net/netip"
	"strings"
	"time"

	"khien/detector"
	"khien/detector/window"
)

// What makes age, infrastructure and company evidence. Times are packet times.
const (
	newHere    = 72 * time.Hour      // a name first seen so recently is new
	learnFor   = 72 * time.Hour      // before that everything is new, which says nothing
	newCert    = 14 * 24 * time.Hour // a certificate issued so recently is new
	popularFor = 7 * 24 * time.Hour  // a name known for longer, by MaxPeers clients, is popular
	churnAddrs = 6
	churnNets  = 4   // networks of 16 bits
	churnTTL   = 300 // seconds
	enough     = 2   // independent kinds of evidence that make a suspicious name fraud
)

// evidence is a kind of evidence. What is of one kind goes together by itself: an honest site that is new has a new
// certificate, too.
type evidence uint8

const (
	evidenceNew     evidence = iota // age of the name, of its certificate, of its registration
	evidenceCompany                 // what it shares with names judged fraud: addresses, servers, a certificate
	evidenceChurn                   // how its addresses change
	evidenceSeries                  // the pattern of a campaign's names
	evidenceFace                    // it shows the true site's favicon
	evidenceCloak                   // it shows two faces
	evidencePeople                  // reports
)

// mark is one piece of evidence about a name beside what its spelling shows.
type mark struct {
	kind   evidence
	vi, en string
	weight float64
}

// kinds counts the independent kinds of evidence.
func kinds(marks []mark) int {
	set := uint(0)
	for _, k := range marks {
		set |= 1 << k.kind
	}
	return bits.OnesCount(set)
}

// weigh collects the evidence about a name. A popular name has none.
func (m *Memory) weigh(name string, at netip.Addr, now time.Time) (marks []mark) {
	seen, known := m.firsts.Lookup(nameKey(name))
	t := now.Unix()
	if known && seen.Peers == window.MaxPeers && t-seen.First > int64(popularFor/time.Second) {
		return nil
	}
	put := func(kind evidence, weight float64, vi, en string) { marks = append(marks, mark{kind, vi, en, weight}) }
	x, _ := m.names.Get(name)
	if x == nil {
		x = &nameInfo{}
	}
	if known && t-seen.First < int64(newHere/time.Second) && seen.First-m.began >= int64(learnFor/time.Second) {
		vi, en := span(time.Duration(t-seen.First) * time.Second)
		put(evidenceNew, 0.3, fmt.Sprintf("tên miền xuất hiện lần đầu tại đây %s, số thiết bị đã truy vấn: %d", vi, seen.Peers),
			fmt.Sprintf("first seen here %s; clients so far: %d", en, seen.Peers))
	}
	if nb := x.Cert.NotBefore; nb > 0 && nb <= t+86400 && t-nb < int64(newCert/time.Second) {
		vi, en := span(time.Duration(max(t-nb, 0)) * time.Second)
		issuer := commonName(x.Cert.Issuer)
		put(evidenceNew, 0.3, "chứng thư số được cấp "+vi+as(issuer, ", bên cấp "), "its certificate was issued "+en+as(issuer, " by "))
	}
	if n := m.fraudSANs(name, x); n > 0 {
		put(evidenceCompany, 0.4, fmt.Sprintf("chứng thư số dùng chung với %d tên miền lừa đảo", n), fmt.Sprintf("its certificate is also for %d fraudulent names", n))
	}
	if n := m.fraudNeighbours(name, at, x); n > 0 {
		put(evidenceCompany, 0.4, fmt.Sprintf("dùng chung địa chỉ với %d tên miền đã kết luận lừa đảo", n), fmt.Sprintf("it shares its address with %d names judged fraud", n))
	}
	if n := m.fraudServers(name, x); n > 0 {
		put(evidenceCompany, 0.2, "máy chủ tên miền chung với các tên miền lừa đảo", "its name servers also serve fraudulent names")
	}
	if nets := x.networks(); x.Changes+1 >= churnAddrs && nets >= churnNets && x.MinTTL <= churnTTL {
		put(evidenceChurn, 0.3, fmt.Sprintf("đổi địa chỉ liên tục: %d địa chỉ ở %d mạng", x.Changes+1, nets), fmt.Sprintf("its addresses keep changing: %d in %d networks", x.Changes+1, nets))
	}
	if brand, ok := m.icons.Get(x.Icon); ok && x.Icon != "" {
		put(evidenceFace, 0.4, "biểu tượng trang giống hệt trang thật của "+brand, "its favicon is that of the true site of "+brand)
	}
	if x.Away && x.Served { // an organisation's own second name sends all of them
		put(evidenceCloak, 0.3, "chuyển một số lượt truy cập sang trang thật để che giấu", "it sends some visitors to the true site, to hide")
	}
	if f := m.listed.lookup(name); f != nil {
		put(evidenceNew, 0.35, "có trong danh sách "+f.name+" (dòng "+fmt.Sprint(f.line)+")", "listed in "+f.name+", line "+fmt.Sprint(f.line))
	}
	if c := m.campaigns.series(name); c != "" {
		put(evidenceSeries, 0.4, "tên nối tiếp dãy tên của một chiến dịch lừa đảo ("+c+")", "its name continues the series of a fraud campaign ("+c+")")
	}
	if _, ok := m.reports[reportKey("domain", name)]; ok {
		put(evidencePeople, 0.5, "người dân đã báo cáo", "reported by people")
	}
	return marks
}

// commonName returns the CN of an issuer, or all of it.
func commonName(issuer string) string {
	if i := strings.LastIndex(issuer, "CN="); i >= 0 {
		issuer, _, _ = strings.Cut(issuer[i+3:], ",")
	}
	return clip(issuer)
}

// span tells how long ago something was.
func span(d time.Duration) (vi, en string) {
	one := func(n int64, vi, en string) (string, string) {
		s := "s"
		if n == 1 {
			s = ""
		}
		return fmt.Sprintf("%d %s trước", n, vi), fmt.Sprintf("%d %s%s ago", n, en, s)
	}
	switch {
	case d < time.Minute:
		return "vừa xong", "just now"
	case d < time.Hour:
		return one(int64(d/time.Minute), "phút", "minute")
	case d < 24*time.Hour:
		return one(int64(d/time.Hour), "giờ", "hour")
	}
	return one(int64(d/(24*time.Hour)), "ngày", "day")
}

// judged reports whether a name was found to be fraud.
func (m *Memory) judged(name string) bool {
	x, ok := m.names.Get(name)
	return ok && x.Level == Fraud
}

func (m *Memory) fraudSANs(name string, x *nameInfo) (n int) {
	for _, s := range x.Cert.SANs {
		if s != name && !strings.HasSuffix(s, "."+name) && !strings.HasSuffix(name, "."+s) && m.judged(s) {
			n++
		}
	}
	return n
}

func (m *Memory) fraudNeighbours(name string, at netip.Addr, x *nameInfo) (n int) {
	counted := make(map[string]bool)
	count := func(a netip.Addr) {
		if !a.IsValid() || m.shared(a) {
			return
		}
		if info, ok := m.addrs.Get(a); ok {
			for _, other := range info.Names {
				if other != name && !counted[other] && !sameSite([]byte(other), []byte(name)) && m.judged(other) {
					counted[other] = true
					n++
				}
			}
		}
	}
	count(at)
	for i := range x.Addrs {
		count(x.Addrs[i].Addr)
	}
	return n
}

// fraudServers counts the name servers of a name that fraudulent names have and few others.
func (m *Memory) fraudServers(name string, x *nameInfo) (n int) {
	for _, s := range x.Servers {
		all, _ := m.firsts.Lookup(serverKey(s, 'z'))
		bad, ok := m.firsts.Lookup(serverKey(s, 'f'))
		if own := x.Level == Fraud; ok && all.Peers < window.MaxPeers && (bad.Peers >= 2 || bad.Peers == 1 && !own) {
			n++
		}
	}
	return n
}

// serverKey is the key of a name server: 'z' counts the zones that it has, 'f' the fraudulent ones.
func serverKey(server string, kind byte) []byte { return append([]byte{kind}, server...) }

// networks counts the networks of 16 (IPv6: 32) bits that the addresses are in.
func (x *nameInfo) networks() int {
	nets := make(map[netip.Prefix]bool)
	for i := range x.Addrs {
		bits := 16
		if x.Addrs[i].Addr.Is6() {
			bits = 32
		}
		if p, err := x.Addrs[i].Addr.Prefix(bits); err == nil {
			nets[p] = true
		}
	}
	return len(nets)
}

// fuse adds evidence to a finding about a name. What is only suspicious becomes fraud with enough of it.
func fuse(f *detector.Finding, marks []mark) {
	if len(marks) == 0 || f.Fraud == nil {
		return
	}
	own := 0.0
	for _, k := range marks {
		own += k.weight
	}
	raise := f.Severity < detector.High && kinds(marks) >= enough
	// The spelling keeps the share that its score earns.
	share := f.Score / (f.Score + own)
	for i := range f.Reasons {
		f.Reasons[i].Weight = thousandths(f.Reasons[i].Weight * share)
	}
	for _, k := range marks {
		r := reason(k.vi, k.en, thousandths(k.weight/(f.Score+own)))
		r.Buffer = "memory"
		f.Reasons = append(f.Reasons, r)
	}
	sortReasons(f.Reasons)
	miss := 1 - f.Score
	for _, k := range marks {
		miss *= 1 - k.weight
	}
	f.Score = thousandths(1 - miss)
	f.Fraud.Score = f.Score
	if raise {
		f.Severity = detector.High
		vi, en := marks[0].vi, marks[0].en
		for i, k := range marks[1:] {
			if k.kind != marks[i].kind {
				vi, en = vi+", "+k.vi, en+", "+k.en
			}
		}
		f.Summary.VI += "; đủ chứng cứ khác để kết luận lừa đảo: " + vi
		f.Summary.EN += "; other evidence makes it fraud: " + en
	}
}

func thousandths(x float64) float64 { return math.Round(x*1000) / 1000 }

// size writes a number of bytes for people.
func size(n uint64) (vi, en string) {
	switch {
	case n >= 1<<20:
		en = fmt.Sprintf("%.1f MB", float64(n)/(1<<20))
	default:
		en = fmt.Sprintf("%d kB", n>>10)
	}
	return strings.Replace(en, ".", ",", 1), en
}
