package api

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"khien/console/account"
	"khien/console/scope"
	"khien/detector/store"
	"khien/detector/store/teststore"
)

// deciding is a store in which somebody decides while it counts.
type deciding struct {
	store.Store
	decide func()
}

func (d *deciding) Groups(ctx context.Context, q store.Query) (store.GroupPage, error) {
	p, err := d.Store.Groups(ctx, q)
	d.decide()
	return p, err
}

// TestOldCountIsNotKept: what was counted before a decision is not told after it.
func TestOldCountIsNotKept(t *testing.T) {
	st, err := teststore.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	d := &deciding{Store: st, decide: func() {}}
	a := &API{cfg: Config{Store: scope.New(d, time.Now), Now: time.Now}}
	ask := func() {
		t.Helper()
		r := httptest.NewRequestWithContext(scope.Whole(t.Context()), "GET", "/", nil)
		if err := a.getWaiting(httptest.NewRecorder(), r, account.Account{}); err != nil {
			t.Fatal(err)
		}
		if err := a.getOverview(httptest.NewRecorder(), r, account.Account{}); err != nil {
			t.Fatal(err)
		}
	}
	d.decide = a.forgetOverview
	ask()
	if len(a.waiting) != 0 || len(a.overview) != 0 {
		t.Errorf("kept: %v, %v", a.waiting, a.overview)
	}
	d.decide = func() {}
	ask()
	if len(a.waiting) != 1 || len(a.overview) != 1 {
		t.Errorf("what nobody disturbed is not kept: %v, %v", a.waiting, a.overview)
	}
}
