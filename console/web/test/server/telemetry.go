package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"khien/detector"
	"khien/detector/store"
)

// shownCert is the certificate of two false names on one server.
func shownCert(now time.Time) detector.Certificate {
	return detector.Certificate{Fingerprint: strings.Repeat("5C0A", 10), Subject: "CN=dichvucong-vn.example", Issuer: "C=US, O=Let's Encrypt, CN=R11",
		NotBefore: now.AddDate(0, 0, -2).UTC(), NotAfter: now.AddDate(0, 0, 88).UTC()}
}

// telemetry is what a sensor read out of the story's flow, with a name that is hostile text.
func telemetry(st store.Store, now time.Time) error {
	at := now.Add(-20 * time.Minute)
	var events []store.Event
	for i, http := range []map[string]any{
		{"http_method": "GET", "hostname": phish, "url": "/dang-nhap", "status": 200, "http_content_type": "text/html"},
		{"http_method": "POST", "hostname": phish, "url": "/gui", "status": 302, "http_user_agent": markup},
	} {
		body, err := json.Marshal(map[string]any{"event_type": "http", "http": http})
		if err != nil {
			return err
		}
		events = append(events, store.Event{Time: at.Add(time.Duration(i) * time.Second), Type: "http", Host: phish, CommunityID: storyFlow, FlowID: 77, Sensor: "so-y-te", Body: body})
	}
	for i, host := range []string{"dichvucong-vn.example", "thue-gov.example", "thue-gov.example"} {
		c := shownCert(now)
		body, err := json.Marshal(map[string]any{"event_type": "tls", "tls": map[string]any{"sni": host, "subject": c.Subject, "issuerdn": c.Issuer, "version": "TLS 1.2"}})
		if err != nil {
			return err
		}
		events = append(events, store.Event{Time: at.Add(-time.Duration(i) * time.Hour), Type: "tls", Host: host, Cert: c.Fingerprint, Sensor: "so-y-te", Body: body,
			Src: netip.MustParseAddrPort("10.20.7.81:41000"), Dst: netip.MustParseAddrPort("203.0.113.9:443")})
	}
	for i, ip := range []string{"10.20.7.81", "10.20.3.14"} {
		lease := fmt.Sprintf(`{"event_type":"dhcp","dhcp":{"type":"reply","assigned_ip":"%s","client_mac":"8c:16:45:1e:20:0%d","request_hostname":"KETOAN-0%[2]d","vendor_class_identifier":"MSFT 5.0","lease_time":28800}}`, ip, i+1)
		events = append(events, store.Event{Time: at.Add(-3 * time.Hour), Type: "dhcp", Host: fmt.Sprint("ketoan-0", i+1), Sensor: "so-y-te", Body: []byte(lease),
			Src: netip.MustParseAddrPort("10.20.0.1:67"), Dst: netip.AddrPortFrom(netip.MustParseAddr(ip), 68)})
	}
	return st.WriteEvents(context.Background(), events)
}
