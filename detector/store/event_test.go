package store

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func TestEventFromEVE(t *testing.T) {
	f := func(line, kind, host, src, community string) {
		t.Helper()
		e, ok, err := EventFromEVE([]byte(line), "s")
		if err != nil || !ok || e.Type != kind || e.Host != host || e.Src.String() != src || e.CommunityID != community || e.Sensor != "s" {
			t.Errorf("%s: %+v, %v, %v", line, e, ok, err)
		}
		if !json.Valid(e.Body) {
			t.Errorf("%s: the body is not JSON: %s", line, e.Body)
		}
	}
	const head = `{"timestamp":"2026-11-21T07:29:02.123456+0700","flow_id":7,"src_ip":"10.0.0.1","src_port":1,"dest_ip":"10.0.0.2","dest_port":53,"proto":"UDP","event_type":`
	// The id is that of the Community ID specification's algorithm for this tuple, as flow.CommunityID gives it.
	e, _, err := EventFromEVE([]byte(head+`"dns"}`), "")
	if err != nil || !strings.HasPrefix(e.CommunityID, "1:") || !e.Time.Equal(time.Date(2026, 11, 21, 0, 29, 2, 123456000, time.UTC)) || e.FlowID != 7 {
		t.Fatalf("%+v, %v", e, err)
	}
	id := e.CommunityID
	f(head+`"dns","dns":{"queries":[{"rrname":"WWW.Example.com."}]}}`, "dns", "www.example.com", "10.0.0.1:1", id)
	f(head+`"dns","dns":{"rrname":"a.example"}}`, "dns", "a.example", "10.0.0.1:1", id)
	f(head+`"tls","tls":{"sni":"b.example"},"community_id":"1:abc"}`, "tls", "b.example", "10.0.0.1:1", "1:abc")
	f(head+`"http","http":{"hostname":"c.example:8080","url":"/x"}}`, "http", "c.example", "10.0.0.1:1", id)
	f(head+`"fileinfo","http":{"hostname":"2001:db8::1"}}`, "file", "2001:db8::1", "10.0.0.1:1", id)
	f(`{"timestamp":"2026-11-21T07:29:02.123456+0000","event_type":"flow","src_ip":"2001:0db8:0000:0000:0000:0000:0000:0001","dest_ip":"2001:db8::2","proto":"HOPOPT"}`, "flow", "", "[2001:db8::1]:0", "")
	f(head+`"tls","tls":{"sni":"`+strings.Repeat("a", 300)+`"}}`, "tls", "", "10.0.0.1:1", id)
	d := func(object, host, dst string) {
		t.Helper()
		f(head+`"dhcp","dhcp":`+object+`}`, "dhcp", host, "10.0.0.1:1", id)
		if e, _, _ := EventFromEVE([]byte(head+`"dhcp","dhcp":`+object+`}`), ""); e.Dst.String() != dst {
			t.Errorf("%s: %s, want %s", object, e.Dst, dst)
		}
	}
	d(`{"type":"reply","assigned_ip":"10.0.0.10","client_ip":"10.0.0.11","hostname":"PC-Ke-Toan","client_fqdn":"pc.so.vn"}`, "pc-ke-toan", "10.0.0.10:53")
	d(`{"type":"reply","assigned_ip":"0.0.0.0","client_ip":"10.0.0.11","client_fqdn":"pc.so.vn"}`, "pc.so.vn", "10.0.0.11:53")
	d(`{"type":"reply","assigned_ip":"10.0.0.10","client_fqdn":"pc.so.vn","request_hostname":"PC"}`, "pc", "10.0.0.10:53")
	d(`{"type":"reply","assigned_ip":"0.0.0.0"}`, "", "10.0.0.2:53")
	d(`{"type":"reply","assigned_ip":"here","client_ip":"::1"}`, "", "10.0.0.2:53")
	d(`{"type":"request","assigned_ip":"10.0.0.10","hostname":"pc"}`, "pc", "10.0.0.2:53")
	for _, kind := range []string{"alert", "stats", "anomaly"} {
		if _, ok, err := EventFromEVE([]byte(head+`"`+kind+`"}`), ""); ok || err != nil {
			t.Errorf("%s is an event: %v", kind, err)
		}
	}
	for _, bad := range []string{``, `[]`, `{"event_type":"dns"}`, `{"event_type":"dns","timestamp":"yesterday"}`, head + `"dns","src_port":99999}`} {
		if _, ok, err := EventFromEVE([]byte(bad), ""); err == nil {
			t.Errorf("%q is no error (%v)", bad, ok)
		}
	}
}

func TestSecretsOfEventsAreMasked(t *testing.T) {
	const head = `{"timestamp":"2026-11-21T07:29:02.123456+0000","event_type":"http","http":`
	for _, in := range []string{`{"url":"/login?user=an&password=hunter2&x=1"}}`, `{"url":"/?otp=hunter2\"&x"}}`, `{"password":["hunter2", {"otp":"a\\\"hunter2"}], "u":"/?pin=hunter2"}}`} {
		e, ok, err := EventFromEVE([]byte(head+in), "")
		if err != nil || !ok || !json.Valid(e.Body) {
			t.Errorf("%s: %s, %v", in, e.Body, err)
		}
		if strings.Contains(in, "url") && strings.Contains(string(e.Body), "hunter2") {
			t.Errorf("%s: the secret is still in %s", in, e.Body)
		}
	}
}

// FuzzEventFromEVE: what becomes an event is one that stores take, and reading its body again gives the same event.
func FuzzEventFromEVE(f *testing.F) {
	f.Add([]byte(`{"timestamp":"2026-11-21T07:29:02.123456+0000","event_type":"http","src_ip":"::ffff:10.0.0.1","http":{"hostname":"X:1","url":"/?otp=1&b=\"2"}}`))
	f.Add([]byte(`{"timestamp":"2026-11-21T07:29:02.123456+0000","event_type":"dns","dns":{"queries":[{"rrname":"a."}]},"password":"x"}`))
	f.Add([]byte(`{"timestamp":"2026-11-21T07:29:02.123456+0000","event_type":"dhcp","dest_ip":"255.255.255.255","dhcp":{"type":"reply","assigned_ip":"10.0.0.10","hostname":"PC"}}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		e, ok, err := EventFromEVE(line, "s")
		if err != nil || !ok {
			return
		}
		if !json.Valid(e.Body) {
			t.Fatalf("%s", e.Body)
		}
		again, ok, err := EventFromEVE(e.Body, "s")
		if err != nil || !ok || string(again.Body) != string(e.Body) || again.Src != e.Src || again.Dst != e.Dst || again.Host != e.Host || !again.Time.Equal(e.Time) {
			t.Fatalf("%+v, then %+v, %v", e, again, err)
		}
	})
}
