package api

import (
	"testing"

	"khien/console/account"
)

// TestLimits: every route says how it is limited to units, and no row is without a route. One that says nothing is closed.
func TestLimits(t *testing.T) {
	rows := limits()
	for _, r := range new(API).routes() {
		if _, ok := rows[r.pattern]; !ok {
			t.Errorf("limits has no row for %s", r.pattern)
		}
		delete(rows, r.pattern)
	}
	for pattern := range rows {
		t.Errorf("limits has a row for %s, which is no route", pattern)
	}
	limited := account.Account{Role: account.Lead, Units: []string{"a"}}
	if rows["GET /api/v1/unknown"].admit(limited) == nil || byStore.admit(limited) != nil || whole.admit(account.Account{}) != nil {
		t.Error("admit")
	}
}
