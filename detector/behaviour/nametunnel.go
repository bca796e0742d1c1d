package behaviour

import (
	"hash/maphash"
	"net/netip"
	"time"

	"khien/detector"
	"khien/detector/window"
)

// A tunnel through DNS writes its data into names, so that each is long and none comes twice.
const (
	tunnelName  = 40   // bytes of a name that is long enough to be noted
	tunnelBelow = 24   // bytes of it below the registered domain
	tunnelNames = 25   // different names
	tunnelBytes = 1000 // in them, below the domain; not asked of record types that hosts have no use for
	tunnelSpan  = 10 * time.Minute
)

type nameTunnels struct {
	seen *window.Map[domainOf, nameTunnel]
	seed maphash.Seed
}

type domainOf struct {
	capture string
	client  netip.Addr
	domain  string
}

type nameTunnel struct {
	growth
	names                map[uint64]struct{}
	queries, bytes, rare int
}

func newNameTunnels() *nameTunnels {
	return &nameTunnels{window.New[domainOf, nameTunnel](keysMax/4, tunnelSpan), maphash.MakeSeed()}
}

func (p *nameTunnels) see(n *note) *detector.Finding {
	if n.kind != nameAsked {
		return nil
	}
	below, domain := cut(n.name)
	if below == "" || len(below) < tunnelBelow && !n.rare {
		return nil
	}
	e := p.seen.At(domainOf{n.capture, n.client, domain}, n.time)
	v, start := &e.Value, e.Start
	if v.names == nil {
		v.names = map[uint64]struct{}{}
	}
	v.queries++
	h := maphash.String(p.seed, below)
	if _, known := v.names[h]; !known && len(v.names) < distinctMax {
		v.names[h] = struct{}{}
		v.bytes += len(below)
		if n.rare {
			v.rare++
		}
	}
	// Who repeats names half of the time looks things up.
	if v.bytes < tunnelBytes && v.rare < tunnelNames || len(v.names) < v.queries/2 && len(v.names) < distinctMax || !v.tell(&e.Held, len(v.names), tunnelNames) {
		return nil
	}
	f := finding(n, "dns_tunnel", start, len(v.names), detector.Text{EN: "Tunnel through DNS"}, "tunnel "+n.client.String()+" "+domain)
	f.Severity, f.Score, f.Domain = detector.High, 0.85, domain
	f.Summary = detector.Text{VI: n.client.String() + " truyền dữ liệu qua câu hỏi DNS tới " + domain,
		EN: n.client.String() + " sends data in DNS questions to " + domain}
	mean := v.bytes / len(v.names)
	f.Reasons = []detector.Reason{
		reason(0.6, "%d tên con khác nhau trong %d câu hỏi dài, %v", "%d different names in %d long questions, %v", len(v.names), v.queries, span(start, n.time)),
		reason(0.4, "trung bình %d byte trước tên miền, tổng cộng %d byte", "%d bytes before the domain on average, %d bytes in all", mean, v.bytes),
	}
	if v.rare > 0 {
		f.Reasons[0].Weight = 0.4
		f.Reasons = append(f.Reasons, reason(0.2, "%d câu hỏi xin loại bản ghi mà máy thường không dùng (NULL, KEY …)", "%d questions were for record types that hosts have no use for (NULL, KEY …)", v.rare))
	}
	f.Techniques = []detector.Technique{
		{ID: "T1071.004", Name: "Application Layer Protocol: DNS", Tactic: "Command and Control", TacticID: "TA0011"},
		{ID: "T1048.003", Name: "Exfiltration Over Unencrypted Non-C2 Protocol", Tactic: "Exfiltration", TacticID: "TA0010"},
	}
	f.RelatedIPs, f.RelatedHosts = []string{n.client.String()}, []string{domain}
	return f
}
