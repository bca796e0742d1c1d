package console

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestDeadlinesAreToldOfOnce: as the time of a case runs out people are told at 50, 75, 90 % and at its end, each once over
// restarts, again when telling failed, and without a fact of the case.
func TestDeadlinesAreToldOfOnce(t *testing.T) {
	now := time.Date(2026, 3, 2, 3, 0, 0, 0, time.UTC)
	var mu sync.Mutex
	told := map[string]int{}
	var texts []string
	fail := true
	d := newDesk(t, func(c *Config) { c.Now = func() time.Time { return now } })
	remind := func() {
		t.Helper()
		err := d.srv.api.RemindNow(t.Context(), func(key, text string) error {
			mu.Lock()
			defer mu.Unlock()
			if fail {
				return errors.New("away")
			}
			told[key]++
			texts = append(texts, text)
			return nil
		})
		if (err != nil) != fail {
			t.Fatalf("error %v", err)
		}
	}
	d.login()
	f := sample(1)
	f.Time = now
	d.write(f)
	d.want(200, "POST", "/api/v1/cases", map[string]any{"title": "secret title", "findings": []string{f.ID}})
	clocks := d.want(200, "GET", "/api/v1/reports/clocks", nil)["clocks"].([]any)
	var due time.Time
	for _, k := range clocks {
		at, err := time.Parse(time.RFC3339, k.(map[string]any)["due_at"].(string))
		if err != nil {
			t.Fatal(err)
		}
		if id, _ := k.(map[string]any)["case"].(string); id != "" && at.After(due) && at.Sub(now) < 30*24*time.Hour {
			due = at
		}
	}
	if due.IsZero() {
		t.Fatalf("no clock runs: %v", clocks)
	}
	start := now
	now = start.Add(due.Sub(start) * 55 / 100)
	remind() // fails
	fail = false
	for _, part := range []float64{0.2, 0.55, 0.6, 0.8, 0.95, 1.01} {
		now = start.Add(time.Duration(part * float64(due.Sub(start))))
		remind()
		remind()
	}
	if len(told) == 0 {
		t.Fatal("nobody was told of anything")
	}
	levels := map[string]bool{}
	for key, n := range told {
		if n != 1 {
			t.Errorf("%s was told %d times", key, n)
		}
		levels[key[strings.LastIndex(key, ".")+1:]] = true
	}
	for _, want := range []string{"50", "75", "90", "100"} {
		if !levels[want] {
			t.Errorf("nobody was told at %s %%: %v", want, told)
		}
	}
	for _, text := range texts {
		if strings.Contains(text, "secret") || strings.Contains(text, "10.0.0.1") || !strings.Contains(text, " / ") {
			t.Errorf("told: %s", text)
		}
	}
	t.Log(texts[len(texts)-1])
}
