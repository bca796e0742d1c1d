package behaviour

import (
	"time"

	"khien/detector"
	"khien/detector/window"
	"khien/sensor"
)

// SSH hides what becomes of a login; the shape of the connection tells: a refused one is over within seconds, with little
// more than the key exchange in it.
const (
	sshTries    = 15               // short connections of one client
	sshShort    = 30 * time.Second // a refused login is over by then
	sshSmall    = 8 << 10          // bytes that the server sends in one: banner, key exchange, refusals
	sshLastsFor = time.Minute      // a connection that holds so long after many short ones has a login behind it
)

type sshGuesses struct{ seen *window.Map[pair, guess] }

func newSSHGuesses() *sshGuesses { return &sshGuesses{window.New[pair, guess](keysMax, guessSpan)} }

func (p *sshGuesses) see(n *note) *detector.Finding {
	if n.kind != flowEnded || n.app != sensor.ProtoSSH {
		return nil
	}
	e := p.seen.At(pair{n.capture, n.client, n.server}, n.time)
	v, start := &e.Value, e.Start
	lasted, down := time.Duration(n.end-n.time), n.bytes[sensor.ToClient]
	switch {
	case lasted < sshShort && down < sshSmall:
		v.fails++
		if !v.tell(&e.Held, v.fails, sshTries) {
			return nil
		}
	case v.fails >= sshTries && !v.won && (lasted > sshLastsFor || down > 4*sshSmall):
		v.won = true
	default:
		return nil
	}
	f := guessed(n, start, v.fails, false)
	f.Reasons = []detector.Reason{reason(1, "%d kết nối SSH ngắn liên tiếp trong %v", "%d short SSH connections in a row within %v", v.fails, span(start, n.time))}
	if v.won {
		f.Severity, f.Score = detector.High, 0.9
		f.Reasons = append(f.Reasons, reason(0, "sau đó có một phiên dài: có thể đã đăng nhập được", "then a long session: a login may have succeeded"))
	}
	f.NotSeen = []detector.Text{{VI: "SSH mã hóa: không thấy kết quả từng lần đăng nhập", EN: "SSH is encrypted: the result of each login does not show"}}
	return f
}
