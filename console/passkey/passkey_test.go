package passkey

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"khien/console/account"
	"khien/console/passkey/passkeytest"
)

const (
	origin = "https://khien.example.vn"
	host   = "khien.example.vn"
)

// spare are the names of accounts of which each case takes one.
func spare() (names []string) {
	for n := range 60 {
		names = append(names, fmt.Sprint("n", n))
	}
	return names
}

// hall is a relying party with the accounts an and binh, and spare ones.
type hall struct {
	t     testing.TB
	party *Party
	book  *account.Book
	now   time.Time
}

func newHall(t testing.TB) *hall {
	t.Helper()
	h := &hall{t: t, now: time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return h.now }
	dir, accounts := t.TempDir(), map[string]any{}
	for _, name := range append(spare(), "an", "binh") { // nobody logs in with a password here, which would take its time
		accounts[name] = map[string]string{"name": name, "role": "analyst", "password": "none"}
	}
	raw, err := json.Marshal(map[string]any{"accounts": accounts})
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "accounts.json"), raw, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	book, _, err := account.Open(dir, account.Limits{Idle: time.Hour, Max: time.Hour}, clock)
	if err != nil {
		t.Fatal(err)
	}
	at, err := At(origin)
	if err != nil {
		t.Fatal(err)
	}
	if h.party, err = Open(at, clock); err != nil {
		t.Fatal(err)
	}
	h.book = book
	return h
}

// add gives an account the key of an authenticator, or says why not.
func (h *hall) add(name string, a *passkeytest.Authenticator) (account.Key, error) {
	h.t.Helper()
	holder, err := h.book.NewHolder(name)
	if err != nil {
		return account.Key{}, err
	}
	r, err := h.party.BeginAdd(holder, "session")
	if err != nil {
		h.t.Fatal(err)
	}
	answer, err := a.Create(r.Options)
	if err != nil {
		h.t.Fatal(err)
	}
	c, err := h.party.FinishAdd(holder, r.Ticket, "session", answer)
	if err != nil {
		return account.Key{}, err
	}
	c.Name = "khóa của " + name
	return h.book.AddKey(name, c)
}

// second asks for a key of an account whose password was right.
func (h *hall) second(name string) Request {
	h.t.Helper()
	holder, err := h.book.Holder(name)
	if err != nil {
		h.t.Fatal(err)
	}
	r, err := h.party.BeginSecond(holder)
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

func (h *hall) alone() Request {
	h.t.Helper()
	r, err := h.party.BeginAlone()
	if err != nil {
		h.t.Fatal(err)
	}
	return r
}

// login answers a request and begins a session.
func (h *hall) login(r Request, a *passkeytest.Authenticator) (account.Account, error) {
	h.t.Helper()
	answer, err := a.Get(r.Options)
	if err != nil {
		h.t.Fatal(err)
	}
	in, err := h.party.FinishLogin(r.Ticket, answer, h.book)
	if err != nil {
		return account.Account{}, err
	}
	who, _, _, err := h.book.LoginKey(in.Name, in.RawID, in.Count)
	return who, err
}

func TestKey(t *testing.T) {
	h := newHall(t)
	a := passkeytest.New(origin, host)
	key, err := h.add("an", a)
	if err != nil || !key.Alone || key.Party != host || !key.Added.Equal(h.now) || len(a.Handle) != 32 {
		t.Fatalf("%+v, %v", key, err)
	}
	h.now = h.now.Add(time.Minute)
	for name, r := range map[string]Request{"second": h.second("an"), "alone": h.alone()} {
		if who, err := h.login(r, a); err != nil || who.Name != "an" {
			t.Errorf("%s: %+v, %v", name, who, err)
		}
	}
	if keys := h.book.Keys("an"); len(keys) != 1 || !keys[0].Used.Equal(h.now) {
		t.Errorf("%+v", keys)
	}
	var o struct {
		RpID, UserVerification string
		Timeout                int
		AllowCredentials       []struct{ Transports []string }
	}
	if err := json.Unmarshal(h.second("an").Options, &o); err != nil || o.RpID != host || o.UserVerification != "discouraged" || o.Timeout != 120_000 ||
		fmt.Sprint(o.AllowCredentials) != "[{[usb nfc]}]" {
		t.Errorf("%+v, %v", o, err)
	}
	if err := json.Unmarshal(h.alone().Options, &o); err != nil || o.UserVerification != "required" {
		t.Errorf("%+v, %v", o, err)
	}
	// A synced passkey does not count.
	b := passkeytest.New(origin, host)
	b.Counts = false
	if _, err := h.add("an", b); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := h.login(h.second("an"), b); err != nil {
			t.Error(err)
		}
	}
}

