package serve

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed" // of the page
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"math"
	"net/http"
	"net/netip"
	"strings"
	"time"
	"unicode"

	"khien/console/hook"
	"khien/detector"
)

// Appeals is the page on which people ask to be unblocked: a form in two languages without script, cookie or login. It tells
// nobody whether or why a value is blocked. What people write goes into the book and nowhere else. Safe for concurrent use.
type Appeals struct {
	book    appealBook
	path    string
	contact detector.Text
	within  time.Duration
	proxies []netip.Prefix
	rate    *rate
	log     func(string)
	head    http.Header
}

// appealBook is what the page needs of a hook.Book.
type appealBook interface {
	Now() time.Time
	RequestUnblock(ctx context.Context, ask hook.Unblock) (*hook.Unblock, error)
}

//go:embed appeal.html
var appealHTML string

//go:embed appeal.css
var appealCSS string

var appealPage = template.Must(template.New("appeal").Parse(appealHTML))

// Limits of what is sent from the page. The characters of a field are those that the form lets people type.
const (
	appealBody  = 16 << 10 // bytes of a form
	appealShort = 80       // characters of a name and of a way to reach somebody
	appealText  = 600
	appealValue = 1024
)

// NewAppeals returns the page of a validated configuration; within is the time to answer. log takes what operators must see,
// and nothing that people wrote.
func NewAppeals(book appealBook, a *hook.Appeal, within time.Duration, log func(string)) *Appeals {
	p := &Appeals{book: book, path: a.Path, contact: a.Contact, within: within, proxies: a.ProxyPrefixes(), rate: newRate(), log: log}
	sum := sha256.Sum256([]byte(appealCSS))
	p.head = http.Header{
		"Content-Type": {"text/html; charset=utf-8"},
		"Content-Security-Policy": {"default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
		"X-Content-Type-Options":     {"nosniff"},
		"X-Frame-Options":            {"DENY"},
		"Referrer-Policy":            {"same-origin"},
		"Cross-Origin-Opener-Policy": {"same-origin"},
		"Cache-Control":              {"no-store"},
	}
	return p
}

// Handler serves the page.
func (p *Appeals) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+p.path, func(w http.ResponseWriter, _ *http.Request) { p.show(w, http.StatusOK, appealView{}) })
	mux.HandleFunc("POST "+p.path, p.take)
	// Another site must not spend what a visitor's network may ask.
	return http.NewCrossOriginProtection().Handler(mux)
}

// appealView is what the page shows.
type appealView struct {
	Value, Who, Reach, Text string
	Field                   string // that is wrong
	Wrong                   *detector.Text
	Kept                    *appealKept
}

// appealKept is what somebody is told whose request was taken.
type appealKept struct{ Number, Due string }

func (p *Appeals) show(w http.ResponseWriter, status int, v appealView) {
	var b bytes.Buffer
	err := appealPage.Execute(&b, struct {
		appealView
		Path    string
		Style   template.CSS
		Hours   int
		Contact detector.Text
	}{v, p.path, template.CSS(appealCSS), int(math.Ceil(p.within.Hours())), p.contact})
	if err != nil {
		p.log("the page for citizens: " + err.Error())
		http.Error(w, "the page cannot be shown", http.StatusInternalServerError)
		return
	}
	for k, x := range p.head {
		w.Header()[k] = x
	}
	w.WriteHeader(status)
	w.Write(b.Bytes())
}

