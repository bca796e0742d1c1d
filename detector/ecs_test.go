package detector

import (
	"encoding/json"
	"math"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

func fullFinding() Finding {
	at := time.Date(2026, 11, 21, 7, 29, 2, 123456789, time.UTC)
	return Finding{
		ID: "00112233445566778899aabbccddeeff", Sequence: []uint64{3, 9}, Time: at, Source: FromFraud, Severity: High, Score: 0.97,
		Rule: Rule{ID: "2100001", GID: 1, Rev: 4, Priority: 1, Name: "Giả mạo VNeID", Category: "Fraud", Ruleset: "khien",
			Text: `alert http any any -> any any (msg:"<b>x</b>"; sid:1;)`, Reference: []string{"url,example.org", "cve,2026-1"},
			Metadata: map[string][]string{"brand": {"vneid", "bank"}}, Action: "allowed"},
		Reasons: []Reason{
			{Text: Text{"tên bắt chước VNeID", "name imitates VNeID"}, Weight: 0.85, Buffer: "tls.sni", Offset: 3, Length: 5,
				Excerpt: []byte{0, 1, 0xff, 'v', 'n'}, ExcerptOffset: 2},
			{Text: Text{"mới thấy", "new"}, Weight: 0.12},
		},
		Summary: Text{"Công dân gửi mật khẩu", "A citizen sent a password"},
		SrcIP:   netip.MustParseAddr("10.20.3.14"), DstIP: netip.MustParseAddr("2001:db8::7"), SrcPort: 50123, DstPort: 443,
		SrcPlace: Place{Country: "VN"}, DstPlace: Place{64500, "Example Hosting", "NL"},
		Transport: "tcp", App: "tls", CommunityID: "1:abc=", FlowID: math.MaxUint64 - 1, Direction: "to_server", VLAN: []uint16{7, 9},
		Domain: "vneid-gov.example", URL: "https://vneid-gov.example/a?b=1", UserAgent: "Mozilla", JA4: "t13d1516h2_x",
		Certificate: Certificate{strings.Repeat("AB", 20), "CN=vneid-gov.example", "C=US, O=Let's Encrypt, CN=R11", at.Add(-time.Hour), at.Add(time.Hour)},
		FileName:    "VNeID.apk", FileMIME: "application/vnd.android.package-archive", FileSize: 1 << 40, SHA256: strings.Repeat("ab", 32),
		Techniques: []Technique{{"T1566.002", "Spearphishing Link", "Initial Access", "TA0001"}, {ID: "T1056"}},
		Fraud:      &Fraud{Kind: "credential_post", Brand: "vneid", Stage: "submission", Visibility: "seen", Score: 0.97},
		Steps:      []Step{{Time: at, Stage: "lookup", Visibility: "seen", What: Text{"tra tên", "looked up"}, Evidence: "dns"}},
		ChainID:    "c1", CampaignID: "k1", RelatedIPs: []string{"10.20.3.15", "10.20.3.14"}, RelatedHosts: []string{"www.vneid-gov.example"},
		Sensor: "s1", Interface: "eth0", Capture: "a.pcap", PacketNumber: 42, Count: 3, First: at.Add(-time.Minute), Last: at.Add(time.Second),
		NotSeen: []Text{{"mã hóa", "encrypted"}}, Context: []byte(`{"dataset":{"n":1}}`),
	}
}

// again writes a finding and reads it.
func again(t *testing.T, in Finding) (out Finding, doc []byte) {
	t.Helper()
	doc, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(doc, &out); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	return out, doc
}

func TestFindingRoundTrip(t *testing.T) {
	f := func(name string, in Finding) {
		t.Helper()
		out, b := again(t, in)
		if !reflect.DeepEqual(in, out) {
			t.Errorf("%s: round trip changed it:\n%+v\n%+v\n%s", name, in, out, b)
		}
	}
	f("full", fullFinding())
	f("least", Finding{Source: FromSignature})
	hashed := fullFinding()
	hashed.JA4, hashed.Certificate = "", Certificate{Fingerprint: strings.Repeat("0A", 32)}
	f("a certificate by its SHA-256", hashed)
	dns := fullFinding()
	dns.App, dns.RelatedIPs, dns.RelatedHosts = "dns", nil, nil
	f("dns", dns)
	portOnly := Finding{Source: FromHealth, SrcPort: 1}
	f("port without address", portOnly)
}

// TestEveryFieldIsKept fails when a field is added to Finding and forgotten in the codec's test.
func TestEveryFieldIsKept(t *testing.T) {
	v := reflect.ValueOf(fullFinding())
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; v.Field(i).IsZero() && name != "Post" {
			t.Errorf("fullFinding leaves %s empty", name)
		}
	}
}

func TestFindingECSFields(t *testing.T) {
	b, err := json.Marshal(fullFinding())
	if err != nil {
		t.Fatal(err)
	}
	var doc any
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	f := func(path string, want any) {
		t.Helper()
		at := doc
		for _, key := range strings.Split(path, "/") {
			m, _ := at.(map[string]any)
			at = m[key]
		}
		if !reflect.DeepEqual(at, want) {
			t.Errorf("%s = %#v, want %#v", path, at, want)
		}
	}
	f("@timestamp", "2026-11-21T07:29:02.123456789Z")
	f("event/kind", "alert")
	f("event/severity", 3.0)
	f("event/risk_score", 97.0)
	f("event/id", "00112233445566778899aabbccddeeff")
	f("rule/id", "2100001")
	f("source/ip", "10.20.3.14")
	f("destination/ip", "2001:db8::7")
	f("network/community_id", "1:abc=")
	f("tls/client/server_name", "vneid-gov.example")
	f("pcap_filename", "a.pcap")
	f("khien/flow/id", "18446744073709551614")
	f("khien/fraud/brand", "vneid")
	f("khien/chain/id", "c1")
	f("threat/technique/id", []any{"T1566.002", "T1056"})
	f("related/ip", []any{"10.20.3.15", "10.20.3.14", "2001:db8::7"})
	f("related/hosts", []any{"www.vneid-gov.example", "vneid-gov.example"})
}

