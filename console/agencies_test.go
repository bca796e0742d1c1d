package console

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/console/hook/gate"
	"khien/console/report/issue"
	"khien/console/report/takedown"
	"khien/detector"
	"khien/detector/store"
	"khien/detector/store/teststore"
)

const unitPassword = "a long password of somebody"

// agencies is a console of two units, a and b, with an account of each, and with what b's account and the sensors have made
// in b. The desk's browser belongs to a's account.
type agencies struct {
	*desk
	b         *desk
	fa, fb    detector.Finding
	seen      detector.Finding // by b's sensor, between addresses of neither
	both      detector.Finding // traffic between a and b
	campaign  detector.Finding // with victims in both
	caseB     string
	tuneB     string
	viewB     string
	decisionB string
	targetB   string
	sessionB  string
	tokenB    string
	frozenB   string // SHA-256 of a frozen copy
	handoverB string
}

// withAgencies runs a test on two agencies that share a store.
func withAgencies(t *testing.T, test func(*testing.T, *agencies)) {
	st, err := teststore.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	test(t, newAgencies(t, st))
}

// certB is the certificate that a server showed a host of agency b.
var certB = strings.Repeat("BB", 20)

func newAgencies(t *testing.T, st store.Store) *agencies {
	t.Helper()
	dir := t.TempDir()
	hooks := "mode: suggest\nlisten: 127.0.0.1:0\nunits:\n  - {name: a, prefixes: [10.1.0.0/16], mode: suggest}\n  - {name: b, prefixes: [10.2.0.0/16], mode: suggest}\nconsumers:\n  - {name: edge, kind: edl, format: edl-domain, secret_file: token, units: [a, b]}\n"
	for name, text := range map[string]string{gate.FileName: hooks, "token": "0123456789abcdef-token\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g, err := gate.Open(t.Context(), gate.Config{DataDir: dir, Store: st})
	if err != nil {
		t.Fatal(err)
	}
	x := &agencies{desk: deskOn(t, dir, st, func(c *Config) {
		c.FlowPackets, c.Blocking = keptPackets(t, "udp 10.1.0.1:1000 > 198.51.100.1:53\n> x\n"), g
	})}
	t.Cleanup(func() { g.Close() }) // before the store, which was made known earlier
	x.login()
	x.want(200, "PUT", "/api/v1/units", map[string]any{"version": 0, "units": []any{
		map[string]any{"id": "a", "name": map[string]string{"vi": "Sở A", "en": "Agency A"}, "networks": []string{"10.1.0.0/16"}},
		map[string]any{"id": "b", "name": map[string]string{"vi": "Sở Bí mật", "en": "Secret agency"}, "networks": []string{"10.2.0.0/16"}, "sensors": []string{"b-sensor"}}}})
	for name, unit := range map[string]string{"an": "a", "binh": "b"} {
		x.want(200, "POST", "/api/v1/accounts", map[string]any{"name": name, "password": unitPassword, "role": "lead", "units": []string{unit}})
	}
	at := func(src, sensor string, n int, change ...func(*detector.Finding)) detector.Finding {
		return sample(n, append(change, func(f *detector.Finding) {
			f.SrcIP, f.Sensor, f.CommunityID, f.Domain = netip.MustParseAddr(src), sensor, "1:flow", sensor+".example"
		})...)
	}
	x.fa, x.fb = at("10.1.0.1", "a-sensor", 1), at("10.2.0.1", "b-sensor", 2, func(f *detector.Finding) {
		f.SHA256, f.Summary = strings.Repeat("bb", 32), detector.Text{VI: "secret-b", EN: "secret-b"}
		f.Certificate = detector.Certificate{Fingerprint: certB, Subject: "CN=secret-b"}
	})
	x.seen = at("192.0.2.1", "b-sensor", 3)
	x.both = at("10.1.0.1", "center", 4, func(f *detector.Finding) { f.DstIP = netip.MustParseAddr("10.2.3.4") })
	x.campaign = at("10.1.0.9", "center", 5, func(f *detector.Finding) { f.RelatedIPs = []string{"10.1.0.9", "10.2.0.77", "198.51.100.1"} })
	x.write(x.fa, x.fb, x.seen, x.both, x.campaign)
	if err := st.WriteEvents(t.Context(), []store.Event{{Time: time.Now(), Type: "tls", Host: "secret-b.example", Cert: certB, Sensor: "b-sensor", Src: netip.MustParseAddrPort("10.2.0.1:5000"),
		Dst: netip.MustParseAddrPort("203.0.113.9:443"), Body: []byte(`{"tls":{"subject":"CN=secret-b"}}`)}}); err != nil {
		t.Fatal(err)
	}
	x.b = x.another("binh")
	b := x.b
	b.want(200, "PUT", "/api/v1/triage", map[string]any{"key": store.GroupKey(&x.fb), "version": 0, "status": "seen", "comment": "secret-b"})
	text := func(m map[string]any, path ...string) string {
		for _, p := range path[:len(path)-1] {
			m = m[p].(map[string]any)
		}
		return m[path[len(path)-1]].(string)
	}
	x.caseB = text(b.want(200, "POST", "/api/v1/cases", map[string]any{"title": "secret-b", "findings": []string{x.fb.ID}}), "id")
	b.want(200, "PUT", "/api/v1/cases/"+x.caseB+"/incident", map[string]any{"version": 0, "facts": []any{}})
	x.tuneB = text(b.want(200, "POST", "/api/v1/tunes", map[string]any{"rule": "9", "src": "10.2.0.0/24", "reason": "secret-b", "days": 3}), "id")
	x.viewB = text(b.want(200, "POST", "/api/v1/views", map[string]any{"name": "secret-b", "q": "src:10.2.0.1", "range": "24h", "sort": "worst", "shared": true}), "id")
	x.decisionB = text(b.want(200, "POST", "/api/v1/blocking/decisions", map[string]any{"value": "secret-b.example", "reason": "x", "finding": x.fb.ID}), "decision", "id")
	x.tokenB = text(b.want(200, "POST", "/api/v1/tokens", map[string]any{"name": "secret-b", "role": "lead", "days": 3}), "id")
	for _, s := range b.want(200, "GET", "/api/v1/sessions", nil)["sessions"].([]any) {
		x.sessionB = s.(map[string]any)["id"].(string)
	}
	b.want(200, "POST", "/api/v1/cases/"+x.caseB+"/tasks", map[string]any{"text": "secret-b", "assignee": "binh", "due": time.Now()})
	b.want(200, "POST", "/api/v1/cases/"+x.caseB+"/entities", map[string]any{"kind": "host", "value": "secret-b.example"})
	b.want(200, "PUT", "/api/v1/cases/"+x.caseB+"/entities/watch", map[string]any{"kind": "host", "value": "secret-b.example", "note": "secret-b", "until": time.Now().Add(time.Hour)})
	x.frozenB = b.want(200, "POST", "/api/v1/cases/"+x.caseB+"/evidence", map[string]any{})["frozen"].([]any)[0].(map[string]any)["sha256"].(string)
	x.handoverB = text(b.want(200, "POST", "/api/v1/handovers", map[string]any{"text": "secret-b"}), "id")
	x.targetB = "t-1"
	for _, d := range []struct {
		kind, id string
		body     any
	}{
		{"takedown", x.targetB, takedown.Target{ID: x.targetB, Case: x.caseB, Kind: "domain", Value: "secret-b.example", State: takedown.Queued}},
		{"issued", "r-1", issue.Issued{ID: "r-1", Case: x.caseB, Title: "secret-b", Set: issue.Set{Files: []issue.Out{{Name: "r.pdf"}}}}},
	} {
		body, err := json.Marshal(d.body)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := x.store.PutDocument(t.Context(), store.Document{Kind: d.kind, ID: d.id, Updated: time.Now(), Tags: []string{"case:" + x.caseB}, Body: body}); err != nil {
			t.Fatal(err)
		}
	}
	x.want(200, "POST", "/api/v1/login", map[string]string{"name": "an", "password": unitPassword})
	return x
}

// another returns the desk with the browser of another account.
func (d *desk) another(name string) *desk {
	d.t.Helper()
	jar, _ := cookiejar.New(nil)
	o := *d
	o.browser = &http.Client{Jar: jar}
	o.want(200, "POST", "/api/v1/login", map[string]string{"name": name, "password": unitPassword})
	return &o
}

// state is all that people have made, as text.
func (x *agencies) state() string {
	x.t.Helper()
	var b strings.Builder
	kinds, err := x.store.(store.Lister).Kinds(x.t.Context())
	if err != nil {
		x.t.Fatal(err)
	}
	for _, kind := range kinds {
		p, err := x.store.Documents(x.t.Context(), store.DocumentQuery{Kind: kind, Limit: store.PageMax})
		if err != nil {
			x.t.Fatal(err)
		}
		for _, d := range p.Documents {
			fmt.Fprintf(&b, "%s %s %d %v %s\n", d.Kind, d.ID, d.Version, d.Tags, d.Body)
		}
	}
	list, _, err := x.store.(store.Lister).Triages(x.t.Context(), "")
	fmt.Fprintf(&b, "%+v %v\n", list, err)
	accounts, err := os.ReadFile(filepath.Join(x.dir, "accounts.json"))
	fmt.Fprintln(&b, "tokens", strings.Count(string(accounts), `"secret-b"`), "accounts", strings.Count(string(accounts), `"password"`), err)
	return b.String()
}

// try is what an account of unit a does on a route with what belongs to b.
type try struct {
	path string // what is behind /api/v1/, with b's ids
	body any
	want int    // 404, or 200 for what must hide b
	may  string // what an answer of 200 may hold of b, because the request named it
}

// tries are the rows of all routes.
func (x *agencies) tries() map[string][]try {
	key := store.GroupKey(&x.fb)
	group := url.QueryEscape(key)
	seen := map[string]any{"key": key, "version": 1, "status": "closed", "verdict": "benign"}
	all := map[string]any{"q": "", "range": "all", "from": "", "to": ""}
	return map[string][]try{
		"POST login": nil, "GET login": nil, "POST login/key": nil, "POST login/passkey": nil, "GET oidc/start": nil, "GET oidc/callback": nil, // without a session
		"POST logout": nil, "POST password": nil, "POST totp": nil, "POST totp/confirm": nil, "POST totp/off": nil, // of the caller's own account
		"POST keys": nil, "POST keys/confirm": nil, "POST keys/{id}/remove": nil, // see TestKeys
		"GET keys":    {{"keys", nil, 200, ""}},
		"POST tokens": nil, "POST cases": {{"cases", map[string]any{"title": "x", "findings": []string{x.fb.ID}}, 404, ""}},
		"GET me":           {{"me", nil, 200, ""}},
		"GET openapi.json": {{"openapi.json", nil, 200, ""}},
		"GET health":       {{"health", nil, 200, ""}},
		"GET units":        {{"units", nil, 200, ""}},
		"PUT units":        {{"units", map[string]any{"version": 1, "units": []any{}}, 403, ""}},
		"GET accounts":     {{"accounts", nil, 200, ""}},
		"POST accounts":    {{"accounts", map[string]any{"name": "x", "password": unitPassword, "role": "viewer"}, 403, ""}},
		"PUT accounts/{name}": {{"accounts/binh", map[string]any{"role": "viewer"}, 403, ""}, {"accounts/an", map[string]any{"role": "admin"}, 403, ""},
			{"accounts/an", map[string]any{"role": "lead", "units": []string{}}, 403, ""}},
		"DELETE accounts/{name}":           {{"accounts/binh", nil, 403, ""}},
		"POST accounts/{name}/reset":       {{"accounts/binh/reset", nil, 403, ""}},
		"GET sessions":                     {{"sessions", nil, 200, ""}},
		"DELETE sessions/{id}":             {{"sessions/" + x.sessionB, nil, 404, ""}},
		"GET tokens":                       {{"tokens", nil, 200, ""}},
		"DELETE tokens/{id}":               {{"tokens/" + x.tokenB, nil, 404, ""}},
		"GET audit":                        {{"audit", nil, 403, ""}},
		"GET overview":                     {{"overview", nil, 200, ""}},
		"GET overview/waiting":             {{"overview/waiting", nil, 200, ""}},
		"GET events":                       nil, // see TestUnitsLive
		"GET groups":                       {{"groups", nil, 200, ""}, {"groups?group=" + group, nil, 200, ""}, {"groups?q=unit:b", nil, 200, ""}, {"groups?q=src:10.2.0.0/16", nil, 200, ""}},
		"GET findings":                     {{"findings", nil, 200, ""}, {"findings?group=" + group, nil, 200, ""}, {"findings?q=-unit:a", nil, 200, ""}},
		"GET findings/{id}":                {{"findings/" + x.fb.ID, nil, 404, ""}, {"findings/" + x.seen.ID, nil, 404, ""}, {"findings/" + x.campaign.ID, nil, 200, ""}},
		"GET findings/{id}/packets":        {{"findings/" + x.fb.ID + "/packets", nil, 404, ""}},
		"GET findings/{id}/transactions":   {{"findings/" + x.fb.ID + "/transactions", nil, 404, ""}},
		"GET findings/{id}/packets.pcapng": {{"findings/" + x.fb.ID + "/packets.pcapng", nil, 404, ""}},
		"GET findings/{id}/file":           {{"findings/" + x.fb.ID + "/file", nil, 404, ""}},
		"GET findings/{id}/file.zip":       {{"findings/" + x.fb.ID + "/file.zip", nil, 404, ""}},
		"GET findings.csv":                 {{"findings.csv?range=all", nil, 200, ""}},
		"GET counts":                       {{"counts?range=all", nil, 200, ""}, {"counts?q=sensor:b-sensor", nil, 200, ""}},
		"GET bundles": {{"bundles?by=unit", nil, 200, ""}, {"bundles?by=sensor", nil, 200, ""}, {"bundles?by=brand", nil, 200, ""},
			{"bundles?by=chain", nil, 200, ""}, {"bundles?by=campaign", nil, 200, ""}},
		"GET entity": {{"entity?kind=ip&value=10.2.0.1", nil, 200, "10.2.0.1"}, {"entity?kind=ip&value=10.2.0.77", nil, 200, "10.2.0.77"},
			{"entity?kind=host&value=b-sensor.example", nil, 200, "b-sensor"}, {"entity?kind=sha256&value=" + x.fb.SHA256, nil, 200, ""},
			{"entity?kind=cert&value=" + certB, nil, 200, ""}, {"entity?kind=host&value=secret-b.example", nil, 200, "secret-b"}},
		"GET triage":                       {{"triage?key=" + group, nil, 404, ""}},
		"PUT triage":                       {{"triage", seen, 404, ""}, {"triage", map[string]any{"key": store.GroupKey(&x.fa), "version": 0, "assignee": "binh"}, 400, ""}},
		"POST triage/bulk":                 {{"triage/bulk", map[string]any{"changes": []any{seen}}, 200, key}},
		"POST triage/query/preview":        {{"triage/query/preview", all, 200, ""}},
		"POST triage/query":                {{"triage/query", map[string]any{"q": "src:10.2.0.0/24", "range": "all", "to": time.Now().Format(time.RFC3339), "expect": 1, "change": map[string]any{"status": "seen"}}, 409, ""}},
		"POST triage/undo":                 {{"triage/undo", map[string]any{"undo": "nothing"}, 404, ""}},
		"GET views":                        {{"views", nil, 200, ""}},
		"POST views":                       nil,
		"DELETE views/{id}":                {{"views/" + x.viewB, nil, 404, ""}},
		"GET tunes":                        {{"tunes", nil, 200, ""}},
		"POST tunes":                       {{"tunes", map[string]any{"rule": "1", "reason": "x", "days": 3}, 403, ""}, {"tunes", map[string]any{"rule": "1", "src": "10.0.0.0/8", "reason": "x", "days": 3}, 403, ""}},
		"POST tunes/preview":               {{"tunes/preview", map[string]any{"rule": x.fb.Rule.ID, "days": 3}, 200, ""}},
		"DELETE tunes/{id}":                {{"tunes/" + x.tuneB, nil, 404, ""}},
		"GET cases":                        {{"cases", nil, 200, ""}},
		"GET cases/{id}":                   {{"cases/" + x.caseB, nil, 404, ""}},
		"POST cases/{id}/findings":         {{"cases/" + x.caseB + "/findings", map[string]any{"findings": []string{x.fa.ID}}, 404, ""}},
		"POST cases/{id}/notes":            {{"cases/" + x.caseB + "/notes", map[string]any{"text": "x"}, 404, ""}},
		"POST cases/{id}/close":            {{"cases/" + x.caseB + "/close", map[string]any{"reason": "x"}, 404, ""}},
		"GET cases/{id}/incident":          {{"cases/" + x.caseB + "/incident", nil, 404, ""}},
		"PUT cases/{id}/incident":          {{"cases/" + x.caseB + "/incident", map[string]any{"version": 1, "facts": []any{}}, 404, ""}},
		"POST cases/{id}/confirm":          {{"cases/" + x.caseB + "/confirm", map[string]any{"version": 1, "what": "x", "reason": "x"}, 404, ""}},
		"POST cases/{id}/sent":             {{"cases/" + x.caseB + "/sent", map[string]any{"version": 1, "duty": "x", "via": "x"}, 404, ""}},
		"GET cases/{id}/clocks":            {{"cases/" + x.caseB + "/clocks", nil, 404, ""}},
		"GET cases/{id}/clocks.ics":        {{"cases/" + x.caseB + "/clocks.ics", nil, 404, ""}},
		"GET cases/{id}/custody":           {{"cases/" + x.caseB + "/custody", nil, 404, ""}},
		"GET cases/{id}/preview":           {{"cases/" + x.caseB + "/preview?form=initial", nil, 404, ""}},
		"GET cases/{id}/preview.pdf":       {{"cases/" + x.caseB + "/preview.pdf?form=initial", nil, 404, ""}},
		"GET reports":                      {{"reports", nil, 200, ""}, {"reports?case=" + x.caseB, nil, 200, ""}},
		"POST reports":                     {{"reports", map[string]any{"case": x.caseB, "form": "initial"}, 404, ""}},
		"GET reports/{id}/files/{name}":    {{"reports/r-1/files/r.pdf", nil, 404, ""}},
		"GET reports/forms":                {{"reports/forms", nil, 200, ""}},
		"GET reports/clocks":               {{"reports/clocks", nil, 200, ""}},
		"GET reports/packs/{id}":           {{"reports/packs/nothing", nil, 404, ""}},
		"PUT reports/packs/{id}":           {{"reports/packs/nothing", map[string]any{"text": "x"}, 403, ""}},
		"GET reports/takedown":             {{"reports/takedown", nil, 200, ""}, {"reports/takedown?case=" + x.caseB, nil, 200, ""}},
		"POST reports/takedown/{id}":       {{"reports/takedown/" + x.targetB, map[string]any{"to": "sent"}, 404, ""}},
		"GET blocking":                     {{"blocking", nil, 200, ""}},
		"GET blocking/decisions":           {{"blocking/decisions", nil, 200, ""}, {"blocking/decisions?q=secret", nil, 200, ""}},
		"POST cases/{id}/reopen":           {{"cases/" + x.caseB + "/reopen", map[string]any{"reason": "x"}, 404, ""}},
		"PUT cases/{id}/owner":             {{"cases/" + x.caseB + "/owner", map[string]any{"owner": "an"}, 404, ""}, {"cases/" + x.caseB + "/owner", map[string]any{"owner": "binh"}, 400, ""}},
		"PUT cases/{id}/members/{name}":    {{"cases/" + x.caseB + "/members/an", nil, 404, ""}, {"cases/" + x.caseB + "/members/binh", nil, 400, ""}},
		"DELETE cases/{id}/members/{name}": {{"cases/" + x.caseB + "/members/binh", nil, 404, ""}},
		"POST cases/{id}/tasks":            {{"cases/" + x.caseB + "/tasks", map[string]any{"text": "x"}, 404, ""}},
		"PUT cases/{id}/tasks/{task}":      {{"cases/" + x.caseB + "/tasks/1", map[string]any{"text": "x"}, 404, ""}},
		"DELETE cases/{id}/tasks/{task}":   {{"cases/" + x.caseB + "/tasks/1", nil, 404, ""}},
		"POST cases/{id}/entities":         {{"cases/" + x.caseB + "/entities", map[string]any{"kind": "host", "value": "x.example"}, 404, ""}},
		"DELETE cases/{id}/entities":       {{"cases/" + x.caseB + "/entities?kind=host&value=secret-b.example", nil, 404, ""}},
		"PUT cases/{id}/entities/watch":    {{"cases/" + x.caseB + "/entities/watch", map[string]any{"kind": "host", "value": "secret-b.example", "note": "x", "until": time.Now().Add(time.Hour)}, 404, ""}},
		"GET cases/{id}/entities/found":    {{"cases/" + x.caseB + "/entities/found", nil, 404, ""}},
		"GET cases/{id}/timeline":          {{"cases/" + x.caseB + "/timeline", nil, 404, ""}},
		"GET cases/{id}/evidence":          {{"cases/" + x.caseB + "/evidence", nil, 404, ""}},
		"POST cases/{id}/evidence":         {{"cases/" + x.caseB + "/evidence", map[string]any{"findings": []string{x.fa.ID}}, 404, ""}},
		"GET cases/{id}/evidence/{sha256}": {{"cases/" + x.caseB + "/evidence/" + x.frozenB, nil, 404, ""}},
		"GET handover":                     {{"handover", nil, 200, ""}},
		"GET handovers":                    {{"handovers", nil, 200, ""}},
		"GET reveals":                      {{"reveals", nil, 404, ""}}, // see TestUnitsReveal
		"POST reveals":                     {{"reveals", map[string]any{"of": "finding", "subject": x.fb.ID, "purpose": "to see what is there"}, 404, ""}},
		"POST reveals/{id}/agree":          {{"reveals/x/agree", nil, 404, ""}},
		"POST reveals/{id}/refuse":         {{"reveals/x/refuse", nil, 404, ""}},
		"DELETE reveals/{id}":              {{"reveals/x", nil, 404, ""}},
		"POST handovers":                   nil, // see TestUnitsHandover
		"GET handovers/{id}":               {{"handovers/" + x.handoverB, nil, 404, ""}},
		"POST handovers/{id}/take":         {{"handovers/" + x.handoverB + "/take", map[string]any{}, 404, ""}},
		"POST blocking/decisions": {{"blocking/decisions", map[string]any{"value": "x.example", "reason": "x", "scope": "b"}, 400, ""},
			{"blocking/decisions", map[string]any{"value": "x.example", "reason": "x", "finding": x.fb.ID}, 404, ""}},
		"GET blocking/decisions/{id}":          {{"blocking/decisions/" + x.decisionB, nil, 404, ""}},
		"POST blocking/decisions/{id}/approve": {{"blocking/decisions/" + x.decisionB + "/approve", map[string]any{}, 404, ""}},
		"POST blocking/decisions/{id}/renew":   {{"blocking/decisions/" + x.decisionB + "/renew", map[string]any{"ttl": "2h"}, 404, ""}},
		"POST blocking/decisions/{id}/revoke":  {{"blocking/decisions/" + x.decisionB + "/revoke", map[string]any{"reason": "x"}, 404, ""}},
		"GET blocking/why":                     {{"blocking/why?value=secret-b.example", nil, 404, ""}},
		"GET blocking/test":                    {{"blocking/test?value=secret-b.example", nil, 404, ""}},
		"GET blocking/render/{format}":         {{"blocking/render/edl-domain", nil, 404, ""}},
		"POST blocking/kill":                   {{"blocking/kill", map[string]any{"reason": "x"}, 404, ""}},
		"POST blocking/resume":                 {{"blocking/resume", map[string]any{"reason": "x"}, 404, ""}},
		"POST blocking/rollback":               {{"blocking/rollback", map[string]any{"version": 1, "reason": "x"}, 404, ""}},
		"POST blocking/accept":                 {{"blocking/accept", map[string]any{}, 404, ""}},
		"GET blocking/requests":                {{"blocking/requests", nil, 404, ""}},
		"POST blocking/requests":               {{"blocking/requests", map[string]any{"value": "x.example", "contact": "1", "reason": "x"}, 404, ""}},
		"GET blocking/policy":                  {{"blocking/policy", nil, 404, ""}},
		"PUT blocking/policy":                  {{"blocking/policy", map[string]any{"overlay": map[string]any{"mode": "off"}, "on": 0, "reason": "x"}, 404, ""}},
		"POST blocking/policy/preview":         {{"blocking/policy/preview", map[string]any{"overlay": map[string]any{"mode": "off"}}, 404, ""}},
		"POST blocking/policy/restore":         {{"blocking/policy/restore", map[string]any{"version": 0, "on": 0, "reason": "x"}, 404, ""}},
		"POST blocking/requests/{id}/answer":   {{"blocking/requests/x/answer", map[string]any{}, 404, ""}},
		"GET sensors":                          {{"sensors", nil, 404, ""}},
		"GET losses":                           {{"losses?range=all", nil, 200, ""}},
		"GET rules":                            {{"rules", nil, 404, ""}},
		"GET rules/sets":                       {{"rules/sets", nil, 404, ""}},
		"GET rules/{id}":                       {{"rules/1:1", nil, 404, ""}},
		"POST rules/{id}/off":                  {{"rules/1:1/off", map[string]any{"reason": "x"}, 404, ""}},
		"POST rules/{id}/on":                   {{"rules/1:1/on", map[string]any{"reason": "x"}, 404, ""}},
		"POST rules/measure":                   {{"rules/measure", map[string]any{}, 404, ""}},
		"POST rules/check":                     {{"rules/check", map[string]any{"text": "x"}, 404, ""}},
		"POST rules/try":                       {{"rules/try", map[string]any{"text": "x", "finding": x.fb.ID}, 404, ""}},
		"POST rules/try/capture":               {{"rules/try/capture", map[string]any{}, 404, ""}},
		"GET rules/own":                        {{"rules/own", nil, 404, ""}},
		"PUT rules/own":                        {{"rules/own", map[string]any{"text": "", "base": "", "reason": "x"}, 404, ""}},
		"GET rules/own/{version}":              {{"rules/own/1", nil, 404, ""}},
	}
}

// described are the routes of the API's description, which another test holds to be all there are.
func (d *desk) described() (list []string) {
	for path, methods := range d.want(200, "GET", "/api/v1/openapi.json", nil)["paths"].(map[string]any) {
		for method := range methods.(map[string]any) {
			list = append(list, strings.ToUpper(method)+" "+strings.TrimPrefix(path, "/api/v1/"))
		}
	}
	return slices.Sorted(slices.Values(list))
}
