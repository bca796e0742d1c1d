package push

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"khien/console/hook"
	"khien/console/hook/hooktest"
)

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}

func feed(d *hooktest.Desk, to Target, batch int, types ...string) (*Feed, *hook.Consumers) {
	d.T.Helper()
	cs := &hook.Consumers{}
	f := &Feed{Name: "x", Target: to, Batch: batch, Types: map[string]bool{}, Book: d.Book, History: d.Hist,
		Cursors: &Cursors{Shelf: d.Shelf, Now: d.Clock.Now}, Consumers: cs}
	for _, t := range types {
		f.Types[t] = true
	}
	if _, err := f.Step(d.T.Context()); err != nil { // the cursor begins here
		d.T.Fatal(err)
	}
	return f, cs
}

// drain steps until nothing is left.
func drain(t *testing.T, f *Feed) {
	t.Helper()
	for {
		some, err := f.Step(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !some {
			return
		}
	}
}

const whsec = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

// TestWebhook: the reference library verifies what is sent, and refuses it changed, late or under another key.
func TestWebhook(t *testing.T) {
	d := hooktest.New(t, "")
	ref, err := standardwebhooks.NewWebhook(whsec)
	if err != nil {
		t.Fatal(err)
	}
	var bodies [][]byte
	var headers []http.Header
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if err := ref.Verify(b, r.Header); err != nil {
			t.Errorf("the reference library: %v", err)
		}
		bodies, headers = append(bodies, b), append(headers, r.Header)
	}))
	defer s.Close()
	w, err := NewWebhook(s.URL, whsec, loopback, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := feed(d, w, 1, "decision.active")
	d.MustBlock("bad.example", time.Hour)
	drain(t, f)
	if len(bodies) != 1 || !strings.Contains(string(bodies[0]), `"value":"bad.example"`) || !strings.Contains(string(bodies[0]), `"type":"decision.active"`) {
		t.Fatalf("%s", bodies)
	}
	if ref.Verify(append(bodies[0], ' '), headers[0]) == nil {
		t.Error("a changed body verifies")
	}
	other, err := standardwebhooks.NewWebhook("whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 24)))
	if err != nil || other.Verify(bodies[0], headers[0]) == nil {
		t.Error("another key verifies", err)
	}
	old, err := NewWebhook(s.URL, whsec, loopback, func() time.Time { return time.Now().Add(-6 * time.Minute) })
	if err != nil {
		t.Fatal(err)
	}
	late := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if ref.Verify(b, r.Header) == nil {
			t.Error("six minutes late verifies")
		}
	}))
	defer late.Close()
	old.url = late.URL
	if err := old.Deliver(t.Context(), []hook.Notice{{Event: hook.Event{ID: "evt_x", Type: "alarm"}}}); err != nil {
		t.Error(err)
	}
}

// flaky is a target that is down for a while, and loses answers.
type flaky struct {
	clock    *hooktest.Clock
	up       time.Time
	lose     int // every so many deliveries arrive and say that they did not
	tries    int
	got      []string // types and values, each event once
	seen     map[string]int
	received int
}

func (f *flaky) Deliver(_ context.Context, ns []hook.Notice) error {
	f.tries++
	if f.clock.Now().Before(f.up) {
		return errors.New("connection refused")
	}
	for _, n := range ns {
		f.received++
		if f.seen[n.Event.ID]++; f.seen[n.Event.ID] == 1 {
			f.got = append(f.got, n.Event.Type+" "+n.Decision.Value)
		}
	}
	if f.lose > 0 && f.tries%f.lose == 0 {
		return errors.New("timeout")
	}
	return nil
}

