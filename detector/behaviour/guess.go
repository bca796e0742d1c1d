package behaviour

import (
	"net/netip"
	"time"

	"khien/detector"
	"khien/detector/window"
	"khien/sensor"
)

// Guessing is refused logins: many from one client at one service, or one client with many names.
const (
	guessFails = 12
	sprayUsers = 8
	guessSpan  = 10 * time.Minute
)

var (
	guessing = []detector.Technique{{ID: "T1110.001", Name: "Brute Force: Password Guessing", Tactic: "Credential Access", TacticID: "TA0006"}}
	spraying = []detector.Technique{{ID: "T1110.003", Name: "Brute Force: Password Spraying", Tactic: "Credential Access", TacticID: "TA0006"}}
)

// service is a protocol on a server, as one client sees it.
type service struct {
	pair
	app sensor.Proto
}

// guesses are refused logins of one client at one service.
type guesses struct{ seen *window.Map[service, guess] }

type guess struct {
	growth
	fails int
	won   bool
}

func newGuesses() *guesses { return &guesses{window.New[service, guess](keysMax, guessSpan)} }

func (p *guesses) see(n *note) *detector.Finding {
	if n.kind != loginFailed && n.kind != loginWorked {
		return nil
	}
	e := p.seen.At(service{pair{n.capture, n.client, n.server}, n.app}, n.time)
	v, start := &e.Value, e.Start
	if n.kind == loginWorked {
		if v.fails < guessFails || v.won {
			return nil
		}
		v.won = true
		return guessed(n, start, v.fails, true)
	}
	v.fails++
	if !v.tell(&e.Held, v.fails, guessFails) {
		return nil
	}
	return guessed(n, start, v.fails, v.won)
}

// guessed makes the finding of guessed passwords.
func guessed(n *note, start int64, fails int, won bool) *detector.Finding {
	app := n.app.String()
	f := finding(n, "password_guessing", start, fails, detector.Text{EN: "Password guessing"}, "guess "+app+" "+n.client.String()+" "+n.server.String())
	f.Severity, f.Score, f.Techniques = detector.Medium, 0.6, guessing
	if inside(n.client) {
		f.Severity, f.Score = detector.High, 0.8
	}
	f.Summary = detector.Text{VI: n.client.String() + " dò mật khẩu " + app + " của " + n.server.String(),
		EN: n.client.String() + " guesses " + app + " passwords of " + n.server.String()}
	f.Reasons = []detector.Reason{reason(1, "%d lần đăng nhập bị từ chối trong %v", "%d logins were refused within %v", fails, span(start, n.time))}
	if won {
		f.Severity, f.Score = detector.Critical, 0.95
		f.Summary.VI += ", sau đó đăng nhập được"
		f.Summary.EN += ", then got in"
		f.Reasons[0].Weight = 0.6
		f.Reasons = append(f.Reasons, reason(0.4, "một lần đăng nhập sau đó được chấp nhận", "a login after that was accepted"))
	}
	f.RelatedIPs = []string{n.client.String(), n.server.String()}
	return f
}

// sprays are refused logins of one client with many names.
type sprays struct{ seen *window.Map[sprayKey, spray] }

type sprayKey struct {
	capture string
	client  netip.Addr
	app     sensor.Proto
}

type spray struct {
	growth
	users map[string]int // refused logins by name
}

func newSprays() *sprays { return &sprays{window.New[sprayKey, spray](keysMax, guessSpan)} }

func (p *sprays) see(n *note) *detector.Finding {
	if n.kind != loginFailed || n.name == "" {
		return nil
	}
	e := p.seen.At(sprayKey{n.capture, n.client, n.app}, n.time)
	v, start := &e.Value, e.Start
	if v.users == nil {
		v.users = map[string]int{}
	}
	if _, known := v.users[n.name]; known || len(v.users) < distinctMax {
		v.users[n.name]++
	}
	if !v.tell(&e.Held, len(v.users), sprayUsers) {
		return nil
	}
	app := n.app.String()
	f := finding(n, "password_spraying", start, len(v.users), detector.Text{EN: "Password spraying"}, "spray "+app+" "+n.client.String())
	f.Severity, f.Score, f.Techniques = detector.High, 0.8, spraying
	f.Summary = detector.Text{VI: n.client.String() + " thử đăng nhập " + app + " bằng nhiều tài khoản",
		EN: n.client.String() + " tries to log in to " + app + " under many names"}
	f.Reasons = []detector.Reason{reason(1, "%d tài khoản khác nhau bị từ chối trong %v", "%d different names were refused within %v", len(v.users), span(start, n.time))}
	f.RelatedIPs = []string{n.client.String(), n.server.String()}
	return f
}
