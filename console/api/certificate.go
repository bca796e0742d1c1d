package api

import (
	"context"
	"encoding/json"
	"time"

	"khien/detector"
	"khien/detector/store"
	"khien/sensor/evejson"
)

// shownMax is how many connections are read for the page of a certificate or a name, the newest.
const shownMax = 1000

// certificateView is what is known of a certificate: what it says, and where the sensors saw it, whether or not anything was
// found there. The certificate is in clear up to TLS 1.2.
type certificateView struct {
	Subject     string      `json:"subject"`
	Issuer      string      `json:"issuer"`
	NotBefore   *time.Time  `json:"not_before"`
	NotAfter    *time.Time  `json:"not_after"`
	Connections int         `json:"connections"`
	Partial     bool        `json:"partial"` // there are older ones
	Hosts       []nameCount `json:"hosts"`   // names that were asked for
	Servers     []nameCount `json:"servers"` // addresses that showed it
}

// silent reports whether nothing is known yet of what the certificate says.
func (v *certificateView) silent() bool {
	return v.Subject == "" && v.Issuer == "" && v.NotBefore == nil
}

// says takes what a certificate says of itself.
func (v *certificateView) says(c detector.Certificate) {
	v.Subject, v.Issuer = c.Subject, c.Issuer
	if !c.NotBefore.IsZero() {
		v.NotBefore = &c.NotBefore
	}
	if !c.NotAfter.IsZero() {
		v.NotAfter = &c.NotAfter
	}
}

// certificate adds to the page of a certificate where the telemetry has it.
func (a *API) certificate(ctx context.Context, e *entity) error {
	p, err := a.cfg.Store.Events(ctx, store.EventQuery{Cert: []string{e.Value}, Descending: true, Limit: shownMax})
	if err != nil {
		return storeProblem(err)
	}
	t := newTally()
	v := e.Certificate
	v.Connections, v.Partial = len(p.Events), p.Next != ""
	for i := range p.Events {
		ev := &p.Events[i]
		if v.silent() {
			v.says(certificateOf(ev.Body))
		}
		t.count("host", ev.Host)
		if ip := ev.Dst.Addr(); ip.IsValid() {
			t.count("server", ip.String())
		}
		e.seen(ev.Time, ev.Time)
	}
	v.Hosts, v.Servers = t.top("host"), t.top("server")
	return nil
}

// certificatesOf counts the certificates that a name's servers showed.
func (a *API) certificatesOf(ctx context.Context, e *entity, t tally) error {
	p, err := a.cfg.Store.Events(ctx, store.EventQuery{Host: []string{e.Value}, Type: "tls", Descending: true, Limit: shownMax})
	if err != nil {
		return storeProblem(err)
	}
	for i := range p.Events {
		t.count("cert", p.Events[i].Cert)
	}
	return nil
}

// certificateOf reads what a record of a handshake tells of the certificate. What is missing or in another form stays empty.
func certificateOf(body json.RawMessage) (c detector.Certificate) {
	var r struct {
		TLS struct {
			Subject   string `json:"subject"`
			Issuer    string `json:"issuerdn"`
			NotBefore string `json:"notbefore"`
			NotAfter  string `json:"notafter"`
		} `json:"tls"`
	}
	if json.Unmarshal(body, &r) != nil {
		return c
	}
	c.Subject, c.Issuer = r.TLS.Subject, r.TLS.Issuer
	c.NotBefore, c.NotAfter = eveTime(r.TLS.NotBefore), eveTime(r.TLS.NotAfter)
	return c
}

// eveTime reads how EVE writes the times of a certificate, in UTC; what is none is the zero time.
func eveTime(s string) time.Time {
	t, err := time.Parse(evejson.CertificateTime, s)
	if err != nil {
		return time.Time{}
	}
	return t
}