// TestAnHourDown: a target that is down for an hour gets everything that is still true, in order, at least once, also when
// we are restarted meanwhile and answers are lost; a block that has ended by then is not announced any more.
func TestAnHourDown(t *testing.T) {
	d := hooktest.New(t, "")
	to := &flaky{clock: d.Clock, up: d.Clock.Now().Add(time.Hour), lose: 3, seen: map[string]int{}}
	types := []string{"decision.active", "decision.expired", "decision.revoked"}
	f, cs := feed(d, to, 2, types...)
	var want []string
	for i := range 20 {
		ttl := 3 * time.Hour
		name := fmt.Sprintf("n%02d.example", i)
		if i%5 == 0 {
			ttl = 10 * time.Minute
		} else {
			want = append(want, "decision.active "+name)
		}
		d.MustBlock(name, ttl)
	}
	failed := 0
	for step := 0; ; step++ {
		if step > 1000 {
			t.Fatal("never through")
		}
		some, err := f.Step(t.Context())
		if err != nil {
			failed++
			d.Clock.Pass(Retry(failed))
			if err := d.Tick(t.Context()); err != nil {
				t.Fatal(err)
			}
			if step == 5 {
				d.Restart()
				f.Book, f.History, f.Cursors = d.Book, d.Hist, &Cursors{Shelf: d.Shelf, Now: d.Clock.Now}
			}
			continue
		}
		failed = 0
		if !some {
			break
		}
	}
	for i := 0; i < 20; i += 5 {
		want = append(want, fmt.Sprintf("decision.expired n%02d.example", i))
	}
	got := slices.Clone(to.got)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %v\nwant %v", got, want)
	}
	if !slices.IsSortedFunc(to.got[:16], strings.Compare) {
		t.Errorf("out of order: %v", to.got)
	}
	s := cs.List()[0]
	if s.Skipped != 4 || s.Behind != 0 || s.Error != "" || to.received < len(want) {
		t.Errorf("%+v", s)
	}
	t.Logf("%d events once each, %d received, %d tries, 4 no longer true", len(to.seen), to.received, to.tries)
}

