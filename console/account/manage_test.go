package account

import (
	"errors"
	"strings"
	"testing"
	"time"
)

const password = "một mật khẩu rất dài"

func newBook(t *testing.T) (*Book, *clock) {
	t.Helper()
	c := &clock{time.Date(2026, 11, 21, 7, 0, 0, 0, time.UTC)}
	b, _, err := Open(t.TempDir(), Limits{Idle: time.Hour, Max: 3 * time.Hour}, c.now)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Create("an", password, Analyst); err != nil {
		t.Fatal(err)
	}
	return b, c
}

// TestCode checks the vectors of RFC 6238, appendix B, for SHA-1; they have eight digits, of which six are used.
func TestCode(t *testing.T) {
	for at, want := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := code([]byte("12345678901234567890"), at/30); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
	}
}

func TestTOTP(t *testing.T) {
	b, c := newBook(t)
	secret, uri, err := b.SetUpTOTP("an")
	if err != nil || !strings.HasPrefix(uri, "otpauth://totp/Khien:an?") || !strings.Contains(uri, secret) {
		t.Fatal(uri, err)
	}
	raw, _ := totpBase32.DecodeString(secret)
	now := func(skew time.Duration) string { return code(raw, c.at.Add(skew).Unix()/30) }
	if _, _, err := b.Login("an", password, ""); err != nil {
		t.Errorf("not confirmed yet, and asked for: %v", err)
	}
	if err := b.ConfirmTOTP("an", "000000x"); !errors.Is(err, ErrCode) {
		t.Errorf("a wrong code confirms: %v", err)
	}
	if err := b.ConfirmTOTP("an", now(0)); err != nil {
		t.Fatal(err)
	}
	login := func(code string, want error) {
		t.Helper()
		if _, _, err := b.Login("an", password, code); !errors.Is(err, want) {
			t.Errorf("code %q: %v, want %v", code, err, want)
		}
	}
	login("", ErrCode)
	login(now(0), ErrCode) // used up by the confirmation
	c.at = c.at.Add(time.Minute)
	if _, _, err := b.Login("an", "wrong", now(0)); !errors.Is(err, ErrWrong) {
		t.Errorf("a right code with a wrong password: %v", err)
	}
	login(now(0), nil)
	login(now(0), ErrCode)               // no code works twice
	login(now(30*time.Second), nil)      // a clock that is ahead
	login(now(-30*time.Second), ErrCode) // older than the latest
	login(now(5*time.Minute), ErrCode)
	if !b.List()[1].TOTP || b.List()[0].TOTP {
		t.Errorf("%+v", b.List())
	}
	if _, _, err := b.SetUpTOTP("an"); !errors.Is(err, ErrExists) {
		t.Errorf("a second secret over the first: %v", err)
	}
	fresh, err := b.Reset("an")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := b.Login("an", fresh, ""); err != nil {
		t.Errorf("after a reset: %v", err)
	}
}

func TestTokens(t *testing.T) {
	b, c := newBook(t)
	tok, text, err := b.NewToken("an", "tường lửa", Viewer, c.at.Add(24*time.Hour))
	if err != nil || !strings.HasPrefix(text, TokenPrefix) {
		t.Fatal(text, err)
	}
	if a, err := b.Program(text); err != nil || a.Name != "an" || a.Role != Viewer {
		t.Errorf("%+v, %v", a, err)
	}
	if _, err := b.Program(text + "x"); !errors.Is(err, ErrSession) {
		t.Errorf("another text: %v", err)
	}
	if _, err := b.Session(text); !errors.Is(err, ErrSession) {
		t.Errorf("a token as a session: %v", err)
	}
	for _, f := range []func() error{
		func() error { _, _, err := b.NewToken("an", "x", Admin, c.at.Add(time.Hour)); return err },
		func() error { _, _, err := b.NewToken("an", " ", Viewer, c.at.Add(time.Hour)); return err },
		func() error { _, _, err := b.NewToken("an", "x", Viewer, c.at); return err },
		func() error { _, _, err := b.NewToken("an", "x", Viewer, c.at.AddDate(2, 0, 0)); return err },
		func() error { _, _, err := b.NewToken("nobody", "x", Viewer, c.at.Add(time.Hour)); return err },
	} {
		if err := f(); !errors.Is(err, ErrToken) {
			t.Errorf("%v, want ErrToken", err)
		}
	}
	// A token never may more than its owner does now.
	_, strong, err := b.NewToken("an", "y", Analyst, c.at.Add(24*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.SetRole("an", Viewer); err != nil {
		t.Fatal(err)
	}
	if a, err := b.Program(strong); err != nil || a.Role != Viewer {
		t.Errorf("after its owner became a viewer: %+v, %v", a, err)
	}
	if err := b.DropToken(tok.ID, "somebody"); !errors.Is(err, ErrSession) {
		t.Errorf("somebody else ends it: %v", err)
	}
	if err := b.DropToken(tok.ID, "an"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Program(text); !errors.Is(err, ErrSession) {
		t.Errorf("after its end: %v", err)
	}
	c.at = c.at.Add(25 * time.Hour)
	if _, err := b.Program(strong); !errors.Is(err, ErrSession) {
		t.Errorf("after it has expired: %v", err)
	}
}

func TestManage(t *testing.T) {
	b, _ := newBook(t)
	if err := b.SetRole("admin", Viewer); !errors.Is(err, ErrLastAdmin) {
		t.Errorf("the last admin becomes a viewer: %v", err)
	}
	if err := b.Remove("admin"); !errors.Is(err, ErrLastAdmin) {
		t.Errorf("the last admin goes: %v", err)
	}
	if err := b.SetRole("an", "king"); err == nil {
		t.Error("a role that there is not")
	}
	if err := b.SetRole("an", Admin); err != nil {
		t.Fatal(err)
	}
	if err := b.SetRole("admin", Lead); err != nil {
		t.Errorf("one of two admins: %v", err)
	}
	_, tok, err := b.Login("an", password, "")
	if err != nil {
		t.Fatal(err)
	}
	_, other, err := b.Login("an", password, "")
	if err != nil {
		t.Fatal(err)
	}
	list := b.Sessions("an", tok)
	if len(list) != 2 || list[0].Own == list[1].Own {
		t.Fatalf("%+v", list)
	}
	for _, s := range list {
		if !s.Own {
			if err := b.EndSession(s.ID, "admin"); !errors.Is(err, ErrSession) {
				t.Errorf("somebody else's: %v", err)
			}
			if err := b.EndSession(s.ID, "an"); err != nil {
				t.Error(err)
			}
		}
	}
	if b.Alive(other) || !b.Alive(tok) {
		t.Error("the wrong session has ended")
	}
	if err := b.SetRole("admin", Admin); err != nil {
		t.Fatal(err)
	}
	if err := b.Remove("an"); err != nil || b.Alive(tok) || len(b.List()) != 1 {
		t.Errorf("%v, %+v", err, b.List())
	}
	if !Admin.May(Lead) || !Lead.May(Analyst) || Analyst.May(Lead) {
		t.Error("a lead stands between analyst and admin")
	}
}
