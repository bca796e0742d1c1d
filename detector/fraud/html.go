package fraud

import (
	"bytes"
	"errors"
	"io"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// Limits of a page.
const (
	maxPageTokens = 20_000
	maxPageText   = 24 << 10 // bytes of text that brands are looked for in
	maxTitle      = 1 << 10
	maxActions    = 8
	maxAssets     = 16
)

// page is what matters of an HTML page. Its memory is reused.
type page struct {
	kinds   secret
	title   []byte // title, headings, alternative texts of images, image names: what the page says it is
	text    []byte // the rest of the visible text
	actions [][]byte
	assets  [][]byte // hosts that pictures, styles and scripts are loaded from
	exfil   int      // offset of a place that takes what is typed (a bot, a webhook), -1 for none
	exfilTo string   // what it is called
	app     bool
	cut     bool // a limit was reached before its end
	shape   shapeSketch
}

func (p *page) reset() {
	p.kinds, p.title, p.text, p.actions, p.assets, p.app = 0, p.title[:0], p.text[:0], p.actions[:0], p.assets[:0], false
	p.exfil, p.exfilTo, p.cut = -1, "", false
	p.shape.reset()
}

// exfils are addresses by which scripts of phishing kits hand on what victims type.
var exfils = [...]struct{ mark, name string }{
	{"api.telegram.org/bot", "Telegram"}, {"discord.com/api/webhooks/", "Discord"}, {"discordapp.com/api/webhooks/", "Discord"},
	{"hooks.slack.com/services/", "Slack"}, {"webhook.site/", "webhook.site"}, {"script.google.com/macros/s/", "Google Apps Script"},
	{"formspree.io/f/", "Formspree"}, {"formsubmit.co/", "FormSubmit"}, {"api.emailjs.com/", "EmailJS"}, {"getform.io/f/", "Getform"},
}

// findExfil looks for such an address.
func (p *page) findExfil(body []byte) {
	for i := range exfils {
		if at := bytes.Index(body, []byte(exfils[i].mark)); at >= 0 && (p.exfil < 0 || at < p.exfil) {
			p.exfil, p.exfilTo = at, exfils[i].name
		}
	}
}

// worthReading reports whether a body may be a page that asks for something: most pages do not, and need no tokenizer.
func worthReading(body []byte) bool {
	head := bytes.TrimLeft(body[:min(len(body), 512)], " \t\r\n\ufeff")
	if len(head) == 0 || head[0] != '<' {
		return false
	}
	return bytes.Contains(body, []byte("<input")) || bytes.Contains(body, []byte("<INPUT")) || bytes.Contains(body, []byte("<Input")) ||
		bytes.Contains(body, []byte("api.telegram.org/bot")) || bytes.Contains(body, []byte("/webhooks/")) || bytes.Contains(body, []byte(".apk"))
}

// read takes the page apart. The text of a malformed page is what a browser would make of it as far as the tokenizer
// follows; it never fails.
func (p *page) read(body []byte) {
	p.reset()
	p.findExfil(body)
	z := html.NewTokenizer(bytes.NewReader(body))
	z.SetMaxBuf(256 << 10)
	var in atom.Atom
	for range maxPageTokens {
		switch tt := z.Next(); tt {
		case html.ErrorToken:
			p.cut = !errors.Is(z.Err(), io.EOF)
			return
		case html.TextToken:
			switch in {
			case atom.Script, atom.Style:
			case atom.Title, atom.H1, atom.H2, atom.Button:
				p.title = appendText(p.title, z.Text(), maxTitle)
			default:
				p.text = appendText(p.text, z.Text(), maxPageText)
			}
		case html.EndTagToken:
			in = 0
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			a := atom.Lookup(name)
			p.shape.tag(name)
			switch a {
			case atom.Title, atom.H1, atom.H2, atom.Button, atom.Script, atom.Style:
				in = a
			}
			if more {
				p.tag(z, a)
			}
		}
	}
	p.cut = true
}

func appendText(dst, text []byte, limit int) []byte {
	text = bytes.TrimSpace(text)
	if len(text) == 0 || len(dst) >= limit {
		return dst
	}
	dst = append(dst, ' ')
	return append(dst, text[:min(len(text), limit-len(dst))]...)
}

// tag reads the attributes of a tag.
func (p *page) tag(z *html.Tokenizer, a atom.Atom) {
	var kind secret
	hidden, password := false, false
	for range 64 {
		key, val, more := z.TagAttr()
		if string(key) == "src" || a == atom.Link && string(key) == "href" {
			p.asset(val)
		}
		switch a {
		case atom.Input, atom.Textarea:
			switch string(key) {
			case "type":
				password = bytes.EqualFold(val, []byte("password"))
				hidden = hidden || bytes.EqualFold(val, []byte("hidden")) || bytes.EqualFold(val, []byte("search"))
			case "name", "id", "placeholder", "aria-label", "autocomplete":
				if string(val) == "one-time-code" {
					kind |= secretOTP
				}
				kind |= secretByName(fold(val))
			}
		case atom.Form:
			if string(key) == "action" && len(p.actions) < maxActions {
				p.actions = append(p.actions, bytes.Clone(val[:min(len(val), 512)]))
			}
		case atom.Img:
			if string(key) == "src" && !bytes.HasPrefix(val, []byte("data:")) { // the picture's name; whose host it is on is looked at as an asset
				val = val[bytes.LastIndexByte(val, '/')+1:]
			}
			if string(key) == "alt" || string(key) == "title" || string(key) == "src" && !bytes.HasPrefix(val, []byte("data:")) {
				p.title = appendText(p.title, val[:min(len(val), 200)], maxTitle)
			}
		case atom.A:
			if string(key) == "href" && bytes.HasSuffix(bytes.ToLower(val[:min(len(val), 512)]), []byte(".apk")) {
				p.app = true
			}
		case atom.Meta:
			if string(key) == "content" {
				p.text = appendText(p.text, val[:min(len(val), 300)], maxPageText)
			}
		}
		if !more {
			break
		}
	}
	if password && kind&graveSecrets == 0 {
		kind |= secretPassword
	}
	if !hidden {
		p.kinds |= kind
	}
}

// asset notes the host that a part of the page is loaded from.
func (p *page) asset(url []byte) {
	h := actionHost(url[:min(len(url), 512)])
	if len(h) == 0 || len(h) > maxName || len(p.assets) >= maxAssets {
		return
	}
	for _, known := range p.assets {
		if bytes.EqualFold(known, h) {
			return
		}
	}
	p.assets = append(p.assets, bytes.ToLower(h))
}

// fold removes Vietnamese accents from a short text, so that "Mật khẩu" is known.
func fold(b []byte) []byte {
	for _, c := range b {
		if c >= 0x80 {
			out, _ := accents.fold(nil, b[:min(len(b), 120)], 120)
			return out
		}
	}
	return b
}

// accents is read-only.
var accents = newFolder()

// actionHost returns the host that a form is sent to, nil when it is the page's own.
func actionHost(action []byte) []byte {
	for _, scheme := range [...]string{"https://", "http://", "//"} {
		if len(action) > len(scheme) && bytes.EqualFold(action[:len(scheme)], []byte(scheme)) {
			rest := action[len(scheme):]
			if i := bytes.IndexAny(rest, "/?#:"); i >= 0 {
				rest = rest[:i]
			}
			return rest
		}
	}
	return nil
}
