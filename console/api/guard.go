package api

import (
	"net/http"

	"khien/console/account"
	"khien/console/scope"
)

// guard is what stands before every route: the limits of the address, who asks and whether that account may, its limits,
// the veil over addresses, whether the request is one as described, and whether the same was made before. The handler sees a context that says for
// whom it answers.
func (a *API) guard(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := a.pass(w, r, rt); err != nil {
			a.fail(w, r, err)
		}
	}
}

func (a *API) pass(w http.ResponseWriter, r *http.Request, rt route) error {
	from := network(address(r))
	if err := a.limiter.take(w, a.limiter.address, from); err != nil {
		return err
	}
	who, err := a.authorize(r, rt.role)
	if err == nil {
		err = a.limits[rt.pattern].admit(who)
	}
	if err != nil {
		return err
	}
	if err := a.limiter.take(w, a.limiter.account, who.Name); err != nil {
		return err
	}
	if dear, ok := a.limiter.dear[rt.pattern]; ok {
		if err := a.limiter.take(w, dear, who.Name); err != nil {
			return err
		}
	}
	r = r.WithContext(scope.With(r.Context(), who.Name, who.Units))
	if a.cfg.Reveals == nil || isBare(rt.pattern) {
		return a.serve(w, r, rt, who)
	}
	v, err := a.cover(w, r, rt, who)
	defer v.end()
	if err == nil {
		err = a.serve(v, r, rt, who)
	}
	if err != nil {
		a.fail(v, r, err)
	}
	return nil
}

// serve answers a request of an account.
func (a *API) serve(w http.ResponseWriter, r *http.Request, rt route, who account.Account) error {
	if err := a.contract.check(w, r, rt.pattern); err != nil {
		return err
	}
	if v, ok := w.(*veil); ok {
		if err := v.disclose(rt.pattern); err != nil {
			return err
		}
	}
	return a.repeats.once(w, r, who.Name, a.contract[rt.pattern].max, func(w http.ResponseWriter, r *http.Request) {
		if err := rt.handle(w, r, who); err != nil {
			a.fail(w, r, err)
		}
	})
}

// guardOpen is what stands before a route of those who have not logged in yet: the limits of the address.
func (a *API) guardOpen(rt openRoute) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		from := network(address(r))
		err := a.limiter.take(w, a.limiter.address, from)
		if dear, ok := a.limiter.dear[rt.pattern]; ok && err == nil {
			err = a.limiter.take(w, dear, from)
		}
		if err == nil {
			err = a.contract.check(w, r, rt.pattern)
		}
		if err == nil {
			err = rt.handle(w, r)
		}
		if err != nil {
			a.fail(w, r, err)
		}
	}
}

// OtherSite answers what another site made a browser send.
func (a *API) OtherSite(w http.ResponseWriter, r *http.Request) {
	err := a.limiter.take(w, a.limiter.address, network(address(r)))
	if err == nil {
		err = &problem{Status: http.StatusForbidden, Code: "other_site", Title: "Another site made the browser send this"}
	}
	a.fail(w, r, err)
}
