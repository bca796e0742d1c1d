package abuse

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/detectortest"
	"khien/sensor"
	"khien/sensor/sensortest"
)

// play runs a script and returns the patterns that were found, each once, with the last finding of each.
func play(t *testing.T, m *Memory, script string, workers int) (string, map[string]*detector.Finding) {
	t.Helper()
	s, err := sensortest.Parse(script)
	if err != nil {
		t.Fatal(err)
	}
	found, err := detectortest.Run(detectortest.Setup{Workers: workers, Watch: []func(any) []*detector.Finding{Watch}, Handlers: func(rec *detector.Recorder) ([]sensor.Handler, error) {
		return []sensor.Handler{New(m, rec)}, nil
	}}, s.Packets())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	last := map[string]*detector.Finding{}
	for _, f := range found {
		name := strings.TrimPrefix(f.Rule.ID, "abuse.")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
		last[name] = f
		if f.Summary.VI == "" || f.Summary.EN == "" || len(f.Reasons) == 0 || f.ID == "" || f.Severity < detector.High || len(f.Techniques) == 0 {
			t.Errorf("%s lacks something: %+v", name, f)
		}
	}
	return strings.Join(names, " "), last
}

func memory(t *testing.T, dir string) *Memory {
	t.Helper()
	m, err := NewMemory(dir)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// login is a request to log in, as form or JSON, and its answer.
func login(client, user, pass, answer string) string {
	return fmt.Sprintf(`http %s > 203.0.113.20:80
> POST /dang-nhap HTTP/1.1
> Host: dichvucong.example.vn
> User-Agent: python-requests/2.31
> Content-Type: application/x-www-form-urlencoded
>
> username=%s&password=%s
< HTTP/1.1 %s
<
`, client, user, pass, answer)
}

func rounds(n int, every, body string) string {
	return fmt.Sprintf("repeat %d every %s\n%send\n", n, every, body)
}

func TestPatterns(t *testing.T) {
	f := func(name, script, want string) {
		t.Helper()
		for _, workers := range []int{1, 3} {
			if got, _ := play(t, memory(t, ""), script, workers); got != want {
				t.Errorf("%s, %d workers: found %q, want %q", name, workers, got, want)
			}
		}
	}
	f("stuffing", rounds(40, "5s", login("198.51.100.7", "user{i}", "secret{alnum:8}", "401 Unauthorized")), "credential_stuffing")
	f("stuffing over addresses", rounds(80, "5s", login("198.51.100.1{dec:2}", "user{i}", "secret{alnum:8}", "401 Unauthorized")), "credential_stuffing")
	f("spraying", rounds(30, "20s", login("198.51.100.7", "user{i}", "Matkhau2026", "401 Unauthorized")), "password_spraying")
	f("an office behind one address", rounds(60, "5s", login("198.51.100.7", "user{i}", "secret{alnum:8}", "302 Found\n< Location: /home")), "")
	f("one who forgot a password", rounds(30, "5s", login("198.51.100.7", "an.nguyen", "secret{alnum:8}", "401 Unauthorized")), "")

	ask := func(client, query, answer string) string {
		return "http " + client + " > 203.0.113.20:80\n> GET /tra-cuu?" + query + " HTTP/1.1\n> Host: dichvucong.example.vn\n>\n< HTTP/1.1 " + answer + "\n<\n"
	}
	f("citizen numbers in order", strings.ReplaceAll(rounds(40, "2s", ask("198.51.100.7", "cccd=0010990123X", "404 Not Found")), "X", "{i}")+
		rounds(90, "2s", ask("198.51.100.8", "cccd=0010990456{i}", "200 OK")), "account_enumeration")
	f("a counter that serves people", rounds(60, "9s", ask("198.51.100.7", "cccd=00109{dec:7}", "200 OK")), "")
	f("one person again and again", rounds(60, "2s", ask("198.51.100.7", "cccd=001099012345", "200 OK")), "")

	code := func(client, phone string) string {
		return "http " + client + " > 203.0.113.20:80\n> POST /api/otp/send HTTP/1.1\n> Host: vi.example.vn\n> Content-Type: application/json\n>\n> {\"phone\": \"" + phone + "\"}\n< HTTP/1.1 200 OK\n<\n"
	}
	f("codes to one", rounds(12, "20s", code("198.51.100.1{dec:2}", "0912345678")), "otp_bombing")
	f("codes to many", rounds(40, "5s", code("198.51.100.7", "09{dec:8}")), "otp_bombing")
	f("codes as people ask for them", rounds(20, "5m", code("198.51.100.7", "09{dec:8}"))+code("198.51.100.8", "0912345678")+code("198.51.100.8", "0912345678"), "")

	pay := func(card, answer string) string {
		return "http 198.51.100.7 > 203.0.113.20:80\n> POST /thanh-toan HTTP/1.1\n> Host: shop.example.vn\n> Content-Type: application/x-www-form-urlencoded\n>\n> card=" +
			card + "&cvv=123\n< HTTP/1.1 200 OK\n<\n< " + answer + "\n"
	}
	cards := ""
	for i := range 12 {
		cards += pay(cardNumber(i), "declined") + "wait 20s\n"
	}
	f("cards that are declined", cards, "card_testing")
	f("a shop's terminal", strings.ReplaceAll(cards, "declined", "ok"), "")
}

// cardNumber makes a number with a right check digit.
func cardNumber(i int) string {
	for d := range 10 {
		if s := fmt.Sprintf("41111111%07d%d", i*37, d); detector.IdentityOf([]byte(s)) == detector.CardNumber {
			return s
		}
	}
	panic("BUG: no check digit")
}

func TestOpenedAccountsAreCritical(t *testing.T) {
	script := rounds(30, "5s", login("198.51.100.7", "user{i}", "secret{alnum:8}", "401 Unauthorized")) + login("198.51.100.7", "victim", "right{alnum:3}", "302 Found\n< Location: /home") +
		rounds(60, "5s", login("198.51.100.7", "other{i}", "secret{alnum:8}", "401 Unauthorized"))
	_, last := play(t, memory(t, ""), script, 1)
	f := last["credential_stuffing"]
	if f == nil || f.Severity != detector.Critical || f.Domain != "dichvucong.example.vn" || f.SrcIP != netip.MustParseAddr("198.51.100.7") {
		t.Fatalf("%+v", f)
	}
	for _, r := range f.Reasons {
		if strings.Contains(r.EN+r.VI, "secret") || strings.Contains(r.EN, "user1") {
			t.Errorf("accounts or passwords are shown: %+v", r)
		}
	}
}

// sip writes one call. times are those of the script's language.
func sip(client, from, to, ring, talk string, cancel bool) string {
	line := func(side, first string) string {
		return side + " " + first + "\n" + side + " Via: SIP/2.0/UDP a\n" + side + " From: <sip:" + from + "@pbx.example>;tag=1\n" + side + " To: <sip:" + to +
			"@carrier.example>\n" + side + " Call-ID: call-{i}-" + client + "\n" + side + " CSeq: 1 INVITE\n" + side + " Content-Length: 0\n" + side + "\n"
	}
	s := "udp " + client + ":5060 > 203.0.113.60:5060 eol=crlf\n" + line(">", "INVITE sip:"+to+"@carrier.example SIP/2.0") + line("<", "SIP/2.0 180 Ringing") + "~ " + ring + "\n"
	if cancel {
		return s + line(">", "CANCEL sip:"+to+"@carrier.example SIP/2.0")
	}
	return s + line("<", "SIP/2.0 200 OK") + "~ " + talk + "\n" + line(">", "BYE sip:"+to+"@carrier.example SIP/2.0")
}

func TestCalls(t *testing.T) {
	f := func(name, script, want string) {
		t.Helper()
		for _, workers := range []int{1, 3} {
			if got, _ := play(t, memory(t, ""), script, workers); got != want {
				t.Errorf("%s, %d workers: found %q, want %q", name, workers, got, want)
			}
		}
	}
	f("robot", rounds(60, "5s", sip("10.1.1.5", "02473001234", "09{dec:8}", "2s", "3s", false)), "mass_calls")
	f("call centre", rounds(60, "5s", sip("10.1.1.5", "02473001234", "09{dec:8}", "2s", "90s", false)), "")
	f("one ring", rounds(25, "5s", sip("10.1.1.5", "+23276543210", "09{dec:8}", "2s", "", true)), "wangiri")
	f("a few that nobody answers", rounds(8, "5s", sip("10.1.1.5", "02473001234", "09{dec:8}", "3s", "", true)), "")
	f("many callers", rounds(30, "15s", sip("10.1.1.5", "02{dec:9}", "0912345678", "2s", "60s", false)), "spoofed_caller")
	f("extensions of a trunk", rounds(30, "15s", sip("10.1.1.5", "02473001{dec:3}", "0912345678", "2s", "60s", false)), "")
	f("police from abroad", rounds(2, "15s", sip("198.51.100.9", "0692345678", "0912345678", "2s", "60s", false)), "spoofed_caller")
	f("premium numbers", rounds(14, "60s", sip("10.1.1.5", "101", "00232{dec:8}", "2s", "300s", false)), "toll_fraud")
	f("calls abroad", rounds(14, "60s", sip("10.1.1.5", "101", "00811{dec:8}", "2s", "300s", false)), "")
}

// TestWindowsSurviveRestart: the second half of an attack after a restart is found where half of it alone is not.
func TestWindowsSurviveRestart(t *testing.T) {
	dir := t.TempDir()
	half := func(from, clock string) string {
		return "time " + clock + "\n" + rounds(12, "5s", login("198.51.100.7", from+"{i}", "secret{alnum:8}"+from, "401 Unauthorized"))
	}
	m := memory(t, dir)
	if got, _ := play(t, m, half("a", "2026-11-21T10:00:00Z"), 1); got != "" {
		t.Fatalf("half an attack: %q", got)
	}
	if err := m.Save(); err != nil {
		t.Fatal(err)
	}
	if got, _ := play(t, memory(t, dir), half("b", "2026-11-21T10:02:00Z"), 1); got != "credential_stuffing" {
		t.Errorf("after the restart: %q", got)
	}
	if got, _ := play(t, memory(t, ""), half("b", "2026-11-21T10:02:00Z"), 1); got != "" {
		t.Errorf("without what was kept: %q", got)
	}
}

func TestLimits(t *testing.T) {
	m := memory(t, "")
	for i := range maxSources + 5000 {
		a := &attempt{host: "a.example", account: uint64(i), secret: uint64(i), refused: true}
		a.mem, a.client, a.at = m, netip.AddrFrom4([4]byte{198, byte(i >> 16), byte(i >> 8), byte(i)}), time.Unix(1_770_000_000, 0)
		a.learn()
		(&message{place: a.place, id: uint64(i), method: "INVITE", from: "0212345678", to: "0912345678"}).learn()
	}
	if m.sources.Len() > maxSources || m.calls.Len() > maxCalls {
		t.Errorf("%d sources, %d calls", m.sources.Len(), m.calls.Len())
	}
}

func FuzzAttempt(f *testing.F) {
	f.Add([]byte(`{"user":"a","password":"b","n":{"cccd":"001099012345"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		tx := &bodyTx{body: body}
		fields(tx, func(name, value []byte) {
			if len(name)+len(value) > len(body) {
				t.Fatal("more than the body has")
			}
		})
	})
}

type bodyTx struct {
	sensor.TxBase
	body []byte
}

func (b *bodyTx) Buffer(x sensor.Buffer, _ sensor.Dir, i int) ([]byte, bool) {
	return b.body, x == sensor.HTTPRequestBody && i == 0
}
func (b *bodyTx) Number(sensor.Buffer, sensor.Dir, int) (uint64, bool) { return 0, false }
func (b *bodyTx) LogReady(sensor.Dir) bool                             { return false }
func (b *bodyTx) AppendEVE(dst []byte, _ sensor.Dir) []byte            { return dst }

func FuzzParty(f *testing.F) {
	f.Add([]byte(`"Bank" <sip:+84241234567@host>;tag=1`))
	f.Add([]byte("sip:1%2B2@x"))
	f.Fuzz(func(t *testing.T, h []byte) {
		p := party(h)
		// What stands behind the address changes nothing, and a number is digits alone.
		if len(p) > 64 || party(append(slices.Clone(h), ";x=y"...)) != p && strings.Contains(string(h), "@") {
			t.Fatalf("%q", p)
		}
		if isNumber(p) && strings.Trim(p, "+0123456789") != "" {
			t.Fatalf("%q is no number", p)
		}
	})
}
