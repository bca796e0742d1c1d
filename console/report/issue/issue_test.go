package issue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/console/cases"
	"khien/console/report"
	"khien/console/report/evidence"
	"khien/console/report/legal"
	"khien/detector"
	"khien/detector/store"
	"khien/detector/store/teststore"
)

var at = time.Date(2026, 11, 27, 1, 12, 7, 0, time.UTC)

const profileText = `
agency: Trung tâm Giám sát an ninh mạng
symbol: TTGS
domain: soc.example.vn
contact: soc@soc.example.vn
facts:
  reporter.address: Số 1
  reporter.phone: "024"
  reporter.email: soc@soc.example.vn
  contact.name: Trần Thị Ửng
  contact.phone: "090"
  contact.email: truc@soc.example.vn
  system.operator: Trung tâm
  incident.notified: police
`

// desk returns a desk with a case of one fraud finding, and what is needed to report it.
func desk(t *testing.T) (*Desk, Request) {
	t.Helper()
	st, err := teststore.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	now := at.Add(time.Hour)
	clock := func() time.Time { return now }
	d := &Desk{Store: st, Cases: &cases.Book{Store: st, Now: clock}, Dir: filepath.Join(t.TempDir(), "report"), Tool: "khien test", Now: clock}
	f := detector.Finding{ID: "f1", Time: at, Source: detector.FromFraud, Severity: detector.Critical, Rule: detector.Rule{ID: "fraud.credential_submission"},
		Fraud: &detector.Fraud{Kind: "credential_post", Brand: "VNeID"}, SrcIP: netip.MustParseAddr("10.20.3.14"), SrcPort: 49152,
		DstIP: netip.MustParseAddr("203.0.113.9"), DstPort: 80, Domain: "xau.example", URL: "http://xau.example/dang-nhap", Count: 1,
		Summary: detector.Text{VI: "Nạn nhân 10.20.3.14 đã gửi mật khẩu", EN: "Victim 10.20.3.14 sent a password"}}
	if err := st.Write(t.Context(), []detector.Finding{f}); err != nil {
		t.Fatal(err)
	}
	c, err := d.Open(t.Context(), "an", f)
	if err != nil {
		t.Fatal(err)
	}
	pr, err := report.ParseProfile("profile", []byte(profileText))
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.Pack(t.Context(), legal.Default)
	if err != nil {
		t.Fatal(err)
	}
	in, err := d.Incident(t.Context(), c.ID, legal.Default, pr)
	if err != nil {
		t.Fatal(err)
	}
	return d, Request{Incident: in, Pack: p, Profile: pr, Form: "initial", User: "an",
		Evidence: []evidence.File{{Item: evidence.Item{Path: "a.txt", Acquired: at}, Data: []byte("chứng cứ")}}}
}

func confirm(t *testing.T, r Request) {
	t.Helper()
	if err := Confirm(r.Incident, r.Pack, "binh", at.Add(time.Hour), "severity", "đã xem"); err != nil {
		t.Fatal(err)
	}
}

