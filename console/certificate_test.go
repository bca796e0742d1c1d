package console

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// TestCertificate: the page of a certificate tells what it says and where it was shown, found there or not; that of a name
// tells which certificates were shown for it.
func TestCertificate(t *testing.T) {
	d := newDesk(t)
	d.login()
	print := strings.Repeat("AB", 20)
	f := sample(30, func(f *detector.Finding) {
		f.App, f.Domain = "tls", "vneid-gov.example"
		f.Certificate = detector.Certificate{Fingerprint: print, Subject: "CN=vneid-gov.example", Issuer: "CN=R11", NotBefore: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	})
	d.write(f, sample(10))
	shown := func(i int, host, cert string) store.Event {
		body := fmt.Sprintf(`{"event_type":"tls","n":%d,"tls":{"sni":"%s","subject":"CN=of the record","issuerdn":"CN=R11","notbefore":"2026-11-01T00:00:00","notafter":"2027-01-30T00:00:00"}}`, i, host)
		return store.Event{Time: f.Time.Add(-time.Duration(i) * time.Hour), Type: "tls", Host: host, Cert: cert, Sensor: "s", Body: []byte(body),
			Src: netip.MustParseAddrPort("10.0.0.9:5000"), Dst: netip.MustParseAddrPort("203.0.113.9:443")}
	}
	if err := d.store.WriteEvents(t.Context(), []store.Event{shown(1, "vneid-gov.example", print), shown(2, "thue-gov.example", print),
		shown(3, "thue-gov.example", print), shown(4, "other.example", strings.Repeat("0C", 32)), shown(5, "hidden.example", "")}); err != nil {
		t.Fatal(err)
	}
	entity := func(kind, value string) map[string]any {
		return d.want(200, "GET", "/api/v1/entity?kind="+kind+"&value="+value, nil)
	}
	e := entity("cert", strings.ToLower(strings.Repeat("ab:", 19))+"ab")
	c := e["certificate"].(map[string]any)
	if e["value"] != print || e["findings"] != 1.0 || c["connections"] != 3.0 || c["partial"] != false || c["subject"] != "CN=vneid-gov.example" || c["not_after"] != nil {
		t.Errorf("%v", e)
	}
	if got := fmt.Sprint(c["hosts"], c["servers"]); got != "[map[count:2 name:thue-gov.example] map[count:1 name:vneid-gov.example]] [map[count:3 name:203.0.113.9]]" {
		t.Error(got)
	}
	if at, _ := time.Parse(time.RFC3339Nano, e["first"].(string)); !at.Equal(f.Time.Add(-3 * time.Hour)) {
		t.Errorf("first seen %s", at)
	}
	// One that nothing was found about is known by the connections alone.
	e = entity("cert", strings.Repeat("0c", 32))
	c = e["certificate"].(map[string]any)
	if e["findings"] != 0.0 || e["first"] == nil || c["connections"] != 1.0 || c["subject"] != "CN=of the record" || c["not_after"] != "2027-01-30T00:00:00Z" {
		t.Errorf("%v", e)
	}
	if e = entity("cert", strings.Repeat("0d", 20)); e["first"] != nil || e["certificate"].(map[string]any)["connections"] != 0.0 {
		t.Errorf("%v", e)
	}
	if e = entity("host", "thue-gov.example"); fmt.Sprint(e["certs"]) != "[map[count:2 name:"+print+"]]" || e["certificate"] != nil {
		t.Errorf("%v", e)
	}
	if e = entity("ip", f.DstIP.String()); fmt.Sprint(e["certs"]) != "[map[count:1 name:"+print+"]]" {
		t.Errorf("%v", e)
	}
	if g := d.want(200, "GET", "/api/v1/groups?range=all&q=cert:"+print, nil); len(g["groups"].([]any)) != 1 {
		t.Errorf("%v", g)
	}
	for _, bad := range []string{"", "abc", strings.Repeat("ab", 21), strings.Repeat("xy", 20)} {
		d.want(400, "GET", "/api/v1/entity?kind=cert&value="+bad, nil)
	}
}
