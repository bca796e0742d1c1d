package api

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"khien/console/account"
	"khien/console/oidc"
	"khien/console/scope"
)

// flowAge is how long a browser holds what binds it to a login at a provider, in seconds.
const flowAge = 600

// openRoute is a row of what is served without a session.
type openRoute struct {
	pattern string
	handle  func(http.ResponseWriter, *http.Request) error
}

func (a *API) openRoutes() []openRoute {
	return []openRoute{
		{"POST /api/v1/login", a.login},
		{"POST /api/v1/login/key", a.loginKey},
		{"POST /api/v1/login/passkey", a.askPasskey},
		{"GET /api/v1/login", a.ways},
		{"GET /api/v1/oidc/start", a.startOIDC},
		{"GET " + oidc.Callback, a.finishOIDC},
	}
}

// ways tells the login page how people may log in. It tells everybody the same.
func (a *API) ways(w http.ResponseWriter, r *http.Request) error {
	title := ""
	if a.cfg.OIDC != nil {
		title = a.cfg.OIDC.Title()
	}
	at := ""
	if a.cfg.Keys != nil {
		at = a.cfg.Keys.Origin()
	}
	return answer(w, map[string]string{"oidc": title, "keys": at, "keys_off": a.cfg.KeysOff})
}

func (a *API) flowCookie() string { return a.cookieName() + "-oidc" }

// setFlow keeps what binds a browser to the login that it began. The provider sends the browser back from another site, so that
// the cookie cannot be a strict one.
func (a *API) setFlow(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: a.flowCookie(), Value: value, Path: cookiePath, HttpOnly: true, Secure: a.cfg.Secure,
		SameSite: http.SameSiteLaxMode, MaxAge: maxAge})
}

// startOIDC sends the browser to the provider.
func (a *API) startOIDC(w http.ResponseWriter, r *http.Request) error {
	if a.cfg.OIDC == nil {
		return &problem{Status: http.StatusNotFound, Code: "not_found", Title: "Nobody logs in at a provider here"}
	}
	to, binding, err := a.cfg.OIDC.Start(r.Context())
	if err != nil {
		return a.refuseOIDC(w, r, err)
	}
	a.setFlow(w, binding, flowAge)
	redirect(w, to)
	return nil
}

// redirect sends a browser elsewhere. What it was sent from does not go along.
func redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Referrer-Policy", "no-referrer") // the address holds the code
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// finishOIDC takes the browser back from the provider.
func (a *API) finishOIDC(w http.ResponseWriter, r *http.Request) error {
	if a.cfg.OIDC == nil {
		return &problem{Status: http.StatusNotFound, Code: "not_found", Title: "Nobody logs in at a provider here"}
	}
	binding := ""
	if c, err := r.Cookie(a.flowCookie()); err == nil {
		binding = c.Value
	}
	p, err := a.cfg.OIDC.Finish(r.Context(), binding, r.URL.Query())
	if err != nil {
		return a.refuseOIDC(w, r, err)
	}
	if err := a.unitsOfPerson(r.Context(), &p); err != nil {
		return a.refuseOIDC(w, r, err)
	}
	who, token, created, err := a.cfg.Accounts.Admit(p.Subject, p.Name, p.Role, p.Units)
	if err != nil {
		return a.refuseOIDC(w, r, err)
	}
	if created {
		err = a.log(r, who.Name, "account.create", who.Name, roleAndUnits(who.Role, who.Units)+"; "+p.Subject)
	}
	if err != nil {
		return errors.Join(err, a.cfg.Accounts.Logout(token))
	}
	if err := a.enter(w, r, who, token, "oidc", roleAndUnits(who.Role, who.Units)); err != nil {
		return err
	}
	a.setFlow(w, "", -1)
	redirect(w, "/")
	return nil
}

// unitsOfPerson leaves out units that there are none of; nobody gets in by units of which none is left.
func (a *API) unitsOfPerson(ctx context.Context, p *oidc.Person) error {
	if p.Units == nil {
		return nil
	}
	units, _, err := a.cfg.Store.Units(scope.Whole(ctx))
	if err != nil {
		return err
	}
	p.Units = slices.DeleteFunc(p.Units, func(id string) bool {
		return !slices.ContainsFunc(units, func(u scope.Unit) bool { return u.ID == id })
	})
	if len(p.Units) == 0 {
		return oidc.ErrClaims
	}
	return nil
}

// refuseOIDC writes why a login failed into the audit log and sends the browser to the login page, which says it in words.
func (a *API) refuseOIDC(w http.ResponseWriter, r *http.Request, err error) error {
	code := "provider"
	for _, c := range []struct {
		err  error
		code string
	}{{oidc.ErrState, "state"}, {oidc.ErrDenied, "denied"}, {oidc.ErrToken, "token"}, {oidc.ErrClaims, "claims"}, {oidc.ErrProvider, "provider"},
		{account.ErrOther, "name"}, {account.ErrName, "name"}, {account.ErrFull, "name"}} {
		if errors.Is(err, c.err) {
			code = c.code
			break
		}
	}
	detail := strings.ToValidUTF8(err.Error()[:min(len(err.Error()), 300)], "")
	if err := a.log(r, "", "login.failed", "oidc "+code, detail); err != nil {
		return err
	}
	a.setFlow(w, "", -1)
	redirect(w, "/?"+url.Values{"oidc": {code}}.Encode())
	return nil
}