// TestGuard: messages go to public addresses and allowed ones, by name or by number, and follow no redirection.
func TestGuard(t *testing.T) {
	hit := false
	inside := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hit = true }))
	defer inside.Close()
	port := inside.URL[strings.LastIndex(inside.URL, ":"):]
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254", "10.0.0.1", "100.64.0.1", "[fd00::1]", "[64:ff9b::7f00:1]"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		err := post(ctx, client(nil), "http://"+host+port, nil, nil)
		cancel()
		if err == nil || !strings.Contains(err.Error(), "is not public") || hit {
			t.Errorf("%s: %v, reached: %v", host, err, hit)
		}
	}
	outside := httptest.NewServer(http.RedirectHandler(inside.URL, http.StatusTemporaryRedirect))
	defer outside.Close()
	if err := post(t.Context(), client(loopback), outside.URL, nil, nil); err == nil || hit {
		t.Errorf("a redirection: %v, reached: %v", err, hit)
	}
	for url, ok := range map[string]bool{"https://soar.example/x": true, "http://soar.example/x": false, "https://u:p@soar.example/": false, "file:///etc/passwd": false, "https://": false} {
		if err := CheckURL(url, nil); (err == nil) != ok {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestSyslogFraming(t *testing.T) {
	d := hooktest.New(t, "")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	lines := make(chan string, 8)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		in := bufio.NewReader(c)
		for {
			n := 0
			if _, err := fmt.Fscanf(in, "%d ", &n); err != nil {
				close(lines)
				return
			}
			b := make([]byte, n)
			if _, err := io.ReadFull(in, b); err != nil {
				t.Error(err)
				return
			}
			lines <- string(b)
		}
	}()
	s, err := NewSyslog("tcp://"+l.Addr().String(), "cef", loopback)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := feed(d, s, 100, "decision.active", "decision.revoked")
	x := d.MustBlock("bad.example", time.Hour)
	if _, err := d.Revoke(t.Context(), x.ID, "an", "nhầm"); err != nil {
		t.Fatal(err)
	}
	drain(t, f)
	// The block is not true any more: its end alone is told.
	if got := <-lines; !strings.Contains(got, "CEF:0|Khien|Khien|1|decision.revoked|") || !strings.Contains(got, "request=bad.example") {
		t.Error(got)
	}
	s.conn.Close()
	for _, bad := range []string{"http://x:1", "tcp://x", "", "tls://:x:y"} {
		if _, err := NewSyslog(bad, "", nil); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestMail: a mail server takes one message for several events.
func TestMail(t *testing.T) {
	d := hooktest.New(t, "")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var mu sync.Mutex
	var data strings.Builder
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			fmt.Fprint(c, "220 sink\r\n")
			in, inData := bufio.NewScanner(c), false
			for in.Scan() {
				line := in.Text()
				switch {
				case inData && line == ".":
					inData = false
					fmt.Fprint(c, "250 taken\r\n")
				case inData:
					mu.Lock()
					data.WriteString(line + "\n")
					mu.Unlock()
				case line == "DATA":
					inData = true
					fmt.Fprint(c, "354 go on\r\n")
				case line == "QUIT":
					fmt.Fprint(c, "221 bye\r\n")
				default:
					fmt.Fprint(c, "250 ok\r\n")
				}
			}
			c.Close()
		}
	}()
	m, err := NewMail(l.Addr().String(), "", "", "khien@tinh.example", []string{"truc@tinh.example"}, loopback)
	if err != nil {
		t.Fatal(err)
	}
	f, _ := feed(d, m, 50, "decision.active")
	d.MustBlock("bad.example", time.Hour)
	d.MustBlock("worse.example", time.Hour)
	drain(t, f)
	mu.Lock()
	defer mu.Unlock()
	got := data.String()
	if strings.Count(got, "Subject:") != 1 || !strings.Contains(got, "worse[.]example") || strings.Contains(got, "worse.example") || !strings.Contains(got, "Message-ID: <evt_") {
		t.Errorf("%s", got)
	}
	if _, err := NewMail("x:25", "", "", "not an address", []string{"a@b.example"}, nil); err == nil {
		t.Error("a sender that is no address is taken")
	}
}

func TestReceivers(t *testing.T) {
	d := hooktest.New(t, "four_eyes: []")
	type request struct {
		path, auth, contentType string
		body                    map[string]any
	}
	var got []request
	status, says := 201, `{"error":0,"message":"Success"}`
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := request{path: r.URL.Path, auth: r.Header.Get("Authorization") + r.Header.Get("access_token"), contentType: r.Header.Get("Content-Type")}
		if err := json.NewDecoder(r.Body).Decode(&q.body); err != nil {
			t.Error(err)
		}
		got = append(got, q)
		w.WriteHeader(status)
		io.WriteString(w, says)
	}))
	defer s.Close()
	token := func(context.Context) (string, error) { return "secret-token", nil }
	hive, err := NewTheHive(s.URL, "secret-key", loopback)
	if err != nil {
		t.Fatal(err)
	}
	zalo, err := NewZalo(s.URL, "42", token, loopback)
	if err != nil {
		t.Fatal(err)
	}
	telegram, err := NewTelegram(s.URL, "42", token, loopback)
	if err != nil {
		t.Fatal(err)
	}
	d.MustBlock("198.51.100.7", time.Hour)
	x := d.MustBlock("bad.example", time.Hour)
	n := []hook.Notice{{Event: hook.Event{ID: "evt_1", Type: "decision.active"}, Decision: x}}
	for _, to := range []Target{hive, zalo, telegram} {
		if err := to.Deliver(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if got[0].path != "/api/v1/alert" || got[0].auth != "Bearer secret-key" || got[0].body["sourceRef"] != "evt_1" {
		t.Errorf("%+v", got[0])
	}
	for _, q := range got[1:] {
		if b, _ := json.Marshal(q.body); strings.Contains(string(b), "bad") || strings.Contains(string(b), "secret") {
			t.Errorf("%s", b)
		}
	}
	status, says = 200, `{"error":-213,"message":"User has not followed OA"}`
	if err := zalo.Deliver(t.Context(), n); err == nil || !strings.Contains(err.Error(), "-213") {
		t.Errorf("a refusal of Zalo counts as delivered: %v", err)
	}
	s.Close()
	if err := telegram.Deliver(t.Context(), n); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("the error shows the token: %v", err)
	}
	// OpenC2: what is new, then what is gone.
	got = nil
	s = httptest.NewServer(s.Config.Handler)
	defer s.Close()
	o, err := NewOpenC2(s.URL, "tok", loopback)
	if err != nil {
		t.Fatal(err)
	}
	enforce := func(want ...string) {
		t.Helper()
		got = nil
		if err := o.Enforce(t.Context(), d.View(hook.Selection{})); err != nil {
			t.Fatal(err)
		}
		var have []string
		for _, q := range got {
			have = append(have, fmt.Sprint(q.body["action"], " ", q.body["target"]))
			if q.contentType != "application/openc2+json;version=1.0" || q.auth != "Bearer tok" {
				t.Errorf("%+v", q)
			}
		}
		if !slices.Equal(have, want) {
			t.Errorf("%v, want %v", have, want)
		}
	}
	enforce("deny map[domain_name:bad.example]", "deny map[ipv4_net:198.51.100.7/32]")
	enforce()
	if _, err := d.Revoke(t.Context(), x.ID, "an", "nhầm"); err != nil {
		t.Fatal(err)
	}
	enforce("allow map[domain_name:bad.example]")
	// What a receiver refuses for good does not stop the others.
	status = 422
	if err := hive.Deliver(t.Context(), n); err == nil {
		t.Error("refused and taken")
	}
}

