package account

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func TestSessions(t *testing.T) {
	dir := t.TempDir()
	c := &clock{time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)}
	limits := Limits{Idle: time.Hour, Max: 3 * time.Hour}
	b, first, err := Open(dir, limits, c.now)
	if err != nil || len(first) < 16 {
		t.Fatal(first, err)
	}
	if _, _, err := b.Login("admin", first+"x", ""); !errors.Is(err, ErrWrong) {
		t.Errorf("wrong password: %v", err)
	}
	if _, _, err := b.Login("nobody", first, ""); !errors.Is(err, ErrWrong) {
		t.Errorf("unknown name: %v", err)
	}
	a, tok, err := b.Login("admin", first, "")
	if err != nil || a.Role != Admin {
		t.Fatal(a, err)
	}
	_, other, err := b.Login("admin", first, "")
	if err != nil || other == tok {
		t.Fatalf("second session has the same token; %v", err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "accounts.json"))
	if err != nil || strings.Contains(string(raw), tok) || strings.Contains(string(raw), first) {
		t.Errorf("the file holds a secret; %v", err)
	}
	if info, err := os.Stat(filepath.Join(dir, "accounts.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}

	// A restart keeps sessions and makes no second admin.
	b, again, err := Open(dir, limits, c.now)
	if err != nil || again != "" {
		t.Fatal(again, err)
	}
	if a, err := b.Session(tok); err != nil || a.Name != "admin" {
		t.Errorf("session after restart: %v %v", a, err)
	}
	if err := b.SetPassword("admin", first, "short", tok); !errors.Is(err, ErrWeak) {
		t.Errorf("short password: %v", err)
	}
	if err := b.SetPassword("admin", "wrong", "một mật khẩu dài", tok); !errors.Is(err, ErrWrong) {
		t.Errorf("wrong old password: %v", err)
	}
	if err := b.SetPassword("admin", first, "một mật khẩu dài", tok); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Session(other); !errors.Is(err, ErrSession) {
		t.Errorf("other session after a new password: %v", err)
	}
	c.at = c.at.Add(61 * time.Minute)
	if _, err := b.Session(tok); !errors.Is(err, ErrSession) {
		t.Errorf("idle session: %v", err)
	}
	_, tok, err = b.Login("admin", "một mật khẩu dài", "")
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		c.at = c.at.Add(50 * time.Minute)
		_, err = b.Session(tok)
	}
	if !errors.Is(err, ErrSession) {
		t.Errorf("session beyond its longest life: %v", err)
	}
	if err := b.Logout(tok); err != nil {
		t.Fatal(err)
	}
}

func TestCreate(t *testing.T) {
	b, _, err := Open(t.TempDir(), Limits{time.Hour, time.Hour}, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	f := func(name, password string, role Role, ok bool) {
		t.Helper()
		if err := b.Create(name, password, role); (err == nil) != ok {
			t.Errorf("Create(%q): %v", name, err)
		}
	}
	f("an", "a long password", Analyst, true)
	f("an", "a long password", Analyst, false)
	f("", "a long password", Analyst, false)
	f("<b>", "a long password", Analyst, false)
	f("bo", "short", Analyst, false)
	f("bo", "a long password", "king", false)
	if l := b.List(); len(l) != 2 || l[0].Name != "admin" || l[1].Name != "an" {
		t.Errorf("%v", l)
	}
}

func TestRole(t *testing.T) {
	f := func(have, need Role, want bool) {
		t.Helper()
		if have.May(need) != want {
			t.Errorf("%q may %q: %v", have, need, !want)
		}
	}
	f(Admin, Analyst, true)
	f(Analyst, Analyst, true)
	f(Viewer, Analyst, false)
	f("", Viewer, false)
	f("x", Viewer, false)
	f(Admin, "", false)
}

func TestThrottle(t *testing.T) {
	c := &clock{time.Unix(1_800_000_000, 0)}
	th := &Throttle{Now: c.now}
	for i := range freeTries {
		if w := th.Wait("ip", "user"); w > 0 {
			t.Fatalf("try %d waits %v", i, w)
		}
		th.Failed("ip", "user")
	}
	if w := th.Wait("other ip", "user"); w != firstWait {
		t.Errorf("the account waits %v", w)
	}
	if w := th.Wait("ip", "other user"); w != firstWait {
		t.Errorf("the address waits %v", w)
	}
	for range 100 {
		th.Failed("ip")
	}
	if w := th.Wait("ip"); w != longestWait {
		t.Errorf("after many failures it waits %v", w)
	}
	th.Succeeded("ip")
	if w := th.Wait("ip"); w > 0 {
		t.Errorf("after success it waits %v", w)
	}
	for i := range throttledKeys * 2 {
		th.Failed(string(rune(i)) + "k")
	}
	if len(th.tries) > throttledKeys {
		t.Errorf("remembers %d keys", len(th.tries))
	}
}

// TestPasswordKeepsChanges: what happens to an account while its new password is hashed is not undone by it.
func TestPasswordKeepsChanges(t *testing.T) {
	for name, meanwhile := range map[string]func(*Book) error{
		"role":   func(b *Book) error { return b.SetRole("an", Viewer) },
		"remove": func(b *Book) error { return b.Remove("an") },
	} {
		b, _ := newBook(t)
		for range cap(b.work) { // nothing is hashed for now
			b.work <- struct{}{}
		}
		done := make(chan error)
		go func() { done <- b.SetPassword("an", password, "một mật khẩu khác nữa", "") }()
		time.Sleep(50 * time.Millisecond) // it has read the account by now; a slower one would pass, too
		if err := meanwhile(b); err != nil {
			t.Fatal(err)
		}
		for range cap(b.work) {
			<-b.work
		}
		err := <-done
		var got []string
		for _, a := range b.List() {
			got = append(got, a.Name+" "+string(a.Role))
		}
		want := map[string]string{"role": "[admin admin an viewer]", "remove": "[admin admin]"}[name]
		if fmt.Sprint(got) != want || (err == nil) != (name == "role") {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestForgive(t *testing.T) {
	c := &clock{time.Unix(1e9, 0)}
	th := Throttle{Now: c.now}
	for range freeTries - 1 {
		th.Failed("a")
	}
	for range 20 { // as often as it likes
		th.Failed("a")
		th.Forgive("a")
	}
	if th.Wait("a") != 0 {
		t.Error("what was forgiven is counted")
	}
	th.Failed("a")
	if th.Wait("a") == 0 {
		t.Error("what failed before is forgiven as well")
	}
	c.at = c.at.Add(firstWait) // who has waited and gives the password need not wait again for the second factor
	th.Failed("a")
	th.Forgive("a")
	if w := th.Wait("a"); w != 0 {
		t.Errorf("waits %v after what was forgiven", w)
	}
	th.Forgive("b")
}
