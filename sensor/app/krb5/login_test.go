package krb5

import (
	"testing"

	"khien/sensor"
)

// TestLogin: answers to requests for a first ticket; that pre-authentication is required is every login's beginning.
func TestLogin(t *testing.T) {
	f := func(tx Tx, want uint64, wantOK bool) {
		t.Helper()
		tx.dir = sensor.ToClient
		if got, ok := tx.Number(sensor.LoginResult, sensor.ToClient, 0); got != want || ok != wantOK {
			t.Errorf("%+v: %d, %v; want %d, %v", tx, got, ok, want, wantOK)
		}
	}
	f(Tx{kind: asRep}, 1, true)
	f(Tx{kind: errMsg, failed: asReq, hasCode: true, code: 24}, 0, true)
	f(Tx{kind: errMsg, failed: asReq, hasCode: true, code: 6}, 0, true)
	f(Tx{kind: errMsg, failed: asReq, hasCode: true, code: 25}, 0, false)
	f(Tx{kind: errMsg, failed: tgsReq, hasCode: true, code: 6}, 0, false)
	f(Tx{kind: asReq}, 0, false)
}