// TestNftables: the kernel of a namespace drops packets to what is blocked, the element ends by itself, and what is enforced
// is read back.
func TestNftables(t *testing.T) {
	ns := hooktest.Namespace(t)
	d := hooktest.New(t, "four_eyes: []")
	d.MustBlock("198.51.100.7", time.Hour)
	d.MustBlock("203.0.113.0/24", time.Hour)
	d.MustBlock("2001:db8::7", time.Hour)
	d.MustBlock("198.51.100.10", time.Hour) // neighbours
	d.MustBlock("198.51.100.11", time.Hour)
	for _, a := range []string{"198.51.100.7/32", "198.51.100.8/32"} {
		if out, err := ns.Run("", "ip", "addr", "add", a, "dev", "lo"); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	// A refused connection answers at once; a dropped one never does.
	dropped := func(addr string) bool {
		out, err := ns.Run("", "timeout", "1", "bash", "-c", "exec 3<>/dev/tcp/"+addr+"/9")
		return err != nil && !strings.Contains(out, "refused")
	}
	if dropped("198.51.100.7") {
		t.Fatal("dropped before anything is blocked")
	}
	n := NewNftables("", "/run/netns/"+ns.Name)
	for range 2 {
		if err := n.Enforce(t.Context(), d.View(hook.Selection{})); err != nil {
			t.Fatal(err)
		}
	}
	if !dropped("198.51.100.7") || dropped("198.51.100.8") {
		t.Error("the blocked address answers, or the other does not")
	}
	if out, err := ns.Run("", "nft", "list", "table", "inet", "khien"); err == nil {
		if !strings.Contains(out, "198.51.100.7 timeout 1h expires") || !strings.Contains(out, "203.0.113.0/24 timeout 1h") {
			t.Error(out)
		}
	} else {
		t.Logf("what nft shows is not looked at: apt-get install nftables")
	}
	check := func(want ...int) {
		t.Helper()
		enforced, missing, extra, known, err := n.ReadBack(t.Context())
		if err != nil || !known || !slices.Equal([]int{enforced, missing, extra}, want) {
			t.Errorf("enforced, missing, extra: %d %d %d %v %v, want %v", enforced, missing, extra, known, err, want)
		}
	}
	check(5, 0, 0)
	d.Clock.Pass(time.Hour - 2*time.Second)
	if err := n.Enforce(t.Context(), d.View(hook.Selection{})); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second) // the kernel's own clock
	if dropped("198.51.100.7") {
		t.Error("dropped after its end")
	}
	check(0, 5, 0)
}

func TestRetry(t *testing.T) {
	for failed, want := range map[int]time.Duration{0: time.Second, 1: time.Second, 2: 2 * time.Second, 9: 256 * time.Second, 10: 5 * time.Minute, 1000: 5 * time.Minute} {
		if got := Retry(failed); got != want {
			t.Errorf("%d: %v, want %v", failed, got, want)
		}
	}
}