// take keeps what somebody asks.
func (p *Appeals) take(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, appealBody)
	if err := r.ParseForm(); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			p.refuse(w, http.StatusRequestEntityTooLarge, appealView{}, "", "Nội dung quá dài. Xin rút gọn rồi gửi lại.", "This is too long. Please shorten it and send it again.")
			return
		}
		p.refuse(w, http.StatusBadRequest, appealView{}, "", "Biểu mẫu không đọc được. Xin điền lại.", "The form cannot be read. Please fill it in again.")
		return
	}
	field := func(name string, most int, lines bool) string { return clean(r.PostForm.Get(name), most, lines) }
	v := appealView{Value: field("value", appealValue, false), Who: field("who", appealShort, false), Reach: field("reach", appealShort, false),
		Text: field("text", appealText, true)}
	value, ok := appealTarget(v.Value)
	switch {
	case !ok:
		p.refuse(w, http.StatusUnprocessableEntity, v, "value", "Đây không phải tên miền, địa chỉ IP hoặc liên kết. Ví dụ: vidu.vn, 203.0.113.7, https://vidu.vn/trang",
			"This is no name, IP address or link. Examples: vidu.vn, 203.0.113.7, https://vidu.vn/trang")
		return
	case v.Who == "":
		p.refuse(w, http.StatusUnprocessableEntity, v, "who", "Xin cho biết họ tên hoặc tên đơn vị.", "Please say who you are.")
		return
	case v.Reach == "":
		p.refuse(w, http.StatusUnprocessableEntity, v, "reach", "Xin ghi số điện thoại hoặc thư điện tử để chúng tôi trả lời.", "Please tell us how to reach you.")
		return
	case v.Text == "":
		p.refuse(w, http.StatusUnprocessableEntity, v, "text", "Xin cho biết vì sao đề nghị gỡ chặn.", "Please say why it should be unblocked.")
		return
	}
	if wait := p.rate.take(p.network(r), p.book.Now()); wait > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(math.Ceil(wait.Seconds()))))
		p.refuse(w, http.StatusTooManyRequests, v, "", "Mạng của ông/bà đã gửi nhiều đề nghị trong một giờ qua. Xin gửi lại sau, hoặc liên hệ theo thông tin cuối trang.",
			"Your network has sent many requests within the hour. Please try later, or contact us as shown below.")
		return
	}
	u, err := p.book.RequestUnblock(r.Context(), hook.Unblock{Value: value, Contact: v.Who + " · " + v.Reach, Text: v.Text, From: hook.FromPage})
	switch {
	case errors.Is(err, hook.ErrBrake):
		w.Header().Set("Retry-After", "3600")
		p.refuse(w, http.StatusServiceUnavailable, v, "", "Hiện có quá nhiều đề nghị chờ trả lời nên chưa nhận thêm. Đề nghị này chưa được ghi lại; xin gửi lại sau, hoặc liên hệ theo thông tin cuối trang.",
			"Too many requests wait for an answer, so none can be taken now. Yours has not been kept: please try later, or contact us as shown below.")
	case u == nil:
		p.log("the page for citizens: a request could not be kept: " + fmt.Sprint(err))
		p.refuse(w, http.StatusServiceUnavailable, v, "", "Đề nghị chưa được ghi lại do lỗi của chúng tôi. Xin gửi lại sau, hoặc liên hệ theo thông tin cuối trang.",
			"Your request has not been kept, by a fault of ours. Please try later, or contact us as shown below.")
	default:
		if err != nil { // kept, but the history does not have it
			p.log("the page for citizens: request " + u.ID + ": " + err.Error())
		}
		p.show(w, http.StatusOK, appealView{Kept: &appealKept{u.ID, u.Due.In(vietnam).Format("15:04 02/01/2006") + " (GMT+7)"}})
	}
}

// vietnam is the time that people there read.
var vietnam = time.FixedZone("GMT+7", 7*60*60)

func (p *Appeals) refuse(w http.ResponseWriter, status int, v appealView, field, vi, en string) {
	v.Field, v.Wrong = field, &detector.Text{VI: vi, EN: en}
	p.show(w, status, v)
}

// appealTarget returns the normal form of a name, an address, a prefix or a link; people write links without their scheme.
func appealTarget(s string) (string, bool) {
	for _, try := range []string{s, "https://" + s} {
		switch kind, v, err := hook.Guess(try); {
		case err != nil:
		case kind == hook.IP || kind == hook.CIDR || kind == hook.Domain || kind == hook.URL:
			return v, true
		default:
			return "", false
		}
	}
	return "", false
}

// clean returns what somebody typed without what cannot be seen, at most so many characters. Lines are kept where a field has
// several.
func clean(s string, most int, lines bool) string {
	var b strings.Builder
	n := 0
	for _, c := range strings.ToValidUTF8(s, "") {
		switch {
		case c == '\n' && lines:
		case c == '\r' && lines:
			continue
		case unicode.IsSpace(c):
			c = ' '
		case !unicode.IsPrint(c): // control characters, and those that turn the direction of what follows
			continue
		}
		if n++; n > most {
			break
		}
		b.WriteRune(c)
	}
	return strings.TrimSpace(b.String())
}

// network returns the network that a request came from. Behind a proxy it is the last address that the proxy did not write
// for another proxy: what stands before it is what the sender claims.
func (p *Appeals) network(r *http.Request) netip.Prefix {
	at := netip.Addr{}
	if a, err := netip.ParseAddrPort(r.RemoteAddr); err == nil {
		at = a.Addr().Unmap().WithZone("")
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && p.proxy(at); i-- {
		a, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		at = a.Unmap().WithZone("")
	}
	bits := 24
	if at.Is6() {
		bits = 48
	}
	n, err := at.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // of no address: all of them are one network
	}
	return n
}

func (p *Appeals) proxy(a netip.Addr) bool {
	for _, x := range p.proxies {
		if x.Contains(a) {
			return true
		}
	}
	return false
}