// TestRefused: each answer differs in one thing from one that holds.
func TestRefused(t *testing.T) {
	h, others, names := newHall(t), passkeytest.New(origin, host), spare()
	if _, err := h.add("binh", others); err != nil {
		t.Fatal(err)
	}
	type change struct {
		name string
		do   func(name string, a *passkeytest.Authenticator)
		want error
	}
	everywhere := []change{
		{"wrong origin", func(_ string, a *passkeytest.Authenticator) { a.Origin = "https://khien.example.vn.evil.example" }, ErrAnswer},
		{"another port", func(_ string, a *passkeytest.Authenticator) { a.Origin = origin + ":8443" }, ErrAnswer},
		{"without TLS", func(_ string, a *passkeytest.Authenticator) { a.Origin = "http://" + host }, ErrAnswer},
		{"wrong party", func(_ string, a *passkeytest.Authenticator) { a.Party = "example.vn" }, ErrAnswer},
		{"nobody there", func(_ string, a *passkeytest.Authenticator) { a.Absent = true }, ErrAnswer},
		{"too late", func(_ string, _ *passkeytest.Authenticator) { h.now = h.now.Add(Life + time.Second) }, ErrTicket},
	}
	atLogin := append(slices.Clone(everywhere), []change{
		{"another's key", func(_ string, a *passkeytest.Authenticator) { a.ID = others.ID }, ErrAnswer},
		{"another's handle", func(_ string, a *passkeytest.Authenticator) { a.Handle = others.Handle }, ErrAnswer},
		{"unknown key", func(_ string, a *passkeytest.Authenticator) { a.ID = make([]byte, 16) }, ErrAnswer},
		{"counter as before", func(_ string, a *passkeytest.Authenticator) { a.Count-- }, account.ErrCounter},
		{"counter back", func(_ string, a *passkeytest.Authenticator) { a.Count -= 5 }, account.ErrCounter},
		{"counter gone", func(_ string, a *passkeytest.Authenticator) { a.Count, a.Counts = 0, false }, account.ErrCounter},
		{"key removed", func(name string, _ *passkeytest.Authenticator) {
			if _, err := h.book.RemoveKey(name, h.book.Keys(name)[0].ID); err != nil {
				t.Fatal(err)
			}
		}, ErrAnswer},
		{"account removed", func(name string, _ *passkeytest.Authenticator) {
			if err := h.book.Remove(name); err != nil {
				t.Fatal(err)
			}
		}, ErrAnswer},
		{"account reset", func(name string, _ *passkeytest.Authenticator) {
			if _, err := h.book.Reset(name); err != nil {
				t.Fatal(err)
			}
		}, ErrAnswer},
	}...)
	onlyAlone := []change{
		{"not verified", func(_ string, a *passkeytest.Authenticator) { a.Verifies = false }, ErrAnswer},
		{"without a handle", func(_ string, a *passkeytest.Authenticator) { a.Handle = nil }, ErrAnswer},
	}
	onlySecond := []change{{"forgotten", func(name string, _ *passkeytest.Authenticator) { h.party.Forget(name) }, ErrTicket}}
	for way, begin := range map[string]func(name string) Request{"second": h.second, "alone": func(string) Request { return h.alone() }} {
		for _, c := range slices.Concat(atLogin, map[string][]change{"second": onlySecond, "alone": onlyAlone}[way]) {
			a, name := passkeytest.New(origin, host), names[0]
			names, a.Count = names[1:], 10
			if _, err := h.add(name, a); err != nil {
				t.Fatal(err)
			}
			r := begin(name)
			c.do(name, a)
			if who, err := h.login(r, a); !errors.Is(err, c.want) {
				t.Errorf("%s, %s: %+v, %v", way, c.name, who, err)
			}
		}
	}
	for _, c := range everywhere {
		a := passkeytest.New(origin, host)
		holder, err := h.book.NewHolder("an")
		if err != nil {
			t.Fatal(err)
		}
		r, err := h.party.BeginAdd(holder, "session")
		if err != nil {
			t.Fatal(err)
		}
		c.do("an", a)
		answer, err := a.Create(r.Options)
		if err != nil {
			t.Fatal(err)
		}
		if k, err := h.party.FinishAdd(holder, r.Ticket, "session", answer); !errors.Is(err, c.want) {
			t.Errorf("add, %s: %+v, %v", c.name, k, err)
		}
	}
}

