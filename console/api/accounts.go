package api

import (
	"errors"
	"net/http"
	"time"

	"khien/console/account"
)

// accountProblem turns what an account.Book says into a problem.
func accountProblem(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, account.ErrExists):
		return &problem{Status: http.StatusConflict, Code: "name_taken", Title: "That exists already"}
	case errors.Is(err, account.ErrUnknown), errors.Is(err, account.ErrSession), errors.Is(err, account.ErrNoTOTP):
		return &problem{Status: http.StatusNotFound, Code: "not_found", Title: "There is no such thing"}
	case errors.Is(err, account.ErrKnownKey):
		return &problem{Status: http.StatusConflict, Code: "key_known", Title: "That security key has been added before"}
	case errors.Is(err, account.ErrKeys):
		return &problem{Status: http.StatusConflict, Code: "keys_full", Title: "An account has no more security keys than that"}
	case errors.Is(err, account.ErrSubject):
		return &problem{Status: http.StatusConflict, Code: "subject", Title: "This account logs in at a provider"}
	case errors.Is(err, account.ErrAdminUnits):
		return &problem{Status: http.StatusConflict, Code: "admin_units", Title: "An admin is not limited to units"}
	case errors.Is(err, account.ErrLastAdmin):
		return &problem{Status: http.StatusConflict, Code: "last_admin", Title: "Somebody must stay admin"}
	case errors.Is(err, account.ErrCode):
		return &problem{Status: http.StatusForbidden, Code: "totp", Title: "The one-time code is wrong"}
	}
	return badInput("account", err)
}

func (a *API) accounts(w http.ResponseWriter, r *http.Request, who account.Account) error {
	return answerPart(w, r, "accounts", a.people(who), func(x *account.Account) string { return x.Name })
}

func (a *API) createAccount(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Name     string       `json:"name"`
		Password string       `json:"password"`
		Role     account.Role `json:"role"`
		Units    []string     `json:"units"` // that it is limited to; none: not limited
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if err := a.knownUnits(r, in.Units); err != nil {
		return err
	}
	if err := a.cfg.Accounts.Create(in.Name, in.Password, in.Role, in.Units...); err != nil {
		return accountProblem(err)
	}
	if err := a.log(r, who.Name, "account.create", in.Name, roleAndUnits(in.Role, in.Units)); err != nil {
		return err
	}
	return answer(w, account.Account{Name: in.Name, Role: in.Role, Units: in.Units})
}

// changeAccount gives an account another role, and other units when they are told.
func (a *API) changeAccount(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Role  account.Role `json:"role"`
		Units *[]string    `json:"units"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	name, out := r.PathValue("name"), account.Account{Name: r.PathValue("name"), Role: in.Role}
	detail := string(in.Role)
	if in.Units != nil {
		if err := a.knownUnits(r, *in.Units); err != nil {
			return err
		}
		out.Units, detail = *in.Units, roleAndUnits(in.Role, *in.Units)
	}
	if err := a.log(r, who.Name, "account.role", name, detail); err != nil {
		return err
	}
	if err := a.cfg.Accounts.Change(name, in.Role, in.Units); err != nil {
		return accountProblem(err)
	}
	return answer(w, out)
}

func (a *API) removeAccount(w http.ResponseWriter, r *http.Request, who account.Account) error {
	name := r.PathValue("name")
	if err := a.log(r, who.Name, "account.remove", name, ""); err != nil {
		return err
	}
	if err := a.cfg.Accounts.Remove(name); err != nil {
		return accountProblem(err)
	}
	a.forgetKeys(name)
	return answer(w, struct{}{})
}

// resetAccount gives an account a new password, which is shown once, and takes its second factors away.
func (a *API) resetAccount(w http.ResponseWriter, r *http.Request, who account.Account) error {
	name := r.PathValue("name")
	if err := a.log(r, who.Name, "account.reset", name, a.factors(name)); err != nil {
		return err
	}
	password, err := a.cfg.Accounts.Reset(name)
	if err != nil {
		return accountProblem(err)
	}
	a.forgetKeys(name)
	return answer(w, map[string]string{"password": password})
}

// setUpTOTP begins a second factor for who asks.
func (a *API) setUpTOTP(w http.ResponseWriter, r *http.Request, who account.Account) error {
	if err := a.ownFactor(w, r, who); err != nil {
		return err
	}
	secret, uri, err := a.cfg.Accounts.SetUpTOTP(who.Name)
	if err != nil {
		return accountProblem(err)
	}
	return answer(w, map[string]string{"secret": secret, "uri": uri})
}

// endTOTP takes the codes of who asks away.
func (a *API) endTOTP(w http.ResponseWriter, r *http.Request, who account.Account) error {
	if err := a.ownFactor(w, r, who); err != nil {
		return err
	}
	if err := a.log(r, who.Name, "totp.off", who.Name, ""); err != nil {
		return err
	}
	if err := a.cfg.Accounts.DropTOTP(who.Name); err != nil {
		return accountProblem(err)
	}
	return answer(w, struct{}{})
}

// ownFactor reads the password of a request that changes nothing but a second factor, and refuses a wrong one.
func (a *API) ownFactor(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Password string `json:"password"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	return a.ownSecond(r, who, in.Password)
}

