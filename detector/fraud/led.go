package fraud

import (
	"bytes"
	"strings"

	"khien/detector"
	"khien/sensor"
)

// referer reports the page whose link led to an impostor, where the request names it.
func (d *Detector) referer(e *sensor.Event, to *detector.Finding) {
	v, ok := e.Tx.Buffer(sensor.HTTPReferer, sensor.ToServer, 0)
	if !ok {
		return
	}
	from := actionHost(v[:min(len(v), 1024)])
	if len(from) == 0 || sameSite(from, []byte(to.Domain)) {
		return
	}
	d.lure(e, strings.ToLower(string(from)), to.Domain, to.Fraud.Brand, "liên kết", "a link")
}

// redirect judges where a response sends a client: a chain of redirections that ends at an impostor began with a lure.
func (d *Detector) redirect(e *sensor.Event) {
	code, ok := e.Tx.Number(sensor.HTTPStatCode, sensor.ToClient, 0)
	if !ok || code < 300 || code > 399 {
		return
	}
	v, ok := e.Tx.Buffer(sensor.HTTPLocation, sensor.ToClient, 0)
	if !ok {
		return
	}
	to := actionHost(v[:min(len(v), 1024)])
	from, _ := e.Tx.Buffer(sensor.HTTPHost, sensor.ToServer, 0)
	if len(to) == 0 || len(to) > maxName || len(from) == 0 || sameSite(to, from) || isAddress(to) {
		return
	}
	d.names.Score(to, &d.v)
	if d.v.Official && guards(d.names.brands[d.v.brand].Type) {
		d.site(e, &site{away: true})
		return
	}
	if d.v.Level == Clean {
		return
	}
	d.lure(e, strings.ToLower(string(from)), strings.ToLower(string(bytes.TrimSuffix(to, []byte(".")))), d.v.Brand, "chuyển hướng", "a redirection")
}

// lure reports how a client was led to an impostor. By itself it says no more than that name does.
func (d *Detector) lure(e *sensor.Event, from, to, brand, vi, en string) {
	f := d.finding(e, "lure", "", "Link that leads to an impostor")
	f.Domain, f.Severity, f.Score = to, detector.Low, 0.2
	f.Fraud = &detector.Fraud{Kind: "lure", Brand: brand, Stage: "lure", Visibility: "seen", Score: 0.2}
	f.Summary = detector.Text{VI: "Nạn nhân được dẫn tới " + to + " từ " + vi + " trên " + from, EN: "The victim was led to " + to + " by " + en + " on " + from}
	r := reason(vi+" trên "+from, en+" on "+from, 1)
	r.Buffer = "http"
	f.Reasons = []detector.Reason{r}
	f.Techniques, f.RelatedHosts = phishing, []string{to, from}
	d.report(f, e, "lure "+from+" "+to)
}
