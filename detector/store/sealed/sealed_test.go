package sealed

import (
	"bytes"
	"errors"
	"net/netip"
	"testing"

	"khien/detector/pseudonym"
	"khien/detector/store"
	"khien/detector/store/storetest"
	"khien/detector/store/teststore"
)

func book(t testing.TB, networks ...string) *pseudonym.Book {
	t.Helper()
	var list []netip.Prefix
	for _, n := range networks {
		list = append(list, netip.MustParsePrefix(n))
	}
	b, err := pseudonym.New(bytes.Repeat([]byte{7, 99}, pseudonym.KeySize/2), list)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// people are networks that hold the addresses of most tests, and of the contract suite.
var people = []string{"10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12", "100.64.0.0/10", "198.51.100.0/24", "192.0.2.0/24", "2001:db8::/32"}

// open returns a store and what is behind it.
func open(t testing.TB, networks ...string) (s *Store, inner store.Store) {
	t.Helper()
	inner, err := teststore.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if s, err = New(inner, book(t, networks...)); err != nil {
		t.Fatal(err)
	}
	return s, inner
}

// opened is open for tests that leave closing to the end.
func opened(t testing.TB, networks ...string) (s *Store, inner store.Store) {
	t.Helper()
	s, inner = open(t, networks...)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, inner
}

func TestContract(t *testing.T) {
	for name, networks := range map[string][]string{"Hidden": people, "Others": {"10.77.0.0/16", "a02::/48"}} {
		t.Run(name, func(t *testing.T) {
			storetest.Run(t, func(t *testing.T) store.Store {
				s, _ := open(t, networks...)
				return s
			})
		})
	}
}

// TestAnotherKeyIsTold: who comes with another key is told before anything is written.
func TestAnotherKeyIsTold(t *testing.T) {
	s, inner := opened(t, "10.0.0.0/8")
	for range 2 {
		if err := s.Check(t.Context(), base); err != nil {
			t.Fatal(err)
		}
	}
	b, err := pseudonym.New(bytes.Repeat([]byte{8}, pseudonym.KeySize), []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")})
	if err != nil {
		t.Fatal(err)
	}
	other, err := New(inner, b)
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Check(t.Context(), base); !errors.Is(err, ErrKey) {
		t.Errorf("%v, want ErrKey", err)
	}
	if kinds, err := s.Kinds(t.Context()); err != nil || len(kinds) != 0 {
		t.Errorf("%v, %v", kinds, err)
	}
}

func TestNewRefusesWhatCannotBeSealed(t *testing.T) {
	if _, err := New(nil, book(t, "2001:db8::/32", "fd00:1::/48")); err == nil {
		t.Error("networks of two /32 are taken")
	}
}
