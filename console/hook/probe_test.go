package hook_test

import (
	"errors"
	"testing"

	"khien/console/hook"
	"khien/console/hook/hooktest"
)

// TestWithdraw: what came since a list is revoked; what people unblocked since stays unblocked.
func TestWithdraw(t *testing.T) {
	d := hooktest.New(t, "")
	old := d.MustBlock("old.example", 0)
	d.MustBlock("kept.example", 0)
	version, _ := d.Changed()
	if _, err := d.Revoke(t.Context(), old.ID, "an", "nhầm"); err != nil {
		t.Fatal(err)
	}
	d.MustBlock("new.example", 0)
	d.Shelf.SetDown(true)
	if _, err := d.Withdraw(t.Context(), version, "khien", "x"); !errors.Is(err, hooktest.ErrDown) {
		t.Errorf("without a store: %v", err)
	}
	wantValues(t, d, "kept.example", "new.example")
	d.Shelf.SetDown(false)
	n, err := d.Withdraw(t.Context(), version, "khien", "x")
	if err != nil || n != 1 {
		t.Errorf("%d %v", n, err)
	}
	wantValues(t, d, "kept.example")
	if _, err := d.Withdraw(t.Context(), 1, "khien", "x"); !errors.Is(err, hook.ErrInput) {
		t.Errorf("a list that is not kept: %v", err)
	}
}
