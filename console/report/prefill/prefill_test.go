package prefill

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"khien/console/cases"
	"khien/console/report"
	"khien/console/report/legal"
	"khien/detector"
)

var at = time.Date(2026, 11, 27, 1, 12, 7, 0, time.UTC)

func input(t *testing.T, findings ...detector.Finding) Input {
	t.Helper()
	p, err := legal.Load(legal.Default)
	if err != nil {
		t.Fatal(err)
	}
	pr, err := report.ParseProfile("profile", []byte("agency: Trung tâm"))
	if err != nil {
		t.Fatal(err)
	}
	return Input{Case: cases.Case{ID: "SC-2026-0001", Title: "Mạo danh", Status: cases.Open, Opened: at.Add(time.Hour)}, Findings: findings, Profile: pr, Pack: p, Now: at.Add(2 * time.Hour)}
}

func build(t *testing.T, i Input) *report.Incident {
	t.Helper()
	in, err := Build(i)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

func finding(id string, after time.Duration, f detector.Finding) detector.Finding {
	f.ID, f.Time, f.Source = id, at.Add(after), detector.FromFraud
	if f.Severity == 0 {
		f.Severity = detector.High
	}
	if !f.SrcIP.IsValid() {
		f.SrcIP, f.SrcPort = netip.MustParseAddr("10.20.3.14"), 49152
	}
	if !f.DstIP.IsValid() {
		f.DstIP, f.DstPort = netip.MustParseAddr("203.0.113.9"), 80
	}
	return f
}

func story() []detector.Finding {
	page := finding("page", 2*time.Second, detector.Finding{Domain: "xau.example", URL: "http://xau.example/dang-nhap?otp=123456",
		Fraud: &detector.Fraud{Kind: "credential_post", Brand: "VNeID"}, Rule: detector.Rule{ID: "fraud.credential_submission"}, Severity: detector.Critical})
	app := finding("app", time.Minute, detector.Finding{Domain: "xau.example", SHA256: "ABCD", FileName: "a.apk!AndroidManifest.xml",
		Fraud: &detector.Fraud{Kind: "fake_apk", Brand: "VNeID"}, Rule: detector.Rule{ID: "fraud.fake_app"}})
	tool := finding("tool", time.Hour, detector.Finding{Domain: "relay.anydesk.example", DstIP: netip.MustParseAddr("203.0.113.77"), DstPort: 443,
		Fraud: &detector.Fraud{Kind: "remote_control"}, Severity: detector.Low})
	whole := finding("story", 0, detector.Finding{Domain: "xau.example", Fraud: &detector.Fraud{Kind: "story", Brand: "VNeID"}, Rule: detector.Rule{ID: "fraud.story"},
		DstIP: netip.MustParseAddr("10.20.0.53"), DstPort: 53, RelatedHosts: []string{"xau.example", "203.0.113.66"},
		Steps: []detector.Step{{Time: at, Stage: "lookup", Visibility: "seen", What: detector.Text{VI: "Nạn nhân 10.20.3.14 tra cứu xau.example", EN: "Victim 10.20.3.14 looked up xau.example"}}}})
	return []detector.Finding{tool, page, app, whole}
}

// TestFacts: what findings say stands in the incident, with where it came from.
func TestFacts(t *testing.T) {
	in := build(t, input(t, story()...))
	f := func(key, want, from string) {
		t.Helper()
		fact := in.Facts[key]
		if got := strings.Join(fact.Values, "|"); !strings.Contains(got, want) || fact.From.Kind != from {
			t.Errorf("%s: %q from %+v, want %q from %s", key, got, fact.From, want, from)
		}
	}
	f("incident.kind", "multi", report.FromProgram)
	f("incident.kind_basis", "Tấn công giả mạo (2 phát hiện); Tấn công sử dụng mã độc (1 phát hiện)", report.FromProgram)
	f("incident.severity", "nghiem_trong", report.FromProgram)
	f("incident.severity_basis", "chờ người có thẩm quyền xác nhận", report.FromProgram)
	f("incident.victims", "1 thiết bị", report.FromProgram)
	f("incident.detected", "2026-11-27T08:12:07+07:00", report.FromFinding)
	f("incident.title", "Mạo danh", report.FromCase)
	f("reporter.name", "Trung tâm", report.FromProfile)
	f("incident.summary", "xau[.]example", report.FromProgram)
	if !in.Detected.Equal(at) {
		t.Errorf("detected %v", in.Detected)
	}
	got := ""
	for _, i := range in.Indicators {
		got += i.Role + " " + i.Kind + " " + i.Value + " " + i.Name + " " + i.First.Format("15:04:05") + "\n"
	}
	want := `hostile domain xau.example  01:12:09
hostile ip 203.0.113.66  01:12:07
hostile ip 203.0.113.9  01:12:09
hostile sha256 abcd a.apk 01:13:07
hostile url http://xau.example/dang-nhap?otp=******  01:12:09
victim ip 10.20.3.14  01:12:09
`
	if got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestNobodyIsNamed: no fact, step or hostile indicator holds an address of the unit's networks or a secret.
func TestNobodyIsNamed(t *testing.T) {
	in := build(t, input(t, story()...))
	in.Indicators = in.Hostile("")
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"10.20.3.14", "10.20.0.53", "123456"} {
		if strings.Contains(string(b), s) {
			t.Errorf("%s is in the incident", s)
		}
	}
	if !strings.Contains(string(b), "Nạn nhân thiết bị 1 tra cứu") {
		t.Error("the victim is not a numbered device")
	}
}

func TestSides(t *testing.T) {
	// Between two outside addresses nobody knows which is the attacker's.
	in := build(t, input(t, finding("a", 0, detector.Finding{SrcIP: netip.MustParseAddr("198.51.100.7"), Rule: detector.Rule{Category: "Web Application Attack"}})))
	if len(in.Indicators) != 0 {
		t.Errorf("%+v", in.Indicators)
	}
	if got := in.Text("incident.kind"); got != "intrusion" {
		t.Errorf("kind %q", got)
	}
	// With the server in the unit's networks it is the other one.
	i := input(t, finding("a", 0, detector.Finding{SrcIP: netip.MustParseAddr("198.51.100.7")}))
	pr, err := report.ParseProfile("profile", []byte("home: [203.0.113.0/24]"))
	if err != nil {
		t.Fatal(err)
	}
	i.Profile = pr
	if got := build(t, i).Hostile(report.IP); len(got) != 1 || got[0].Value != "198.51.100.7" {
		t.Errorf("%+v", got)
	}
}

// TestHostileText: what a peer chose cannot turn text, and is no indicator when it cannot be shown.
func TestHostileText(t *testing.T) {
	f := finding("a", 0, detector.Finding{Domain: "a\u202eb.example", URL: "http://a\x00b.example/", FileName: "\u202egpj.exe", SHA256: "ee",
		Summary: detector.Text{VI: "x\u202ey", EN: "x\x1b[2J"}})
	i := input(t, f)
	i.Case.Title = "t\u202e"
	in := build(t, i)
	if got := in.Hostile(report.Domain); len(got) != 0 {
		t.Errorf("%+v", got)
	}
	if got := in.Text("incident.title"); got != "t[U+202E]" {
		t.Errorf("%q", got)
	}
}

func TestLimits(t *testing.T) {
	var many []detector.Finding
	for i := range report.IndicatorsMax + 50 {
		many = append(many, finding(strings.Repeat("f", 1+i), 0, detector.Finding{Domain: "n" + time.Duration(i).String() + ".example"}))
	}
	for i := range many {
		many[i].ID = many[i].ID[:min(len(many[i].ID), 8)]
	}
	if in := build(t, input(t, many...)); len(in.Indicators) != report.IndicatorsMax || len(in.Steps) != report.StepsMax {
		t.Errorf("%d indicators, %d steps", len(in.Indicators), len(in.Steps))
	}
}

func TestMeasures(t *testing.T) {
	i := input(t, story()...)
	i.Measures = []Measure{{ID: "d1", Time: at, What: "block domain xau[.]example", State: "active"}}
	in := build(t, i)
	if f := in.Facts["incident.measures"]; f.From.Kind != report.FromDecision || f.From.Ref != "d1" || !strings.Contains(f.Values[0], "27/11/2026 08:12:07") {
		t.Errorf("%+v", f)
	}
}
