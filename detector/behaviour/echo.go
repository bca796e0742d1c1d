package behaviour

import (
	"time"

	"khien/detector"
	"khien/detector/window"
)

const (
	echoAnswers = 8
	echoSpan    = 10 * time.Minute
)

// echoTunnels are pings that bring back other bytes than were sent.
type echoTunnels struct{ seen *window.Map[pair, echoTunnel] }

type echoTunnel struct {
	growth
	answers, bytes int
}

func newEchoTunnels() *echoTunnels {
	return &echoTunnels{window.New[pair, echoTunnel](keysMax, echoSpan)}
}

func (p *echoTunnels) see(n *note) *detector.Finding {
	if n.kind != echoDiffers {
		return nil
	}
	e := p.seen.At(pair{n.capture, n.client, n.server}, n.time)
	v, start := &e.Value, e.Start
	v.answers++
	v.bytes += n.length
	if !v.tell(&e.Held, v.answers, echoAnswers) {
		return nil
	}
	f := finding(n, "icmp_tunnel", start, v.answers, detector.Text{EN: "Tunnel through ICMP"}, "echo "+n.client.String()+" "+n.server.String())
	f.Severity, f.Score = detector.High, 0.85
	f.Summary = detector.Text{VI: n.client.String() + " và " + n.server.String() + " truyền dữ liệu trong gói ping",
		EN: n.client.String() + " and " + n.server.String() + " exchange data inside pings"}
	f.Reasons = []detector.Reason{reason(1, "%d câu trả lời ping mang dữ liệu khác với câu hỏi, %d byte", "%d ping answers carry other data than was sent, %d bytes", v.answers, v.bytes)}
	f.Techniques = []detector.Technique{{ID: "T1095", Name: "Non-Application Layer Protocol", Tactic: "Command and Control", TacticID: "TA0011"}}
	f.RelatedIPs = []string{n.client.String(), n.server.String()}
	return f
}
