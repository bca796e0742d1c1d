package account

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// credential is a key that the relying party has accepted.
func credential(name string, id byte) Credential {
	return Credential{Key: Key{Name: name, Party: "khien.example.vn"}, RawID: bytes.Repeat([]byte{id}, 32), Public: []byte{1}, Count: 7}
}

func TestAddKey(t *testing.T) {
	b, _ := newBook(t)
	f := func(want error, change func(*Credential)) {
		t.Helper()
		c := credential("khóa", 1)
		change(&c)
		if k, err := b.AddKey("an", c); err == nil || want != nil && !errors.Is(err, want) {
			t.Errorf("%+v, %v", k, err)
		}
	}
	for _, name := range []string{"", "  ", strings.Repeat("ê", keyNameMax+1), "a\nb", "a\x00", "a\u202eb", "\xff"} {
		f(ErrKeyName, func(c *Credential) { c.Name = name })
	}
	f(nil, func(c *Credential) { c.RawID = make([]byte, rawIDMax+1) })
	f(nil, func(c *Credential) { c.RawID = nil })
	f(nil, func(c *Credential) { c.Public = make([]byte, publicKeyMax+1) })
	f(nil, func(c *Credential) { c.Public = nil })
	for n := range keysMax {
		c := credential(strings.Repeat("ê", keyNameMax), byte(n))
		c.Transports = make([]string, transportMax+1)
		if k, err := b.AddKey("an", c); err != nil || len(k.ID) != keyIDLen {
			t.Fatalf("%+v, %v", k, err)
		}
	}
	f(ErrKeys, func(c *Credential) { c.RawID = []byte("one more") })
	if h, err := b.Holder("an"); err != nil || len(h.Keys) != keysMax || len(h.Keys[0].Transports) != transportMax {
		t.Errorf("%+v, %v", h, err)
	}
	if _, err := b.AddKey("admin", credential("of another", 1)); !errors.Is(err, ErrKnownKey) {
		t.Error(err)
	}
	if _, err := b.AddKey("nobody", credential("of nobody", 99)); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if _, _, _, err := b.Admit("issuer#1", "lan", Viewer, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := b.NewHolder("lan"); !errors.Is(err, ErrSubject) {
		t.Error(err)
	}
	if _, err := b.AddKey("lan", credential("of a provider", 99)); !errors.Is(err, ErrSubject) {
		t.Error(err)
	}
}

func TestLoginKey(t *testing.T) {
	b, c := newBook(t)
	key, err := b.AddKey("an", credential("khóa", 1))
	if err != nil {
		t.Fatal(err)
	}
	handle, err := b.NewHolder("an")
	if err != nil || len(handle.Handle) != handleLen {
		t.Fatal(handle, err)
	}
	if h, err := b.HolderOf(handle.Handle); err != nil || h.Name != "an" {
		t.Error(h, err)
	}
	for _, none := range [][]byte{nil, {}, make([]byte, handleLen)} { // most accounts have none
		if h, err := b.HolderOf(none); !errors.Is(err, ErrKey) {
			t.Error(h, err)
		}
	}
	login := func(count uint32, want error) {
		t.Helper()
		who, token, used, err := b.LoginKey("an", bytes.Repeat([]byte{1}, 32), count)
		if !errors.Is(err, want) || (want == nil) != (token != "") || (want == nil) != (who.Name == "an") || used.ID != key.ID {
			t.Errorf("%d: %+v %+v, %v", count, who, used, err)
		}
	}
	c.at = c.at.Add(time.Minute)
	login(7, ErrCounter)
	login(0, ErrCounter)
	login(9, nil)
	login(8, ErrCounter)
	b, _, err = Open(filepath.Dir(b.path), b.limits, b.now) // what counted is known after a restart
	if err != nil {
		t.Fatal(err)
	}
	login(9, ErrCounter)
	login(10, nil)
	if got := fmt.Sprint(b.Keys("an")[0].Used); got != fmt.Sprint(c.at) {
		t.Error(got)
	}
	if _, _, err := b.Login("an", password, ""); !errors.Is(err, ErrKey) {
		t.Errorf("the password alone: %v", err)
	}
	if _, _, err := b.Login("an", password, "123456"); !errors.Is(err, ErrKey) {
		t.Errorf("a code that was never set up: %v", err)
	}
	if _, _, err := b.Login("an", "wrong", ""); !errors.Is(err, ErrWrong) {
		t.Error(err)
	}
	for _, x := range []struct {
		name string
		raw  []byte
	}{{"an", []byte{1}}, {"admin", bytes.Repeat([]byte{1}, 32)}, {"nobody", bytes.Repeat([]byte{1}, 32)}} {
		if who, token, _, err := b.LoginKey(x.name, x.raw, 99); !errors.Is(err, ErrKey) || token != "" {
			t.Errorf("%s: %+v, %v", x.name, who, err)
		}
	}
	if _, err := b.RemoveKey("admin", key.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("somebody else's: %v", err)
	}
	if k, err := b.RemoveKey("an", key.ID); err != nil || k.Name != "khóa" {
		t.Error(k, err)
	}
	if _, _, err := b.Login("an", password, ""); err != nil {
		t.Error(err)
	}
}
