package console

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"khien/detector/store"
)

func idempotent(key string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Idempotency-Key", key) }
}

const keyA, keyB = `"5f0c7a10-0001-4c1b-9d53-000000000001"`, `"5f0c7a10-0002-4c1b-9d53-000000000002"`

// TestIdempotency: whatever makes something is made once, and answered twice.
func TestIdempotency(t *testing.T) {
	now := time.Now()
	d := newDesk(t, func(c *Config) { c.Now = func() time.Time { return now } })
	d.login()
	f, g := sample(1), sample(2)
	d.write(f, g)
	c := d.want(200, "POST", "/api/v1/cases", map[string]any{"title": "vụ một"})["id"].(string)
	length := func(path, list string) func() int {
		return func() int { items, _ := d.want(200, "GET", path, nil)[list].([]any); return len(items) }
	}
	until := now.UTC().Format(time.RFC3339)
	for i, x := range []struct {
		path  string
		body  map[string]any
		count func() int
	}{
		{"cases", map[string]any{"title": "vụ hai"}, length("/api/v1/cases", "cases")},
		{"cases/" + c + "/notes", map[string]any{"text": "ghi chú"}, length("/api/v1/cases/"+c, "notes")},
		{"tunes", map[string]any{"rule": "r", "reason": "thử", "days": 1}, length("/api/v1/tunes", "tunes")},
		{"views", map[string]any{"name": "v", "q": "", "range": "24h", "sort": "worst"}, length("/api/v1/views", "views")},
		{"tokens", map[string]any{"name": "t", "role": "viewer", "days": 1}, length("/api/v1/tokens", "tokens")},
		{"accounts", map[string]any{"name": "an", "password": "a long password", "role": "viewer"}, length("/api/v1/accounts", "accounts")},
		{"triage/bulk", map[string]any{"changes": []any{map[string]any{"key": store.GroupKey(&g), "version": 0, "comment": "một lần"}}},
			length("/api/v1/triage?key="+store.GroupKey(&g), "comments")},
		{"triage/query", map[string]any{"q": "rule:rule1", "range": "24h", "to": until, "expect": 1, "change": map[string]any{"status": "seen"}},
			length("/api/v1/triage?key="+store.GroupKey(&f), "history")},
	} {
		key := fmt.Sprintf("an-idempotency-key-%d", i)
		before := x.count()
		first := d.want(200, "POST", "/api/v1/"+x.path, x.body, idempotent(key))
		status, second, head := d.do("POST", "/api/v1/"+x.path, x.body, idempotent(`"`+key+`"`))
		if status != 200 || fmt.Sprint(first) != fmt.Sprint(second) || head.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s again: %d %v, first %v", x.path, status, second, first)
		}
		if after := x.count(); after != before+1 {
			t.Errorf("%s: %d became %d", x.path, before, after)
		}
		other := maps.Clone(x.body)
		for name, v := range other { // any other value of the same kind
			if s, ok := v.(string); ok && name != "to" && name != "role" && name != "range" && name != "sort" {
				other[name] = s + "x"
			}
		}
		if _, ok := other["changes"]; ok {
			other["changes"] = []any{}
		}
		if out := d.want(422, "POST", "/api/v1/"+x.path, other, idempotent(key)); out["code"] != "idempotency_reused" {
			t.Errorf("%s with another body: %v", x.path, out)
		}
	}
	// Another account has keys of its own; a day later a key is forgotten; one that nobody could call unique is refused.
	d.want(200, "POST", "/api/v1/cases", map[string]any{"title": "của quản trị"}, idempotent(keyA))
	now = now.Add(25 * time.Hour)
	d.login()
	if _, _, head := d.do("POST", "/api/v1/cases", map[string]any{"title": "của quản trị"}, idempotent(keyA)); head.Get("Idempotency-Replayed") != "" {
		t.Error("a key lives longer than a day")
	}
	for _, bad := range []string{"short", `""`, strings.Repeat("x", 256)} {
		if out := d.want(400, "POST", "/api/v1/cases", map[string]any{"title": "x"}, idempotent(bad)); out["code"] != "idempotency_key" {
			t.Errorf("%q: %v", bad, out)
		}
	}
	d.want(413, "POST", "/api/v1/cases", map[string]any{"title": strings.Repeat("x", 100<<10)}, idempotent(keyB))
	d.want(400, "POST", "/api/v1/cases", map[string]any{"title": ""}, idempotent(keyB)) // what was too large was no request
	d.want(200, "POST", "/api/v1/logout", nil)
	d.want(200, "POST", "/api/v1/login", map[string]string{"name": "an", "password": "a long password"})
	d.want(403, "POST", "/api/v1/cases", map[string]any{"title": "của quản trị"}, idempotent(keyA))
}

