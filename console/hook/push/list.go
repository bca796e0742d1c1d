package push

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"khien/console/hook"
	"khien/console/hook/render"
)

// Enforcer makes a consumer enforce a view, and no more than it: what it enforced before goes. It may be called with the
// same view again.
type Enforcer interface {
	Enforce(ctx context.Context, v hook.View) error
	// ReadBack returns how many entries are enforced, how many of the latest view are missing, and how many are too many; false
	// when that cannot be known.
	ReadBack(ctx context.Context) (enforced, missing, extra int, known bool, err error)
}

// OpenC2 sends commands to an actuator, for what is new and what is gone. After a start everything is sent again: commands
// carry their ids.
type OpenC2 struct {
	url, token string
	client     *http.Client
	last       hook.View
}

// NewOpenC2 returns an enforcer that posts to an address, with a bearer token unless it is "".
func NewOpenC2(url, token string, allow []netip.Prefix) (*OpenC2, error) {
	if err := CheckURL(url, allow); err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	return &OpenC2{url: url, token: token, client: client(allow)}, nil
}

// Enforce implements Enforcer. What was not sent because of an error is sent by the next call.
func (o *OpenC2) Enforce(ctx context.Context, v hook.View) error {
	added, removed := hook.Difference(o.last, v)
	var failed error
	send := func(e *hook.Entry, left time.Duration, allow bool) {
		if failed != nil {
			return
		}
		body, ok, err := render.OpenC2(e, left, allow)
		if err != nil || !ok {
			failed = err
			return
		}
		header := map[string]string{"Content-Type": render.OpenC2Type, "X-Request-ID": e.ID}
		if o.token != "" {
			header["Authorization"] = "Bearer " + o.token
		}
		if failed = post(ctx, o.client, o.url, body, header); errors.Is(failed, errFinal) {
			failed = nil // this actuator cannot do this one; others must not wait for it
		}
	}
	for _, e := range removed {
		if v.Time.Before(e.Expires) { // the actuator ends the others by itself
			send(e, 0, true)
		}
	}
	for _, e := range added {
		send(e, v.Left(e), false)
	}
	if failed == nil {
		o.last = v
	}
	return failed
}

// ReadBack implements Enforcer: an actuator cannot be asked.
func (o *OpenC2) ReadBack(context.Context) (int, int, int, bool, error) { return 0, 0, 0, false, nil }