// TestUnverifiedKey: a key that has not verified its owner when it was added never does without the password, even when it
// says later that it has.
func TestUnverifiedKey(t *testing.T) {
	h, a := newHall(t), passkeytest.New(origin, host)
	a.Verifies = false
	if key, err := h.add("an", a); err != nil || key.Alone {
		t.Fatalf("%+v, %v", key, err)
	}
	if _, err := h.login(h.second("an"), a); err != nil {
		t.Error(err)
	}
	a.Verifies = true
	if _, err := h.login(h.second("an"), a); err != nil {
		t.Error(err)
	}
	if _, err := h.login(h.alone(), a); !errors.Is(err, ErrAnswer) || !strings.Contains(err.Error(), "did not verify") {
		t.Error(err)
	}
}

// TestTickets: a challenge takes one answer, from who was asked, for what it was asked for.
func TestTickets(t *testing.T) {
	h, a, b := newHall(t), passkeytest.New(origin, host), passkeytest.New(origin, host)
	for name, x := range map[string]*passkeytest.Authenticator{"an": a, "binh": b} {
		if _, err := h.add(name, x); err != nil {
			t.Fatal(err)
		}
	}
	answer := func(x *passkeytest.Authenticator, r Request) []byte {
		raw, err := x.Get(r.Options)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	finish := func(ticket string, raw []byte, want error) {
		t.Helper()
		if in, err := h.party.FinishLogin(ticket, raw, h.book); !errors.Is(err, want) {
			t.Errorf("%+v, %v, want %v", in, err, want)
		}
	}
	r, other := h.second("an"), h.second("an")
	raw := answer(a, r)
	finish(other.Ticket, raw, ErrAnswer) // the challenge of another request
	finish(other.Ticket, answer(a, other), ErrTicket)
	finish(r.Ticket, raw, nil)
	finish(r.Ticket, raw, ErrTicket) // again
	finish("", raw, ErrTicket)
	r = h.second("an")
	finish(r.Ticket, answer(b, r), ErrAnswer) // binh answers for an
	if got := h.party.Whose(h.second("an").Ticket) + h.party.Whose(h.alone().Ticket) + h.party.Whose("x"); got != "an" {
		t.Error(got)
	}
	holder, err := h.book.NewHolder("an")
	if err != nil {
		t.Fatal(err)
	}
	for _, binding := range []string{"", "another session"} {
		r, err := h.party.BeginAdd(holder, "session")
		if err != nil {
			t.Fatal(err)
		}
		raw, err := passkeytest.New(origin, host).Create(r.Options)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.party.FinishAdd(holder, r.Ticket, binding, raw); !errors.Is(err, ErrTicket) {
			t.Errorf("binding %q: %v", binding, err)
		}
		finish(r.Ticket, raw, ErrTicket)
	}
	r = h.second("an")
	if _, err := h.party.FinishAdd(holder, r.Ticket, "", answer(a, r)); !errors.Is(err, ErrTicket) {
		t.Errorf("a login adds a key: %v", err)
	}
	if _, err := h.add("binh", a); !errors.Is(err, account.ErrKnownKey) {
		t.Errorf("a key of two accounts: %v", err)
	}
}

// TestLimits reaches how much is held, and how many keys an account has.
func TestLimits(t *testing.T) {
	h := newHall(t)
	for n := range 10 {
		if _, err := h.add("an", passkeytest.New(origin, host)); err != nil {
			t.Fatal(n, err)
		}
	}
	if _, err := h.add("an", passkeytest.New(origin, host)); !errors.Is(err, account.ErrKeys) {
		t.Error(err)
	}
	a := passkeytest.New(origin, host)
	a.ID = make([]byte, 1024)
	if _, err := h.add("binh", a); !errors.Is(err, ErrAnswer) {
		t.Errorf("an id of 1024 bytes: %v", err)
	}
	first := h.second("an")
	for range ofAccount {
		h.second("an")
	}
	if _, err := h.party.tickets.take(first.Ticket, "", second); !errors.Is(err, ErrTicket) {
		t.Error("an account is asked without a limit")
	}
	kept := h.second("an")
	for range ofNobody + 10 {
		h.alone()
	}
	if n := len(h.party.tickets.asked); n > ofNobody+2*ofAccount {
		t.Errorf("%d challenges are held", n)
	}
	if _, err := h.party.tickets.take(kept.Ticket, "", second); err != nil {
		t.Error("who is nobody has driven out somebody's challenge")
	}
	h.now = h.now.Add(Life + time.Second)
	h.alone()
	if n := len(h.party.tickets.asked); n != 1 {
		t.Errorf("%d challenges are held after their time", n)
	}
}

// TestMoved: keys of another address are not asked for.
func TestMoved(t *testing.T) {
	h := newHall(t)
	a := passkeytest.New(origin, host)
	if _, err := h.add("an", a); err != nil {
		t.Fatal(err)
	}
	at, err := At("https://soc.example.vn")
	if err != nil {
		t.Fatal(err)
	}
	if h.party, err = Open(at, func() time.Time { return h.now }); err != nil {
		t.Fatal(err)
	}
	holder, err := h.book.Holder("an")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.party.BeginSecond(holder); !errors.Is(err, account.ErrKey) {
		t.Error(err)
	}
	if _, err := h.login(h.alone(), a); !errors.Is(err, ErrAnswer) {
		t.Error(err)
	}
}

func TestAt(t *testing.T) {
	f := func(address, origin string, want error) {
		t.Helper()
		if p, err := At(address); p.Origin != origin || !errors.Is(err, want) {
			t.Errorf("%q: %+v, %v", address, p, err)
		}
	}
	f("https://khien.example.vn", "https://khien.example.vn", nil)
	f("https://Khien.Example.vn:443/", "https://khien.example.vn", nil)
	f("https://khien.example.vn:8443", "https://khien.example.vn:8443", nil)
	f("https://khien.example.vn/console", "https://khien.example.vn", nil)
	f("https://khien", "https://khien", ErrName)
	f("http://localhost:8686", "http://localhost:8686", nil)
	f("http://localhost:80", "http://localhost", nil)
	f("", "", ErrNone)
	f("http://127.0.0.1:8686", "http://127.0.0.1:8686", ErrName)
	f("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", ErrName)
	f("http://khien.example.vn", "http://khien.example.vn", ErrPlain)
	for _, bad := range []string{"khien.example.vn", "ftp://khien.example.vn", "https://", "https://a@b.example", "https://b.example?x", "https://b_c.example\x00"} {
		if p, err := At(bad); err == nil || errors.Is(err, ErrName) || errors.Is(err, ErrPlain) || p != (Place{}) {
			t.Errorf("%q: %+v, %v", bad, p, err)
		}
	}
	for address, want := range map[string]string{"127.0.0.1:8686": "http://localhost:8686", "[::1]:9000": "http://localhost:9000", "0.0.0.0:8686": "", "10.0.0.1:1": ""} {
		tcp, err := net.ResolveTCPAddr("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if got := Local(tcp); got != want {
			t.Errorf("%s: %q", address, got)
		}
	}
}

// FuzzAnswer: whatever is answered, a key is added and somebody logged in only by the bytes of an authenticator that was
// asked; an error comes with no key, and the challenge is gone.
func FuzzAnswer(f *testing.F) {
	h, a := newHall(f), passkeytest.New(origin, host)
	if _, err := h.add("an", a); err != nil {
		f.Fatal(err)
	}
	for _, seed := range []func(json.RawMessage) (json.RawMessage, error){a.Create, a.Get} {
		raw, err := seed(h.alone().Options)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(raw))
	}
	f.Add([]byte(`{"id":"","rawId":"","type":"public-key","response":{"clientDataJSON":"","attestationObject":"","authenticatorData":"","signature":""}}`))
	holder, err := h.book.Holder("an")
	if err != nil {
		f.Fatal(err)
	}
	h.party.Forget("") // what the seeds answered
	f.Fuzz(func(t *testing.T, raw []byte) {
		r, err := h.party.BeginAdd(holder, "")
		if err != nil {
			t.Fatal(err)
		}
		if c, err := h.party.FinishAdd(holder, r.Ticket, "", raw); err == nil || c.RawID != nil || c.Public != nil {
			t.Fatalf("%+v, %v", c, err)
		}
		second, err := h.party.BeginSecond(holder)
		if err != nil {
			t.Fatal(err)
		}
		alone, err := h.party.BeginAlone()
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range []Request{second, alone} {
			if in, err := h.party.FinishLogin(r.Ticket, raw, h.book); err == nil {
				t.Fatalf("%+v", in)
			}
		}
		if len(h.party.tickets.asked) != 0 {
			t.Fatal("a challenge is left")
		}
	})
}