func (a *API) confirmTOTP(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Code string `json:"code"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if err := a.cfg.Accounts.ConfirmTOTP(who.Name, in.Code); err != nil {
		return accountProblem(err)
	}
	return errors.Join(a.log(r, who.Name, "totp.on", who.Name, ""), answer(w, struct{}{}))
}

// own is the account whose things may be seen and ended: one's own, or anybody's for an admin.
func own(who account.Account) string {
	if who.Role.May(account.Admin) {
		return ""
	}
	return who.Name
}

func (a *API) sessions(w http.ResponseWriter, r *http.Request, who account.Account) error {
	return answerPart(w, r, "sessions", a.cfg.Accounts.Sessions(own(who), a.token(r)), func(s *account.SessionInfo) string { return s.ID })
}

func (a *API) endSession(w http.ResponseWriter, r *http.Request, who account.Account) error {
	if err := a.log(r, who.Name, "session.end", r.PathValue("id"), ""); err != nil {
		return err
	}
	if err := a.cfg.Accounts.EndSession(r.PathValue("id"), own(who)); err != nil {
		return accountProblem(err)
	}
	return answer(w, struct{}{})
}

func (a *API) tokens(w http.ResponseWriter, r *http.Request, who account.Account) error {
	return answerPart(w, r, "tokens", a.cfg.Accounts.Tokens(own(who)), func(t *account.Token) string { return t.ID })
}

// newToken makes a token for a program. A program makes none.
func (a *API) newToken(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Name string       `json:"name"`
		Role account.Role `json:"role"`
		Days int          `json:"days"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if bearer(r) != "" {
		return &problem{Status: http.StatusForbidden, Code: "role", Title: "A token cannot make tokens"}
	}
	if err := a.log(r, who.Name, "token.new", in.Name, string(in.Role)); err != nil {
		return err
	}
	t, text, err := a.cfg.Accounts.NewToken(who.Name, in.Name, in.Role, a.cfg.Now().Add(time.Duration(min(max(in.Days, 0), 1000))*24*time.Hour))
	if err != nil {
		return accountProblem(err)
	}
	return answer(w, struct {
		account.Token
		Text string `json:"text"` // shown once
	}{t, text})
}

func (a *API) dropToken(w http.ResponseWriter, r *http.Request, who account.Account) error {
	if err := a.log(r, who.Name, "token.drop", r.PathValue("id"), ""); err != nil {
		return err
	}
	if err := a.cfg.Accounts.DropToken(r.PathValue("id"), own(who)); err != nil {
		return accountProblem(err)
	}
	return answer(w, struct{}{})
}
