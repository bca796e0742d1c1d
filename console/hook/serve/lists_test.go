package serve_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/console/hook"
	"khien/console/hook/hooktest"
	"khien/console/hook/render"
	"khien/console/hook/serve"
)

const token = "0123456789abcdef-token"

func lists(t *testing.T, d *hooktest.Desk) (*httptest.Server, *hook.Consumers) {
	t.Helper()
	form := func(name string) render.Format {
		f, ok := render.Find(name)
		if !ok {
			t.Fatal(name)
		}
		return f
	}
	cs := &hook.Consumers{}
	l := serve.NewLists(d.Book, cs, []serve.Client{
		{Name: "pa", Token: token, Format: form("edl-ip")},
		{Name: "dns", Token: token + "2", Format: form("edl-domain"), Select: hook.Selection{Max: 1}},
		{Name: "bouncer", Token: token + "3"},
	})
	s := httptest.NewServer(l.Handler())
	t.Cleanup(s.Close)
	return s, cs
}

func get(t *testing.T, url string, change func(*http.Request)) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b), resp.Header
}

func TestTextLists(t *testing.T) {
	d := hooktest.New(t, "four_eyes: []")
	d.MustBlock("198.51.100.7", time.Hour)
	d.MustBlock("203.0.113.0/24", 2*time.Hour)
	d.MustBlock("a.example", time.Hour)
	d.MustBlock("b.example", time.Hour)
	s, cs := lists(t, d)
	basic := func(r *http.Request) { r.SetBasicAuth("x", token) }
	for url, change := range map[string]func(*http.Request){
		"/edl/pa": basic, "/edl/pa/" + token: nil, "/edl/pa?": func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }} {
		status, body, h := get(t, s.URL+url, change)
		if status != 200 || body != "198.51.100.7\n203.0.113.0/24\n" || h.Get("Last-Modified") == "" || h.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s: %d %q %v", url, status, body, h)
		}
	}
	for _, url := range []string{"/edl/pa", "/edl/pa/wrong", "/edl/pa/" + token + "2", "/edl/bouncer/" + token + "3", "/edl/none/" + token} {
		if status, body, _ := get(t, s.URL+url, nil); status != 401 || strings.Contains(body, "198") {
			t.Errorf("%s: %d %q", url, status, body)
		}
	}
	_, _, h := get(t, s.URL+"/edl/pa", basic)
	unchanged := func(r *http.Request) { basic(r); r.Header.Set("If-None-Match", h.Get("ETag")) }
	if status, _, _ := get(t, s.URL+"/edl/pa", unchanged); status != 304 {
		t.Errorf("unchanged: %d", status)
	}
	d.Clock.Pass(time.Hour) // an end changes the list though nobody published one
	if status, body, _ := get(t, s.URL+"/edl/pa", unchanged); status != 200 || body != "203.0.113.0/24\n" {
		t.Errorf("after an end: %d %q", status, body)
	}
	d.MustBlock("c.example", time.Hour)
	d.MustBlock("d.example", time.Hour)
	if _, body, _ := get(t, s.URL+"/edl/dns/"+token+"2", nil); strings.Count(body, "\n") != 1 {
		t.Errorf("max_entries: %q", body)
	}
	for _, c := range cs.List() {
		if c.Name == "dns" && (c.Cut != 1 || c.Given != 1 || c.Seen.IsZero()) {
			t.Errorf("%+v", c)
		}
	}
}

func stream(t *testing.T, s *httptest.Server, startup bool) (added, deleted []string) {
	t.Helper()
	status, body, _ := get(t, fmt.Sprintf("%s/v1/decisions/stream?startup=%v", s.URL, startup), func(r *http.Request) { r.Header.Set("X-Api-Key", token+"3") })
	var out struct{ New, Deleted []render.CrowdSecDecision }
	if err := json.Unmarshal([]byte(body), &out); err != nil || status != 200 {
		t.Fatalf("%d %v %s", status, err, body)
	}
	for _, x := range out.New {
		added = append(added, x.Value)
	}
	for _, x := range out.Deleted {
		deleted = append(deleted, x.Value)
	}
	return added, deleted
}

