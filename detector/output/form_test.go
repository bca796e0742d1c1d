package output

import (
	"encoding/json"
	"net/netip"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/spool"
)

func record(t *testing.T, f detector.Finding) spool.Record {
	t.Helper()
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return spool.Record{Seq: 7, Payload: b}
}

func someFinding() detector.Finding {
	f := detector.Finding{Time: time.Date(2026, 11, 21, 7, 29, 2, 5000, time.UTC), Source: detector.FromSignature, Severity: detector.High, Count: 1,
		Rule:  detector.Rule{ID: "2100498", GID: 1, Rev: 7, Name: "GPL ATTACK_RESPONSE id check returned root", Category: "Potentially Bad Traffic"},
		SrcIP: netip.MustParseAddr("10.20.3.14"), DstIP: netip.MustParseAddr("2001:db8::9"), SrcPort: 49153, DstPort: 80, Transport: "tcp", App: "http",
		FlowID: 1<<60 + 5, Domain: "vneid.example", URL: "http://vneid.example/login?otp=123456&x=1", UserAgent: "curl/8", FileName: "/login?otp=123456",
		SHA256: "ab", Sensor: "hà-nội"}
	f.Identify()
	return f
}

// TestAlertLooksAsSuricataWrites: the names and forms are those of Suricata's user guide, "Eve JSON Format".
func TestAlertLooksAsSuricataWrites(t *testing.T) {
	f := someFinding()
	m, err := finding(record(t, f), EVE)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"timestamp":"2026-11-21T07:29:02.000005+0000","flow_id":5,"event_type":"alert","src_ip":"10.20.3.14","src_port":49153,` +
		`"dest_ip":"2001:0db8:0000:0000:0000:0000:0000:0009","dest_port":80,"proto":"TCP","ip_v":4,` +
		`"alert":{"action":"allowed","gid":1,"signature_id":2100498,"rev":7,"signature":"GPL ATTACK_RESPONSE id check returned root",` +
		`"category":"Potentially Bad Traffic","severity":1},"app_proto":"http",` +
		`"http":{"hostname":"vneid.example","url":"/login?otp=******\u0026x=1","http_user_agent":"curl/8"},` +
		`"files":[{"filename":"/login?otp=******","sha256":"ab","size":0}],"host":"hà-nội",` +
		`"khien":{"id":"` + f.ID + `","source":"signature","rule":"2100498","severity":3,"score":0,"summary":{"vi":"","en":""},"sequence":[7]}}`
	if string(m.Line) != want {
		t.Errorf("got  %s\nwant %s", m.Line, want)
	}
	if m.ID != f.ID || m.Kind != "finding" || m.Sensor != "hà-nội" || m.Severity != detector.High || !m.Time.Equal(f.Time) {
		t.Errorf("%+v", m)
	}
	f.Source, f.Rule = detector.FromFraud, detector.Rule{ID: `fraud.x","a":"`, Name: `a "quoted" name`, Action: `x","b":"`}
	f.Context = []byte(`{"a":[1]}`)
	m, err = finding(record(t, f), EVE)
	var r struct{ Alert map[string]any }
	if err == nil {
		err = json.Unmarshal(m.Line, &r)
	}
	if err != nil || r.Alert["gid"] != 2.0 || r.Alert["signature_id"] != 0.0 || r.Alert["signature"] != f.Rule.Name || r.Alert["action"] != "allowed" {
		t.Errorf("%v %v in %s", err, r.Alert, m.Line)
	}
}

func TestECSIsTheFindingItself(t *testing.T) {
	f := someFinding()
	m, err := finding(record(t, f), ECS)
	if err != nil {
		t.Fatal(err)
	}
	var back detector.Finding
	if err := json.Unmarshal(m.Line, &back); err != nil || back.ID != f.ID || len(back.Sequence) != 1 || back.Sequence[0] != 7 {
		t.Errorf("%v: %s", err, m.Line)
	}
	if strings.Contains(string(m.Line), "123456") {
		t.Errorf("a secret goes out: %s", m.Line)
	}
	f.Sequence = []uint64{41}
	if m, err = finding(record(t, f), ECS); err != nil || !strings.Contains(string(m.Line), `"sequence":[41]`) {
		t.Errorf("%v: the sensor's own number is lost: %s", err, m.Line)
	}
}

func TestTelemetryNamesItsSensorAndNoSecret(t *testing.T) {
	line := `{"timestamp":"2026-11-21T07:29:02.000000+0000","event_type":"http","http":{"url":"/x?matkhau=hunter2","hostname":"a.example"}}`
	m, err := telemetry(spool.Record{Seq: 1, Payload: []byte(line)}, `s"1`)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"timestamp":"2026-11-21T07:29:02.000000+0000","event_type":"http","http":{"url":"/x?matkhau=*******","hostname":"a.example"},"host":"s\"1"}`
	if string(m.Line) != want || m.Kind != "http" || m.Sensor != `s"1` || len(m.ID) != 32 {
		t.Errorf("%+v %s", m, m.Line)
	}
	again, err := telemetry(spool.Record{Seq: 9, Payload: m.Line}, "another")
	if err != nil || string(again.Line) != want || again.ID != m.ID || again.Sensor != `s"1` {
		t.Errorf("%v: %s", err, again.Line)
	}
	if _, err := telemetry(spool.Record{Payload: []byte("no")}, "a"); err == nil {
		t.Error("what is no line is taken")
	}
}
