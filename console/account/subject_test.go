package account

import (
	"errors"
	"slices"
	"testing"
)

func TestAdmit(t *testing.T) {
	b, _ := newBook(t)
	const an, binh = "https://sso.example lan", "https://sso.example binh"
	f := func(subject, name string, role Role, units []string, want error) (Account, string, bool) {
		t.Helper()
		a, token, created, err := b.Admit(subject, name, role, units)
		if !errors.Is(err, want) {
			t.Errorf("Admit(%q, %q): %v, want %v", subject, name, err, want)
		}
		return a, token, created
	}
	a, first, created := f(an, "lan", Analyst, []string{"b", "a", "a"}, nil)
	if !created || a.Name != "lan" || a.Role != Analyst || !slices.Equal(a.Units, []string{"a", "b"}) {
		t.Errorf("%+v, created %v", a, created)
	}
	// The subject counts and not the name, which another may have by then.
	if a, _, created := f(an, "binh", Analyst, []string{"a", "b"}, nil); created || a.Name != "lan" || !b.Alive(first) {
		t.Errorf("%+v, created %v", a, created)
	}
	f(binh, "lan", Viewer, nil, ErrOther)
	f(binh, "admin", Admin, nil, ErrOther) // a name with a password
	f(binh, "bình", Viewer, nil, ErrName)
	f(binh, "binh", Admin, []string{"a"}, ErrAdminUnits)
	if _, _, _, err := b.Admit(binh, "binh", "root", nil); err == nil {
		t.Error("a role that is none")
	}
	if _, _, _, err := b.Admit("", "binh", Viewer, nil); err == nil {
		t.Error("nobody's account")
	}
	// Another role ends what was open with the old one.
	if a, second, _ := f(an, "lan", Viewer, []string{"a"}, nil); a.Role != Viewer || b.Alive(first) || !b.Alive(second) {
		t.Errorf("%+v", a)
	}
	if _, _, err := b.Login("lan", "", ""); !errors.Is(err, ErrWrong) {
		t.Errorf("an account of a provider without a password: %v", err)
	}
	if _, err := b.Reset("lan"); !errors.Is(err, ErrSubject) {
		t.Errorf("a password for it: %v", err)
	}
	if _, _, err := b.SetUpTOTP("lan"); !errors.Is(err, ErrSubject) {
		t.Errorf("one-time codes for it: %v", err)
	}
	// Admins of a provider do not replace the one with a password.
	f(an, "lan", Admin, nil, nil)
	if err := b.SetRole("admin", Viewer); !errors.Is(err, ErrLastAdmin) {
		t.Errorf("the last admin with a password: %v", err)
	}
	if err := b.SetRole("lan", Viewer); err != nil {
		t.Error(err)
	}
}