func TestBouncerStream(t *testing.T) {
	d := hooktest.New(t, "four_eyes: []")
	a := d.MustBlock("198.51.100.7", 2*time.Hour)
	s, cs := lists(t, d)
	want := func(startup bool, added, deleted []string) {
		t.Helper()
		x, y := stream(t, s, startup)
		slices.Sort(x)
		slices.Sort(y)
		if !slices.Equal(x, added) || !slices.Equal(y, deleted) {
			t.Errorf("new %v deleted %v, want %v %v", x, y, added, deleted)
		}
	}
	one, two := []string{"198.51.100.7"}, []string{"203.0.113.0/24"}
	want(true, one, nil)
	want(false, nil, nil)
	d.MustBlock("203.0.113.0/24", time.Hour)
	want(false, two, nil)
	want(false, two, nil) // once more, should the answer have been lost
	want(false, nil, nil)
	if _, err := d.Revoke(t.Context(), a.ID, "an", "nhầm"); err != nil {
		t.Fatal(err)
	}
	want(false, nil, one)
	want(false, nil, one)
	want(false, nil, nil)
	d.Clock.Pass(25 * time.Minute) // told again before half of its life
	want(false, two, nil)
	// After a restart of ours a bouncer goes on as if nothing had been: what was revoked is told.
	b := d.MustBlock("198.51.100.8", 2*time.Hour)
	want(false, []string{"198.51.100.8"}, nil)
	if _, err := d.Revoke(t.Context(), b.ID, "an", "nhầm"); err != nil {
		t.Fatal(err)
	}
	d.Restart()
	s, cs = lists(t, d)
	want(false, two, []string{"198.51.100.7", "198.51.100.8"})
	// The switch empties what bouncers hold, and fills it again.
	if err := d.Kill(t.Context(), "an", "x"); err != nil {
		t.Fatal(err)
	}
	want(false, nil, two)
	if err := d.Resume(t.Context(), "an", "x"); err != nil {
		t.Fatal(err)
	}
	want(false, two, nil)
	// One at a time.
	ask := func(q, want string) {
		t.Helper()
		_, body, _ := get(t, s.URL+"/v1/decisions?"+q, func(r *http.Request) { r.Header.Set("X-Api-Key", token+"3") })
		if !strings.Contains(body, want) {
			t.Errorf("%s: %s", q, body)
		}
	}
	ask("ip=203.0.113.77", `"value":"203.0.113.0/24"`)
	ask("ip=203.0.114.77", "null")
	ask("scope=Range&value=203.0.113.0/24", `"scope":"Range"`)
	ask("ip=x", "invalid ip")
	if status, _, _ := get(t, s.URL+"/v1/decisions/stream?startup=true", nil); status != 403 {
		t.Errorf("without a key: %d", status)
	}
	// What it says that it enforces is compared.
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.URL+"/v1/usage-metrics",
		strings.NewReader(`{"remediation_components":[{"metrics":[{"items":[{"name":"active_decisions","value":0},{"name":"dropped","value":9}]}]}]}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Api-Key", token+"3")
	resp, err := http.DefaultClient.Do(r)
	if err != nil || resp.StatusCode != 201 {
		t.Fatal(resp, err)
	}
	resp.Body.Close()
	if c := cs.List()[0]; c.Missing != 1 || c.ReadBack.IsZero() {
		t.Errorf("%+v", c)
	}
}

// FuzzRequests: whatever is asked, nobody without a token gets a value.
func FuzzRequests(f *testing.F) {
	f.Add("GET", "/edl/pa/x", "", "")
	f.Add("POST", "/v1/usage-metrics", token+"3", `{"remediation_components":[]}`)
	f.Add("GET", "/v1/decisions?ip=1.2.3.4&range=::/0", token+"3", "")
	desk := hooktest.New(f, "four_eyes: []")
	desk.MustBlock("198.51.100.7", time.Hour)
	d := serve.NewLists(desk.Book, &hook.Consumers{}, []serve.Client{{Name: "bouncer", Token: token + "3"}}).Handler()
	f.Fuzz(func(t *testing.T, method, path, key, body string) {
		r, err := http.NewRequest(method, "http://khien"+path, strings.NewReader(body))
		if err != nil {
			t.Skip()
		}
		r.Header.Set("X-Api-Key", key)
		w := httptest.NewRecorder()
		d.ServeHTTP(w, r)
		if !strings.HasPrefix(key, token) && !strings.Contains(path, token) && strings.Contains(w.Body.String(), "198.51.100.7") {
			t.Fatalf("%s %s gives %s", method, path, w.Body)
		}
		if w.Code >= 500 {
			t.Fatalf("%s %s: %d", method, path, w.Code)
		}
	})
}
