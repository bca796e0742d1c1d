package smb

import (
	"testing"

	"khien/sensor"
)

// TestLogin: a session that was answered tells what became of the name in it; one that goes on does not yet.
func TestLogin(t *testing.T) {
	f := func(tx Tx, want uint64, wantOK bool) {
		t.Helper()
		if got, ok := tx.Number(sensor.LoginResult, sensor.ToClient, 0); got != want || ok != wantOK {
			t.Errorf("%+v: %d, %v; want %d, %v", tx, got, ok, want, wantOK)
		}
	}
	lan := ntlm{seen: true, user: []byte("lan")}
	f(Tx{kind: kindSession, answered: true, ntlm: lan}, 1, true)
	f(Tx{kind: kindSession, answered: true, ntlm: lan, status: statusLogonFailure}, 0, true)
	f(Tx{kind: kindSession, answered: true, ntlm: lan, status: 0xc0000016}, 0, false) // more processing required
	f(Tx{kind: kindSession, ntlm: lan}, 0, false)
	f(Tx{kind: kindSession, answered: true}, 0, false)
	f(Tx{kind: kindTree, answered: true, ntlm: lan, status: statusLogonFailure}, 0, false)
	tx := Tx{kind: kindSession, ntlm: lan}
	if v, ok := tx.Buffer(sensor.LoginUser, sensor.ToClient, 0); !ok || string(v) != "lan" {
		t.Errorf("user %q, %v", v, ok)
	}
}