// TestIdempotencyAtOnce: of many at the same time one is made; the others wait or get its answer.
func TestIdempotencyAtOnce(t *testing.T) {
	d := newDesk(t)
	d.login()
	var wg sync.WaitGroup
	codes := make(chan int, 20)
	for range cap(codes) {
		wg.Go(func() {
			status, _, _ := d.do("POST", "/api/v1/cases", map[string]any{"title": "một"}, idempotent(keyA))
			codes <- status
		})
	}
	wg.Wait()
	close(codes)
	for c := range codes {
		if c != 200 && c != 409 {
			t.Errorf("status %d", c)
		}
	}
	if list := d.want(200, "GET", "/api/v1/cases", nil)["cases"].([]any); len(list) != 1 {
		t.Errorf("%d cases", len(list))
	}
}

// TestRateLimits: an account has its requests, dear routes have fewer, and time gives them back.
func TestRateLimits(t *testing.T) {
	now := time.Now()
	d := newDesk(t, func(c *Config) { c.Now, c.Rate = func() time.Time { return now }, 120 })
	d.login()
	_, _, head := d.do("GET", "/api/v1/me", nil)
	if p := head.Values("RateLimit-Policy"); fmt.Sprint(p) != `["address";q=600;w=60 "account";q=120;w=60]` {
		t.Errorf("policies %v", p)
	}
	if l := head.Values("RateLimit"); len(l) != 2 || !strings.HasPrefix(l[1], `"account";r=119;t=`) {
		t.Errorf("limits %v", l)
	}
	for range 2 { // a sixtieth of 120
		d.want(200, "GET", "/api/v1/findings.csv", nil)
	}
	status, out, head := d.do("GET", "/api/v1/findings.csv", nil)
	if status != 429 || out["code"] != "rate" || out["detail"] != "export" || head.Get("Retry-After") != "30" {
		t.Errorf("%d %v, Retry-After %q", status, out, head.Get("Retry-After"))
	}
	now = now.Add(30 * time.Second)
	d.want(200, "GET", "/api/v1/findings.csv", nil)
	status = 0
	for n := 0; status != 429; n++ {
		if status, out, _ = d.do("GET", "/api/v1/me", nil); n > 120 {
			t.Fatal("no limit after 120 requests")
		}
	}
	if out["detail"] != "account" {
		t.Errorf("%v", out)
	}
	// Who is not logged in is bounded by address, and a login that is tried often by its own.
	d.want(429, "GET", "/api/v1/groups", nil)
	for range 5 {
		d.do("POST", "/api/v1/login", map[string]string{"name": "x", "password": "y"})
	}
	if out := d.want(429, "POST", "/api/v1/login", map[string]string{"name": "z", "password": "y"}); out["detail"] != "address-login" && out["code"] != "throttled" {
		t.Errorf("%v", out)
	}
}

// TestParts: a list comes in parts that hold every row once, whatever is added meanwhile, and a cursor that no list gave is
// refused everywhere.
func TestParts(t *testing.T) {
	d := newDesk(t)
	d.login()
	for i := range 7 {
		d.want(200, "POST", "/api/v1/cases", map[string]any{"title": fmt.Sprint("vụ ", i)})
	}
	var got []string
	for cursor, n := "", 0; ; n++ {
		out := d.want(200, "GET", "/api/v1/cases?limit=3&cursor="+cursor, nil)
		for _, c := range out["cases"].([]any) {
			got = append(got, c.(map[string]any)["title"].(string))
		}
		if n == 0 {
			d.want(200, "POST", "/api/v1/cases", map[string]any{"title": "vụ 7"})
		}
		if cursor = out["next"].(string); cursor == "" {
			break
		}
	}
	if fmt.Sprint(got) != "[vụ 0 vụ 1 vụ 2 vụ 3 vụ 4 vụ 5 vụ 6 vụ 7]" {
		t.Error(got)
	}
	for _, path := range []string{"cases", "reports", "reports/takedown", "reports/clocks", "tunes", "views", "accounts", "sessions", "tokens",
		"cases/SC-" + time.Now().In(time.FixedZone("", 7*3600)).Format("2006") + "-0001/custody", "groups", "findings"} {
		d.want(200, "GET", "/api/v1/"+path+"?limit=1", nil)
		d.want(400, "GET", "/api/v1/"+path+"?cursor=bm9uZQ", nil)
		d.want(400, "GET", "/api/v1/"+path+"?cursor=%21", nil)
		d.want(400, "GET", "/api/v1/"+path+"?limit=0", nil)
	}
}
