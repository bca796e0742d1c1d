package bus

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"khien/detector/spool"
)

// TestRevokedAreRefused: who is revoked, or whose account was given another token, is out within seconds and stays out.
func TestRevokedAreRefused(t *testing.T) {
	dir := t.TempDir()
	h := startHub(t, dir, "127.0.0.1:0")
	accounts := Accounts{dir}
	conns := map[string]*nats.Conn{}
	tokens := map[string]Token{}
	for name, role := range map[string]string{"stays": RoleSensor, "goes": RoleSensor, "renewed": RoleSensor, "core-2": RoleCore} {
		tokens[name] = enroll(t, dir, name, role, h)
		conns[name] = dial(t, tokens[name])
		waitFor(t, name+" is connected", conns[name].IsConnected)
	}
	for _, name := range []string{"goes", "core-2"} {
		if err := accounts.Revoke(name); err != nil {
			t.Fatal(err)
		}
	}
	renewed := enroll(t, dir, "renewed", RoleSensor, h)
	for _, name := range []string{"goes", "core-2", "renewed"} {
		waitFor(t, name+" is shown out", func() bool { return !conns[name].IsConnected() })
	}
	nc := dial(t, renewed)
	waitFor(t, "the new token is good", nc.IsConnected)
	for range 40 { // they try again each second
		for _, name := range []string{"goes", "core-2", "renewed"} {
			if conns[name].IsConnected() {
				t.Fatalf("%s came in again", name)
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
	r, _ := record(t, 1)
	link, err := NewLink(conns["goes"], "goes")
	if err != nil {
		t.Fatal(err)
	}
	if err := link.SendFindings(t.Context(), []spool.Record{r}); !errors.Is(err, errRefused) {
		t.Errorf("the sensor is told %v", err)
	}
	if !conns["stays"].IsConnected() || conns["stays"].Statistics.Reconnects > 0 {
		t.Error("one that was not revoked had to go")
	}
	if err := accounts.Revoke("goes"); err == nil {
		t.Error("an account that is gone can be revoked")
	}
	// What it had to send it sends when it is let in again.
	if link, err = NewLink(dial(t, enroll(t, dir, "goes", RoleSensor, h)), "goes"); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "it sends again", func() bool { return link.SendFindings(t.Context(), []spool.Record{r}) == nil })
}

// TestCertificateIsAskedFor: the secret of a token alone is not enough, nor is the certificate of another.
func TestCertificateIsAskedFor(t *testing.T) {
	dir := t.TempDir()
	h := startHub(t, dir, "127.0.0.1:0")
	a, b := enroll(t, dir, "a", RoleSensor, h), enroll(t, dir, "b", RoleSensor, h)
	foreign := enroll(t, t.TempDir(), "a", RoleSensor, h) // of another authority
	f := func(what string, token Token, in bool) {
		t.Helper()
		nc, err := Dial(token, func(error) {})
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		for end := time.Now().Add(3 * time.Second); time.Now().Before(end) && nc.IsConnected() != in; {
			time.Sleep(20 * time.Millisecond)
		}
		if !in {
			time.Sleep(300 * time.Millisecond)
		}
		if nc.IsConnected() != in {
			t.Errorf("%s: connected is %v", what, !in)
		}
	}
	f("the whole token", a, true)
	bare := a
	bare.Cert, bare.Key = "", ""
	f("the secret alone", bare, false)
	mixed := a
	mixed.Cert, mixed.Key = b.Cert, b.Key
	f("another's certificate", mixed, false)
	mixed.Cert, mixed.Key = foreign.Cert, foreign.Key
	f("a certificate of another core", mixed, false)
	wrong := a
	wrong.Secret = b.Secret
	f("the certificate alone", wrong, false)
	// An account of before there were certificates.
	all, err := Accounts{dir}.read()
	if err != nil {
		t.Fatal(err)
	}
	all["a"] = account{Role: RoleSensor, Hash: hash(a.Secret)}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(Accounts{dir}.path(), text, 0o600); err != nil {
		t.Fatal(err)
	}
	f("a token of before", bare, true)
}

// TestForeignHub: a sensor whose token names another hub's certificate says so, whether or not it has found anything.
func TestForeignHub(t *testing.T) {
	h := startHub(t, t.TempDir(), "127.0.0.1:0")
	link, err := NewLink(dial(t, enroll(t, t.TempDir(), "so-y-te", RoleSensor, h)), "so-y-te")
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, "it says why", func() bool { return errors.Is(link.Away(), errForeign) })
	r, _ := record(t, 1)
	if err := link.SendFindings(t.Context(), []spool.Record{r}); err == nil {
		t.Error("a finding went to a hub that is not trusted")
	}
}
