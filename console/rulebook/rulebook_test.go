package rulebook_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/console/rulebook"
	"khien/console/rulebook/rulebooktest"
	"khien/detector/signature"
	"khien/sensor"
	"khien/sensor/capture"
	"khien/sensor/sensortest"
)

const good = `alert http any any -> any any (msg:"Mật khẩu"; http.uri; content:"/dang-nhap"; sid:1000001; rev:1;)`

// bench is a desk over a folder of rules.
type bench struct {
	*rulebook.Desk
	*rulebooktest.Folder
	t   *testing.T
	dir string
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, dir: filepath.Join(t.TempDir(), "rules")}
	write(t, filepath.Join(b.dir, "others.rules"), `alert tcp any any -> any any (msg:"other"; content:"zzzz"; metadata:attack_target Client, tag X; sid:7; rev:2;)`+"\n"+
		`alert tcp any any -> any any (msg:"third"; content:"yyyy"; sid:8;)`)
	var err error
	if b.Folder, err = rulebooktest.Open(b.dir); err != nil {
		t.Fatal(err)
	}
	b.Desk = rulebook.New(b.Live(func(w io.Writer, from, to time.Time, max int64) (uint64, error) {
		if from.Year() < 2000 {
			return 0, nil
		}
		_, err := w.Write(visit(t))
		return 1, err
	}), time.Now)
	t.Cleanup(b.Close)
	return b
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o700), os.WriteFile(name, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

// visit is a capture of one request.
func visit(t *testing.T) []byte {
	t.Helper()
	s, err := sensortest.Parse("time 2026-11-21T14:29:40+07:00\nhttp 10.20.3.14:51022 > 198.51.100.7:80\n> GET /dang-nhap HTTP/1.1\n> Host: vneid-gov.example\n>\n< HTTP/1.1 200 OK\n< Content-Length: 0\n<\n")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w, err := capture.NewWriter(&b, capture.Section{})
	if err != nil {
		t.Fatal(err)
	}
	i, err := w.Interface(capture.Interface{Name: "x", Link: sensor.LinkEthernet})
	for _, p := range s.Packets() {
		if err == nil {
			err = w.Packet(i, &p)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (b *bench) save(text, from string, ok bool) rulebook.Outcome {
	b.t.Helper()
	out, err := b.Save(text, from, "an", "vì thế")
	if err != nil || out.OK != ok {
		b.t.Fatal(out, err)
	}
	return out
}

func (b *bench) own() rulebook.Own {
	b.t.Helper()
	o, err := b.Own()
	if err != nil {
		b.t.Fatal(err)
	}
	return o
}

// TestOwnRules: a text comes in force with a version; one that does not load changes nothing and says why.
func TestOwnRules(t *testing.T) {
	b := newBench(t)
	first := b.own()
	if first.Text != "" || len(first.Versions) != 0 || first.Outside {
		t.Fatalf("%+v", first)
	}
	b.save(good, first.Base, true)
	if _, err := b.Rule(signature.ID{GID: 1, SID: 1000001}); err != nil {
		t.Error(err)
	}
	second := b.own()
	if second.Text != good || len(second.Versions) != 1 || second.Versions[0].By != "an" || second.Versions[0].Rules != 1 {
		t.Errorf("%+v", second)
	}
	if _, err := b.Save("# nothing", first.Base, "binh", "x"); !errors.Is(err, rulebook.ErrChanged) {
		t.Error(err)
	}
	n := b.Loads
	out := b.save("alert http any any -> any any (msg:\"x\"; contnet:\"a\"; sid:1;)", second.Base, false)
	if len(out.Faults) != 1 || out.Faults[0].Line != 1 || out.Faults[0].Column < 2 || !strings.Contains(out.Faults[0].Hint, "content") || b.Loads != n {
		t.Errorf("%+v, %d loadings", out, b.Loads-n)
	}
	// What another file spoils is refused by the loading, and taken back.
	write(t, filepath.Join(b.dir, "bad.rules"), "alert nonsense")
	if out := b.save(good+"\n# more", second.Base, false); len(out.Faults) == 0 || filepath.Base(out.Faults[0].File) != "bad.rules" {
		t.Errorf("%+v", out)
	}
	if o := b.own(); o.Text != good || len(o.Versions) != 1 || o.Outside {
		t.Errorf("%+v", o)
	}
	if err := os.Remove(filepath.Join(b.dir, "bad.rules")); err != nil {
		t.Fatal(err)
	}
	b.save("", second.Base, true)
	if v, err := b.Version(1); err != nil || v.Text != good {
		t.Error(v, err)
	}
	if _, err := b.Version(9); !errors.Is(err, rulebook.ErrNone) {
		t.Error(err)
	}
	write(t, filepath.Join(b.dir, "own.rules"), good)
	if o := b.own(); !o.Outside || len(o.Versions) != 2 {
		t.Errorf("%+v", o)
	}
	for reason, text := range map[string]string{"": good, strings.Repeat("x", rulebook.ReasonMax+1): good, "ok": strings.Repeat("#", rulebook.OwnMax+1)} {
		if _, err := b.Save(text, b.own().Base, "an", reason); !errors.Is(err, rulebook.ErrInvalid) {
			t.Error(err)
		}
	}
}

func TestVersionsAreBounded(t *testing.T) {
	b := newBench(t)
	for i := range rulebook.VersionsMax {
		v := fmt.Sprintf(`{"number":%d,"text":""}`, i+1)
		write(t, b.VersionName(i+1), v)
	}
	b.save(good, b.own().Base, true)
	if o := b.own(); len(o.Versions) != rulebook.VersionsMax || o.Versions[0].Number != rulebook.VersionsMax+1 || o.Versions[rulebook.VersionsMax-1].Number != 2 {
		t.Error(len(o.Versions), o.Versions[0])
	}
}

// TestSwitch: a rule goes off and comes back, with its text still to be read.
func TestSwitch(t *testing.T) {
	b := newBench(t)
	id := signature.ID{GID: 1, SID: 7}
	flip := func(off bool, want error) {
		t.Helper()
		if out, err := b.Switch(id, off, "an", "ồn"); !errors.Is(err, want) || want == nil && !out.OK {
			t.Fatal(out, err)
		}
	}
	flip(true, nil)
	if r, err := b.Rule(id); err != nil || !r.Off || r.Msg != "other" || b.Set.Len() != 1 {
		t.Error(r, err, b.Set.Len())
	}
	list, err := b.Off()
	if err != nil || len(list) != 1 || list[0].By != "an" || list[0].Reason != "ồn" {
		t.Error(list, err)
	}
	flip(true, rulebook.ErrChanged)
	flip(false, nil)
	if r, err := b.Rule(id); err != nil || r.Off || b.Set.Len() != 2 {
		t.Error(r, err)
	}
	if _, err := b.Switch(id, true, "an", " "); !errors.Is(err, rulebook.ErrInvalid) {
		t.Error(err)
	}
	if _, err := b.Switch(signature.ID{GID: 1, SID: 99}, true, "an", "x"); !errors.Is(err, rulebook.ErrNone) {
		t.Error(err)
	}
	// A set that is refused leaves the switch as it was.
	write(t, filepath.Join(b.dir, "bad.rules"), "alert nonsense")
	if out, err := b.Switch(id, true, "an", "x"); err != nil || out.OK {
		t.Error(out, err)
	}
	if list, err := b.Off(); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
}

func TestCheck(t *testing.T) {
	b := newBench(t)
	c, err := b.Check(good + "\nalert tcp any any -> any any (msg:\"taken\"; content:\"qqqq\"; sid:8;)\nalert dns any any -> any any (msg:\"f\"; dns.query; dataset:isset,d,type string,load /etc/passwd; sid:3;)")
	if err != nil || len(c.Rules) != 2 || c.Rules[0].FastPattern != "/dang-nhap" || c.Rules[0].When == "" {
		t.Fatalf("%+v %v", c, err)
	}
	if len(c.Faults) != 2 || !strings.Contains(c.Faults[0].Msg, "already used by the rule in line 2 of others.rules") || c.Faults[0].Line != 2 || !strings.Contains(c.Faults[1].Msg, "outside") {
		t.Errorf("%+v", c.Faults)
	}
	var many strings.Builder
	for i := range rulebook.CheckRules + 1 {
		fmt.Fprintf(&many, "alert ip any any -> any any (sid:%d;)\n", 1000+i)
	}
	if _, err := b.Check(many.String()); !errors.Is(err, rulebook.ErrInvalid) {
		t.Error(err)
	}
}

func TestTrial(t *testing.T) {
	for _, desk := range []*rulebook.Desk{newBench(t).Desk, rulebook.New(nil, time.Now)} {
		got, err := desk.Try(t.Context(), good+"\nalert dns any any -> any any (msg:\"silent\"; dns.query; content:\"never\"; sid:2;)", bytes.NewReader(visit(t)))
		if err != nil || got.Packets == 0 || len(got.Rules) != 2 || got.Rules[0].Matches != 1 || got.Rules[1].Matches != 0 || got.Rules[0].Looks == 0 {
			t.Fatalf("%+v %v", got, err)
		}
		if h := got.Rules[0].Hits; len(h) != 1 || h[0].Src != "10.20.3.14" || len(h[0].Reasons) == 0 {
			t.Errorf("%+v", h)
		}
		if got, err := desk.Try(t.Context(), "alert x", bytes.NewReader(visit(t))); err != nil || len(got.Faults) != 1 || got.Packets != 0 {
			t.Errorf("%+v %v", got, err)
		}
		for _, bad := range []string{"", "no capture at all", "\x1f\x8b\x08"} {
			if _, err := desk.Try(t.Context(), good, strings.NewReader(bad)); !errors.Is(err, rulebook.ErrCapture) {
				t.Errorf("%q: %v", bad, err)
			}
		}
		end, err := desk.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := desk.Try(t.Context(), good, bytes.NewReader(visit(t))); !errors.Is(err, rulebook.ErrBusy) {
			t.Error(err)
		}
		end()
	}
	b := newBench(t)
	if got, err := b.TryWindow(t.Context(), good, time.Now().Add(-time.Hour), time.Now()); err != nil || got.Rules[0].Matches != 1 {
		t.Errorf("%+v %v", got, err)
	}
	if _, err := b.TryWindow(t.Context(), good, time.Time{}, time.Now()); !errors.Is(err, rulebook.ErrNoPacket) {
		t.Error(err)
	}
}

// TestTrialIsBounded: what a compressed capture is unpacked to ends the trial.
func TestTrialIsBounded(t *testing.T) {
	var p sensor.Packet
	b, err := rulebook.NewBounded(t.Context(), bytes.NewReader(visit(t)), time.Now().Add(time.Hour), 10, 0)
	if err == nil {
		err = b.Next(&p)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Next(&p); !errors.Is(err, io.EOF) || b.Stopped() != "size" {
		t.Error(err, b.Stopped())
	}
	b, err = rulebook.NewBounded(t.Context(), bytes.NewReader(visit(t)), time.Now().Add(-time.Hour), 1e6, 255)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Next(&p); !errors.Is(err, io.EOF) || b.Stopped() != "time" {
		t.Error(err, b.Stopped())
	}
}

func TestMeasure(t *testing.T) {
	b := newBench(t)
	b.save(good, b.own().Base, true)
	if err := b.Measure("an", time.Hour); err != nil {
		t.Fatal(err)
	}
	b.Wait()
	m := b.Cost()
	c, ok := m.Cost(signature.ID{GID: 1, SID: 1000001})
	if m.Error != "" || m.Running || m.Packets == 0 || !ok || c.Checks == 0 || m.Rules < c.Time || m.By != "an" {
		t.Fatalf("%+v", m)
	}
	// A measure that fails says so and leaves the figures.
	if err := b.Measure("an", 100*365*24*time.Hour); err != nil {
		t.Fatal(err)
	}
	b.Wait()
	if m := b.Cost(); m.Error == "" || m.Packets == 0 {
		t.Errorf("%+v", m)
	}
	if err := rulebook.New(nil, time.Now).Measure("an", time.Hour); !errors.Is(err, rulebook.ErrNoSensor) {
		t.Error(err)
	}
}

func TestFinder(t *testing.T) {
	b := newBench(t)
	rules, err := b.Rules()
	if err != nil || len(rules) != 2 {
		t.Fatal(rules, err)
	}
	for q, want := range map[string]int{"": 2, "OTHER": 1, "7": 1, "sid:8": 1, "attack_target client": 1, "other third": 0, "ALERT": 2} {
		f, n := rulebook.NewFinder(q), 0
		for i := range rules {
			if f.Match(&rules[i]) {
				n++
			}
		}
		if n != want {
			t.Errorf("%q: %d rules, want %d", q, n, want)
		}
	}
	if got := rulebook.Lower("ĐẠI Học ABC"); got != "đại học abc" {
		t.Error(got)
	}
}