// TestFindingHostile: whatever a capture claims, the document can be written.
func TestFindingHostile(t *testing.T) {
	in := Finding{Source: FromSignature, Score: math.NaN(), Time: time.Unix(1<<40, 0), Context: []byte("{"),
		Fraud: &Fraud{Score: math.Inf(1)}, Reasons: []Reason{{Weight: math.Inf(-1)}}, Steps: []Step{{Time: time.Unix(-1<<40, 0)}}}
	again(t, in)
}

func TestFindingHoldsNoSecret(t *testing.T) {
	in := fullFinding()
	in.URL = "https://an:hunter2@x.example/?user=a&password=hunter2&otp=482913"
	in.Reasons[0].Excerpt = []byte("cccd=079012345678&matkhau=hunter2")
	b, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	var out Finding
	if err := json.Unmarshal(b, &out); err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter2", "482913", "079012345678"} {
		if strings.Contains(out.URL, secret) || strings.Contains(string(out.Reasons[0].Excerpt), secret) {
			t.Errorf("%s is still there: %s %s", secret, out.URL, out.Reasons[0].Excerpt)
		}
	}
	if string(in.Reasons[0].Excerpt) != "cccd=079012345678&matkhau=hunter2" {
		t.Error("encoding changed the caller's bytes")
	}
}

func TestMaskSecrets(t *testing.T) {
	f := func(in, want string) {
		t.Helper()
		if got := string(MaskSecrets([]byte(in))); got != want {
			t.Errorf("MaskSecrets(%q) = %q, want %q", in, got, want)
		}
	}
	f("", "")
	f("user=an&pass=abc&x=1", "user=an&pass=***&x=1")
	f(`{"mat_khau": "a\"b", "n":1}`, `{"mat_khau": "****", "n":1}`)
	f("Authorization: Basic QWxh\r\nHost: x", "Authorization: **********\r\nHost: x")
	f("http://u:p@h/?q=u:p@h", "http://u:*@h/?q=u:p@h")
	f("passenger=3&compass=n", "passenger=3&compass=n")
	f("otp=", "otp=")
}

// FuzzFindingJSON: what decodes, encodes, and then decodes to the same document.
func FuzzFindingJSON(f *testing.F) {
	b, _ := json.Marshal(fullFinding())
	f.Add(b)
	f.Add([]byte(`{"event":{"id":"x"},"khien":{"related":{"ips":1}}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var a Finding
		if json.Unmarshal(b, &a) != nil {
			return
		}
		first, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var c Finding
		if err := json.Unmarshal(first, &c); err != nil {
			t.Fatalf("%v\n%s", err, first)
		}
		second, err := json.Marshal(c)
		if err != nil || string(first) != string(second) {
			t.Fatalf("%v\n%s\n%s", err, first, second)
		}
	})
}

// FuzzMaskSecrets: masking keeps the length, is stable and leaves its argument alone.
func FuzzMaskSecrets(f *testing.F) {
	f.Add([]byte("a=1&password=x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := string(b)
		once := MaskSecrets(b)
		if string(b) != before || len(once) != len(b) {
			t.Fatalf("%q became %q", before, b)
		}
		if twice := MaskSecrets(once); string(twice) != string(once) {
			t.Fatalf("%q, then %q", once, twice)
		}
	})
}

// TestWeightsAddUp: whatever weights the detectors gave, those of a document add up to its score, and stay when it is
// written again.
func TestWeightsAddUp(t *testing.T) {
	f := func(score float64, weights, want []float64) {
		t.Helper()
		in := Finding{Source: FromFraud, Score: score}
		for _, w := range weights {
			in.Reasons = append(in.Reasons, Reason{Weight: w})
		}
		for range 3 {
			out, _ := again(t, in)
			for i, r := range out.Reasons {
				if math.Abs(r.Weight-want[i]) > 1e-9 {
					t.Errorf("%v of %v: weight %d is %v, want %v", weights, score, i, r.Weight, want[i])
				}
			}
			in = out
		}
	}
	f(0.97, []float64{0.41, 0.28, 0.16, 0.12}, []float64{0.41, 0.28, 0.16, 0.12})
	f(0.9, []float64{0.6, 0.5, 0.4}, []float64{0.36, 0.3, 0.24})
	f(0.5, []float64{1}, []float64{0.5})
	f(0.3, []float64{1, 1, 1, 1, 1, 1, 1}, []float64{0.043, 0.043, 0.043, 0.043, 0.043, 0.043, 0.043})
	f(0, []float64{0.5, 0.5}, []float64{0.5, 0.5})
	f(0.7, []float64{0, 0}, []float64{0, 0})
	f(0.7, []float64{-1, 2, math.NaN()}, []float64{0, 0.7, 0})
	f(1, []float64{math.MaxFloat64, math.MaxFloat64}, []float64{math.MaxFloat64, math.MaxFloat64})
}
