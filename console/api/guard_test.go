package api

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func post(key, body string) *http.Request {
	r := httptest.NewRequest("POST", "/api/v1/x", strings.NewReader(body))
	r.Header.Set("Idempotency-Key", key)
	return r
}

// TestKeptAnswers: what is kept cannot be read without the key, what failed in passing can be tried again, and what runs
// is told.
func TestKeptAnswers(t *testing.T) {
	now := time.Now()
	s := newRepeats(func() time.Time { return now })
	status, runs := 200, 0
	once := func(user, key, body string) (int, string, error) {
		w := httptest.NewRecorder()
		err := s.once(w, post(key, body), user, bodyMax, func(w http.ResponseWriter, r *http.Request) {
			runs++
			w.WriteHeader(status)
			fmt.Fprint(w, "secret-", runs)
		})
		return w.Code, w.Body.String(), err
	}
	const key = "0123456789abcdef"
	for range 2 {
		if code, body, err := once("an", key, "{}"); code != 200 || body != "secret-1" || err != nil {
			t.Fatal(code, body, err)
		}
	}
	if _, body, _ := once("binh", key, "{}"); body != "secret-2" {
		t.Errorf("another account got %q", body)
	}
	for id, e := range s.byID {
		if bytes.Contains(e.sealed, []byte("secret")) || strings.Contains(string(id[:]), key) {
			t.Error("an answer or key is kept in clear")
		}
	}
	status = 503
	once("an", key+"2", "{}")
	status = 200
	if code, body, _ := once("an", key+"2", "{}"); code != 200 || body != "secret-4" {
		t.Errorf("after a failure: %d %q", code, body)
	}
	err := s.once(httptest.NewRecorder(), post(key+"3", "{}"), "an", bodyMax, func(w http.ResponseWriter, r *http.Request) {
		if _, _, err := once("an", key+"3", "{}"); err == nil || err.(*problem).Code != "idempotency_running" {
			t.Errorf("while it runs: %v", err)
		}
	})
	if err != nil {
		t.Error(err)
	}
	func() {
		defer func() { recover() }()
		s.once(httptest.NewRecorder(), post(key+"4", "{}"), "an", bodyMax, func(w http.ResponseWriter, r *http.Request) { panic("handler") })
	}()
	if code, _, err := once("an", key+"4", "{}"); code != 200 || err != nil {
		t.Errorf("after a panic: %d, %v", code, err)
	}
	s.once(httptest.NewRecorder(), post(key+"5", "{}"), "an", bodyMax, func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, repeatAnswer+1)) })
	if _, _, err := once("an", key+"5", "{}"); err == nil || err.(*problem).Code != "idempotency_done" {
		t.Errorf("after a long answer: %v", err)
	}
}

// TestKeptAnswersAreBounded: neither one account nor all of them fill the table, and old answers go.
func TestKeptAnswersAreBounded(t *testing.T) {
	now := time.Now()
	s := newRepeats(func() time.Time { return now })
	fill := func(user string, n, size int) {
		for i := range n {
			key := fmt.Sprintf("key-of-somebody-%d-%d", i, size)
			if err := s.once(httptest.NewRecorder(), post(key, ""), user, bodyMax, func(w http.ResponseWriter, r *http.Request) { w.Write(make([]byte, size)) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill("an", repeatsOfOne+10, 10)
	if n := s.of["an"]; n != repeatsOfOne || len(s.order) != n {
		t.Errorf("%d of one account, %d in order", n, len(s.order))
	}
	fill("binh", 1000, 100<<10) // sealed as base64, 136 KiB each
	if s.bytes > repeatBytesMax+repeatAnswer*2 {
		t.Errorf("%d bytes are kept", s.bytes)
	}
	for i := range repeatsMax/10 + 10 {
		for j := range 10 {
			s.once(httptest.NewRecorder(), post(fmt.Sprintf("key-number-%08d", i), ""), fmt.Sprint("user", j), bodyMax, func(w http.ResponseWriter, r *http.Request) {})
		}
	}
	if len(s.byID) > repeatsMax || len(s.order) != len(s.byID) {
		t.Errorf("%d answers, %d in order", len(s.byID), len(s.order))
	}
	now = now.Add(repeatAge)
	fill("chi", 1, 1)
	if len(s.byID) != 1 || len(s.of) != 1 || len(s.order) != 1 {
		t.Errorf("a day later: %d answers of %d accounts", len(s.byID), len(s.of))
	}
}

// TestBucketsAreBounded: however many addresses come, the table has its size, and neighbours in one /64 share a bucket.
func TestBucketsAreBounded(t *testing.T) {
	now := time.Now()
	l := newLimiter(60, func() time.Time { return now })
	for i := range bucketsMax + 100 {
		l.count(l.account, fmt.Sprint(i))
	}
	if len(l.buckets) > bucketsMax {
		t.Errorf("%d buckets", len(l.buckets))
	}
	now = now.Add(limitWindow)
	l.count(l.account, "x")
	if len(l.buckets) != 1 {
		t.Errorf("%d buckets a window later", len(l.buckets))
	}
	for _, x := range [][2]string{{"2001:db8::1", "2001:db8::/64"}, {"2001:db8::ffff:1%eth0", "2001:db8::/64"}, {"::ffff:192.0.2.1", "::ffff:192.0.2.1"}, {"192.0.2.1", "192.0.2.1"}, {"@", "@"}} {
		if got := network(x[0]); got != x[1] {
			t.Errorf("network of %s: %s", x[0], got)
		}
	}
	now = now.Add(-time.Hour) // a clock that was set back gives and takes nothing
	if left, _, wait := l.count(l.account, "x"); left != 58 || wait != 0 {
		t.Errorf("left %d, wait %v", left, wait)
	}
}

// TestPoliciesNameRoutes: what has a limit of its own is served.
func TestPoliciesNameRoutes(t *testing.T) {
	served := map[string]bool{}
	for _, r := range new(API).openRoutes() {
		served[r.pattern] = true
	}
	for _, r := range new(API).routes() {
		served[r.pattern] = true
	}
	for pattern := range ratePolicies(defaultRate).dear {
		if !served[pattern] {
			t.Errorf("%s has a limit and is not served", pattern)
		}
	}
}