func TestIssue(t *testing.T) {
	d, r := desk(t)
	if _, err := d.Issue(t.Context(), r); !errors.Is(err, ErrUnconfirmed) {
		t.Errorf("without a person's word: %v", err)
	}
	confirm(t, r)
	first, err := d.Issue(t.Context(), r)
	if err != nil || first.ID != "SC-2026-0001.initial.1" || first.Printed != "01/TB-TTGS" || first.By != "an" {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := d.Issue(t.Context(), r)
	if err != nil || second.ID != "SC-2026-0001.initial.2" || second.Number != 2 {
		t.Fatalf("%+v, %v", second, err)
	}
	set, err := d.Files(t.Context(), second, "binh", "xem")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := Export(t.TempDir(), set)
	if err != nil {
		t.Fatal(err)
	}
	key, err := evidence.ReadPublic(filepath.Join(dir, evidence.PublicName))
	if err != nil {
		t.Fatal(err)
	}
	v, err := evidence.Verify(filepath.Join(dir, packName), key, nil)
	if err != nil || v.Manifest.Previous != first.Set.Manifest {
		t.Errorf("the second pack does not name the first: %+v, %v", v, err)
	}
	events, err := evidence.Custody{Store: d.Store, Case: "SC-2026-0001"}.Events(t.Context())
	if err != nil || len(events) != 3 || events[2].Action != evidence.Accessed {
		t.Errorf("%+v, %v", events, err)
	}
	for _, f := range set.Files {
		switch filepath.Ext(f.Name) {
		case ".json", ".csv":
			if f.Name != "initial.json" && bytes.Contains(f.Data, []byte("10.20.3.14")) {
				t.Errorf("%s names the victim", f.Name)
			}
		}
	}
}

// broken is a store that fails to write documents of one kind.
type broken struct {
	store.Store
	kind string
}

var errDisk = errors.New("the disk is full")

func (b broken) PutDocument(ctx context.Context, d store.Document) (store.Document, error) {
	if d.Kind == b.kind {
		return d, errDisk
	}
	return b.Store.PutDocument(ctx, d)
}

// TestNothingHalf: whatever fails on the way, nothing is issued.
func TestNothingHalf(t *testing.T) {
	f := func(name string, want error, change func(*Desk, *Request)) {
		t.Helper()
		d, r := desk(t)
		confirm(t, r)
		whole := d.Store
		change(d, &r)
		if _, err := d.Issue(t.Context(), r); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
		d.Store = whole
		if all, err := d.IssuedOf(t.Context(), ""); err != nil || len(all) != 0 {
			t.Errorf("%s: %d are issued, %v", name, len(all), err)
		}
	}
	f("missing field", ErrMissing, func(d *Desk, r *Request) { delete(r.Incident.Facts, "reporter.phone") })
	f("no sender", ErrMissing, func(d *Desk, r *Request) { r.Profile.Domain = "" })
	f("unknown form", nil, func(d *Desk, r *Request) { r.Form = "mau-99" })
	f("unknown version", nil, func(d *Desk, r *Request) { r.Version = "1999" })
	f("record", errDisk, func(d *Desk, r *Request) { d.Store = broken{d.Store, issuedKind} })
	f("custody", errDisk, func(d *Desk, r *Request) { d.Store = broken{d.Store, "custody"} })
	f("number", errDisk, func(d *Desk, r *Request) { d.Store = broken{d.Store, numberKind} })
	f("folder", nil, func(d *Desk, r *Request) {
		if err := os.MkdirAll(d.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(d.Dir, "objects"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	f("evidence gone", nil, func(d *Desk, r *Request) { r.Evidence[0].Data, r.Evidence[0].Name = nil, "/nowhere" })
}

func TestExport(t *testing.T) {
	dir := t.TempDir()
	s := &Set{Name: "x", Files: []Out{{Name: "a", Data: []byte("1")}}}
	for _, want := range []string{"x", "x-2"} {
		if out, err := Export(dir, s); err != nil || filepath.Base(out) != want {
			t.Errorf("%s, %v, want %s", out, err, want)
		}
	}
	bad := &Set{Name: "y", Files: []Out{{Name: "a", Data: []byte("1")}, {Name: "no/such/folder", Data: nil}}}
	if _, err := Export(dir, bad); err == nil {
		t.Error("a file that cannot be written was written")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("%d folders are left, %v", len(left), err)
	}
}

// TestEdit: another time of detection is audited and moves the clocks; what a person typed outlives new findings.
func TestEdit(t *testing.T) {
	d, r := desk(t)
	ctx := t.Context()
	due := func(in *report.Incident) string {
		return d.Clocks(in, r.Pack, r.Profile)[0].Due.In(report.Zone).Format("02/01 15:04")
	}
	if got := due(r.Incident); got != "28/11 08:12" {
		t.Errorf("due %s", got)
	}
	if err := Edit(r.Incident, "binh", d.Now(), "incident.detected", report.Fact{Values: []string{"2026-11-26T10:00:00+07:00"}}); err != nil {
		t.Fatal(err)
	}
	if err := Edit(r.Incident, "binh", d.Now(), "incident.cause", report.Fact{Values: []string{"lộ mật khẩu"}}); err != nil {
		t.Fatal(err)
	}
	if err := d.Put(ctx, r.Incident); err != nil {
		t.Fatal(err)
	}
	again, err := d.Incident(ctx, r.Incident.Case, legal.Default, r.Profile)
	if err != nil {
		t.Fatal(err)
	}
	if got := due(again); got != "27/11 10:00" {
		t.Errorf("after the edit due %s", got)
	}
	if again.Text("incident.cause") != "lộ mật khẩu" {
		t.Error("what a person typed is gone")
	}
	h := again.History[0]
	if h.By != "binh" || h.What != "incident.detected" || !strings.Contains(h.Old, "2026-11-27T08:12:07") || !strings.Contains(h.New, "2026-11-26T10:00") {
		t.Errorf("%+v", h)
	}
	again.Version-- // somebody else was faster
	if err := d.Put(ctx, again); !errors.Is(err, ErrConflict) {
		t.Errorf("an old version: %v", err)
	}
	f := func(key, value, want string) {
		t.Helper()
		if err := Edit(again, "binh", d.Now(), key, report.Fact{Values: []string{value}}); !errors.Is(err, report.ErrFact) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s=%.20s: %v, want %q", key, value, err, want)
		}
	}
	f("incident.detected", "yesterday", "is not a time")
	f("incident.detected", "2027-01-01T00:00:00Z", "in the future")
	f("incident.cause", "a\u202eb", "turns the direction")
	f("no.key", "x", "there is no key")
}

// TestOtherSeverity shows that a confirmation holds for the severity that it was given for and for no other.
func TestOtherSeverity(t *testing.T) {
	_, r := desk(t)
	confirm(t, r)
	same := report.Fact{Values: r.Incident.Facts["incident.severity"].Values}
	if err := Edit(r.Incident, "an", at.Add(time.Hour), "incident.severity", same); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Incident.Confirmed["severity"]; !ok {
		t.Error("the confirmation of the same severity is gone")
	}
	if err := Edit(r.Incident, "an", at.Add(time.Hour), "incident.severity", report.Fact{Values: []string{"anqg"}}); err != nil {
		t.Fatal(err)
	}
	if _, ok := r.Incident.Confirmed["severity"]; ok {
		t.Error("another severity counts as confirmed")
	}
}

func TestSent(t *testing.T) {
	d, r := desk(t)
	sent := report.Sent{At: at.Add(2 * time.Hour), By: "an", Via: "công văn"}
	if err := MarkSent(r.Incident, r.Pack, "D2", sent); err != nil {
		t.Error(err)
	}
	if k := d.Clocks(r.Incident, r.Pack, r.Profile)[0]; k.State != "done" {
		t.Errorf("%+v", k)
	}
	sent.At = at.Add(80 * time.Hour)
	if err := MarkSent(r.Incident, r.Pack, "D3", sent); err == nil || !strings.Contains(err.Error(), "say why it is late") {
		t.Errorf("late without a reason: %v", err)
	}
	sent.Late = "mất điện"
	if err := MarkSent(r.Incident, r.Pack, "D3", sent); err != nil {
		t.Error(err)
	}
	if err := MarkSent(r.Incident, r.Pack, "D99", sent); err == nil {
		t.Error("a duty that is none was taken")
	}
}

func TestPackEdit(t *testing.T) {
	d, _ := desk(t)
	text, version, err := d.PackText(t.Context(), legal.Default)
	if err != nil || version != 0 {
		t.Fatal(version, err)
	}
	if _, err := d.EditPack(t.Context(), legal.Default, strings.Replace(text, "hours: 24", "hours: -24", 1), 0); err == nil {
		t.Error("a wrong pack was kept")
	}
	if _, err := d.EditPack(t.Context(), legal.Default, strings.Replace(text, "hours: 24", "hours: 12", 1), 0); err != nil {
		t.Fatal(err)
	}
	p, err := d.Pack(t.Context(), legal.Default)
	if err != nil || p.Duty("D2").Due.Hours != 12 {
		t.Errorf("%v", err)
	}
	if _, err := d.EditPack(t.Context(), legal.Default, text, 0); !errors.Is(err, ErrConflict) {
		t.Errorf("an edit that does not know the first: %v", err)
	}
}

func TestStampQueue(t *testing.T) {
	d, r := desk(t)
	confirm(t, r)
	r.TSA = func(context.Context, []byte) ([]byte, error) { return nil, evidence.ErrOffline }
	out, err := d.Issue(t.Context(), r)
	if err != nil || len(out.Set.Warnings) != 1 {
		t.Fatalf("%+v, %v", out, err)
	}
	asked := ""
	ask := func(_ context.Context, m []byte) ([]byte, error) { asked = evidence.Hash(m); return []byte("tsr"), nil }
	done, err := d.Stamps(t.Context(), ask)
	if err != nil || len(done) != 1 || asked != out.Set.Manifest {
		t.Errorf("%+v, %v", done, err)
	}
	if done, err = d.Stamps(t.Context(), ask); err != nil || len(done) != 0 {
		t.Errorf("asked again: %+v, %v", done, err)
	}
}

func TestShared(t *testing.T) {
	d, r := desk(t)
	confirm(t, r)
	if err := Edit(r.Incident, "an", d.Now(), "incident.summary", report.Fact{Values: []string{"Bà Nguyễn Thị Mẫu mất tiền"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Issue(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	s := Shared{d, r.Profile}
	for _, c := range s.Collections() {
		records, err := s.Records(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if (len(records) > 0) != (c.ID == Collection("amber")) {
			t.Errorf("%s: %d records", c.Title, len(records))
		}
		b, err := json.Marshal(records)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"Mẫu", "10.20.3.14", "Trần Thị"} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s holds %q", c.Title, secret)
			}
		}
	}
	feed, err := s.Feed(t.Context())
	if err != nil || len(feed) != 3 || !bytes.Contains(feed["hashes.csv"], []byte(",")) {
		t.Errorf("%d files, %v", len(feed), err)
	}
	r.Profile.TLP = "red"
	if _, err := d.Issue(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	before, err := s.Records(t.Context(), Collection("amber"))
	if err != nil || len(before) == 0 {
		t.Fatal(err)
	}
	for _, x := range before {
		if x.Type == "marking-definition" && !strings.Contains(x.ID, "55d920b0") {
			t.Errorf("red is shared: %s", x.ID)
		}
	}
}

func TestStatistics(t *testing.T) {
	d, r := desk(t)
	confirm(t, r)
	if err := d.Put(t.Context(), r.Incident); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Issue(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	from := time.Date(2026, 7, 1, 0, 0, 0, 0, report.Zone)
	s, in, err := d.Statistics(t.Context(), r.Pack, r.Profile, from, from.AddDate(0, 6, 0))
	if err != nil || s.Total != 1 || s.ToReport != time.Hour {
		t.Fatalf("%+v, %v", s, err)
	}
	rows := in.Facts["register.rows"].Rows
	if len(rows) != 1 || rows[0][2] != "Tấn công giả mạo" || rows[0][6] != "01/TB-TTGS" {
		t.Errorf("%v", rows)
	}
	for _, f := range []string{"halfyear", "yearly", "register"} {
		if _, err := d.Draft(t.Context(), Request{Incident: in, Pack: r.Pack, Profile: r.Profile, Form: f, User: "an"}); err != nil {
			t.Errorf("%s: %v", f, err)
		}
	}
}
