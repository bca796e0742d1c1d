// Package api is the console's JSON interface over a store.Store: requests of logged-in browsers come in, documents go
// out. Answers are JSON; errors are problem documents (RFC 9457) with a code that the pages translate. Every value that
// came from a capture is data in a string and nothing else.
package api

import (
	"context"
	_ "embed" // of the description
	"errors"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"khien/console/account"
	"khien/console/audit"
	"khien/console/oidc"
	"khien/console/passkey"
	"khien/console/report/issue"
	"khien/console/reveal"
	"khien/console/rulebook"
	"khien/console/scope"
	"khien/console/tune"
	"khien/detector"
	"khien/detector/store"
)

const (
	bodyMax    = 64 << 10 // bytes of a request's body
	cookiePath = "/"
)

// Config is what an API works with. All fields but Stats, Outputs, Packets, Files, Remote, Blocking, Sensor, Reveals,
// OIDC and Keys are required.
type Config struct {
	Store    *scope.Store // answers each request within the units of who asks
	Accounts *account.Book
	Audit    *audit.Log
	Reports  *issue.Desk
	Secure   bool       // the console is served over TLS: cookies are never sent without
	Version  string     // of the program, for the pages
	Stats    func() any // what the sensors tell of themselves, nil when there is none here
	Outputs  func() any // how outputs to other systems are doing, nil when there are none here
	Packets  Packets    // nil when no packets are kept here
	Files    Files      // nil when no files are kept here
	Remote   bool       // Packets and Files are of sensors elsewhere
	Now      func() time.Time
	Blocking Blocking       // nil when decisions are made elsewhere
	OIDC     *oidc.Provider // nil where nobody logs in at a provider
	Keys     *passkey.Party // nil where security keys cannot be used
	KeysOff  string         // why they cannot: none (no address was told), name or plain
	Rate     int            // requests a minute of one account; 0 means defaultRate
	Rules    *rulebook.Desk
	Sensor   func() SensorStatus // how the sensor of this process is; nil when there is none
	Reveals  *reveal.Book        // nil where no addresses are hidden
}

// API answers requests. Safe for concurrent use.
type API struct {
	cfg      Config
	tunes    *tune.Book
	throttle account.Throttle
	hub      hub
	start    time.Time
	carving  chan struct{} // holds an element for each carving that runs
	limiter  *limiter
	repeats  *repeats
	contract contract
	limits   map[string]limit
	notified ids // of findings; Follow does not tell them again

	disclosures map[string]disclosure // by route

	mu        sync.Mutex
	overview  map[string]aged[*overview] // by scopeKey
	waiting   map[string]aged[int]
	decisions uint64 // how often forgetOverview was called
	response  map[string]aged[responses]
	ruleHits  map[string]aged[*ruleHits]
	undos     []undo
	tuneError error             // of the latest Apply, for health
	searched  map[string]string // last query by user, so that a page that refreshes fills no log
}

// New returns an API.
func New(cfg Config) *API {
	places := carvings
	if cfg.Remote {
		places = transfers
	}
	a := &API{cfg: cfg, tunes: tune.New(cfg.Store, cfg.Now), throttle: account.Throttle{Now: cfg.Now}, start: cfg.Now(), carving: make(chan struct{}, places), searched: map[string]string{},
		limiter: newLimiter(cfg.Rate, cfg.Now), repeats: newRepeats(cfg.Now), limits: limits(), contract: mustContract(openAPI)}
	a.disclosures = a.disclosing()
	return a
}

// route is one row of the interface; openapi.json describes each.
type route struct {
	pattern string
	role    account.Role // that the caller needs
	handle  func(http.ResponseWriter, *http.Request, account.Account) error
}

func (a *API) routes() []route {
	own := []route{
		{"POST /api/v1/logout", account.Viewer, a.logout},
		{"GET /api/v1/me", account.Viewer, a.me},
		{"POST /api/v1/password", account.Viewer, a.password},
		{"GET /api/v1/accounts", account.Viewer, a.accounts},
		{"POST /api/v1/accounts", account.Admin, a.createAccount},
		{"PUT /api/v1/accounts/{name}", account.Admin, a.changeAccount},
		{"DELETE /api/v1/accounts/{name}", account.Admin, a.removeAccount},
		{"POST /api/v1/accounts/{name}/reset", account.Admin, a.resetAccount},
		{"POST /api/v1/totp", account.Viewer, a.setUpTOTP},
		{"POST /api/v1/totp/confirm", account.Viewer, a.confirmTOTP},
		{"POST /api/v1/totp/off", account.Viewer, a.endTOTP},
		{"GET /api/v1/sessions", account.Viewer, a.sessions},
		{"DELETE /api/v1/sessions/{id}", account.Viewer, a.endSession},
		{"GET /api/v1/tokens", account.Viewer, a.tokens},
		{"POST /api/v1/tokens", account.Viewer, a.newToken},
		{"DELETE /api/v1/tokens/{id}", account.Viewer, a.dropToken},
		{"GET /api/v1/audit", account.Admin, a.auditLog},
		{"GET /api/v1/overview", account.Viewer, a.getOverview},
		{"GET /api/v1/overview/waiting", account.Viewer, a.getWaiting},
		{"GET /api/v1/groups", account.Viewer, a.groups},
		{"GET /api/v1/findings", account.Viewer, a.findings},
		{"GET /api/v1/findings/{id}", account.Viewer, a.finding},
		{"GET /api/v1/findings/{id}/packets", account.Analyst, a.packetList},
		{"GET /api/v1/findings/{id}/packets.pcapng", account.Analyst, a.packetFile},
		{"GET /api/v1/findings/{id}/transactions", account.Viewer, a.transactions},
		{"GET /api/v1/findings/{id}/file", account.Viewer, a.getFile},
		{"GET /api/v1/findings/{id}/file.zip", account.Analyst, a.fileZip},
		{"GET /api/v1/triage", account.Viewer, a.getTriage},
		{"PUT /api/v1/triage", account.Analyst, a.putTriage},
		{"POST /api/v1/triage/bulk", account.Analyst, a.bulkTriage},
		{"POST /api/v1/triage/query/preview", account.Analyst, a.previewQuery},
		{"POST /api/v1/triage/query", account.Analyst, a.decideQuery},
		{"POST /api/v1/triage/undo", account.Analyst, a.undoQuery},
		{"GET /api/v1/bundles", account.Viewer, a.bundles},
		{"GET /api/v1/counts", account.Viewer, a.counts},
		{"GET /api/v1/findings.csv", account.Analyst, a.export},
		{"GET /api/v1/entity", account.Viewer, a.getEntity},
		{"GET /api/v1/views", account.Viewer, a.views},
		{"POST /api/v1/views", account.Viewer, a.saveView},
		{"DELETE /api/v1/views/{id}", account.Viewer, a.dropView},
		{"GET /api/v1/tunes", account.Viewer, a.listTunes},
		{"POST /api/v1/tunes", account.Analyst, a.addTune},
		{"POST /api/v1/tunes/preview", account.Analyst, a.previewTune},
		{"DELETE /api/v1/tunes/{id}", account.Analyst, a.endTune},
		{"GET /api/v1/events", account.Viewer, a.events},
		{"GET /api/v1/health", account.Viewer, a.health},
		{"GET /api/v1/openapi.json", account.Viewer, a.description},
	}
	return slices.Concat(own, a.keyRoutes(), a.caseRoutes(), a.workRoutes(), a.timelineRoutes(), a.evidenceRoutes(), a.handoverRoutes(), a.reportRoutes(), a.blockingRoutes(), a.unitRoutes(), a.sensorRoutes(), a.ruleRoutes(), a.revealRoutes())
}

//go:embed openapi.json
var openAPI []byte

func (a *API) description(w http.ResponseWriter, r *http.Request, who account.Account) error {
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write(openAPI)
	return err
}

// Handler serves everything below /api/v1/.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, rt := range a.routes() {
		mux.HandleFunc(rt.pattern, a.guard(rt))
	}
	for _, rt := range a.openRoutes() {
		mux.HandleFunc(rt.pattern, a.guardOpen(rt))
	}
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) { a.fail(w, r, a.unserved(w, r, mux)) })
	return mux
}

// unserved tells what is wrong with a request that no route takes: its method (RFC 9110, 15.5.6), or its path.
func (a *API) unserved(w http.ResponseWriter, r *http.Request, mux *http.ServeMux) error {
	if err := a.limiter.take(w, a.limiter.address, network(address(r))); err != nil {
		return err
	}
	// Of the routes that fit, those count that name the path most closely: tunes/preview is not a tune.
	var allowed []string
	closest := 0
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete} {
		_, pattern := mux.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host})
		if pattern == "/api/" {
			continue
		}
		switch open := strings.Count(pattern, "{"); {
		case len(allowed) == 0 || open < closest:
			allowed, closest = []string{method}, open
		case open == closest:
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 {
		return &problem{Status: http.StatusNotFound, Code: "not_found", Title: "No such page"}
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	return &problem{Status: http.StatusMethodNotAllowed, Code: "method", Title: "This method is not served here"}
}

// tuneWait bounds how long new findings wait for the tunes of the store.
const tuneWait = 10 * time.Second

// Prepare gives findings that are about to be stored the severities that tunes tell.
func (a *API) Prepare(ctx context.Context, findings []detector.Finding) error {
	return a.tunes.Change(scope.Whole(ctx), findings)
}

// Notify closes what tunes cover and tells the open pages of the findings that have been stored. What a tune could not
// close stays open: the page's reader then sees too much, and not too little.
func (a *API) Notify(findings []detector.Finding) {
	ctx, cancel := context.WithTimeout(scope.Whole(context.Background()), tuneWait)
	defer cancel()
	a.notified.add(findings)
	closed, err := a.tunes.Apply(ctx, findings)
	a.mu.Lock()
	a.tuneError = err
	a.mu.Unlock()
	hidden := map[string]bool{}
	for _, key := range closed {
		hidden[key] = true
	}
	findings = slices.DeleteFunc(slices.Clone(findings), func(f detector.Finding) bool { return hidden[store.GroupKey(&f)] })
	if len(findings) > 0 {
		a.tell(findings)
	}
}

// tell shows new findings on the open pages.
func (a *API) tell(findings []detector.Finding) {
	a.mu.Lock()
	for key, c := range a.overview {
		if c.value.Empty { // the first findings show at once; later ones when the numbers are old
			delete(a.overview, key)
			delete(a.waiting, key)
		}
	}
	a.mu.Unlock()
	a.hub.notify(findings)
}

// Close ends the event streams.
func (a *API) Close() { a.hub.close() }

func (a *API) cookieName() string {
	if a.cfg.Secure {
		return "__Host-khien"
	}
	return "khien"
}

func (a *API) token(r *http.Request) string {
	c, err := r.Cookie(a.cookieName())
	if err != nil {
		return ""
	}
	return c.Value
}

// bearer is the token of a program (RFC 6750, 2.1), "" where there is none.
func bearer(r *http.Request) string {
	text, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || !strings.HasPrefix(text, account.TokenPrefix) {
		return ""
	}
	return text
}

// unattended is the header of a request that a page sends by itself, now and then. It keeps no session alive: a browser that
// somebody left open is logged out in time.
const unattended = "Khien-Unattended"

// authorize returns who asks, when the session is good and the role suffices.
func (a *API) authorize(r *http.Request, need account.Role) (account.Account, error) {
	session := a.cfg.Accounts.Session
	if r.Header.Get(unattended) != "" {
		session = a.cfg.Accounts.Unattended
	}
	who, err := session(a.token(r))
	if text := bearer(r); text != "" {
		who, err = a.cfg.Accounts.Program(text)
	}
	if err != nil {
		return who, &problem{Status: http.StatusUnauthorized, Code: "login", Title: "Log in first"}
	}
	if !who.Role.May(need) {
		a.log(r, who.Name, "denied", r.Method+" "+r.URL.Path, "")
		return who, &problem{Status: http.StatusForbidden, Code: "role", Title: "Your role does not allow this", Detail: string(need)}
	}
	return who, nil
}

// log writes an audit entry. The caller goes on only when it is written: what cannot be audited does not happen.
func (a *API) log(r *http.Request, user, action, object, detail string) error {
	if a.cfg.Reveals != nil {
		names := a.cfg.Reveals.Policy.Names()
		object, detail = names.Text(object, nil), names.Text(detail, nil)
	}
	return a.cfg.Audit.Append(audit.Entry{User: user, Address: address(r), Action: action, Object: object, Detail: detail})
}

// address is the browser's, without the port.
func address(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// storeProblem turns what a store says into a problem.
func storeProblem(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, store.ErrNotFound):
		return &problem{Status: http.StatusNotFound, Code: "not_found", Title: "There is no such finding"}
	case errors.Is(err, scope.ErrOutside):
		return &problem{Status: http.StatusForbidden, Code: "outside", Title: "This reaches beyond the units that your account is limited to"}
	case errors.Is(err, store.ErrCursor):
		return badRequest("cursor", "the cursor is not one that a list gave")
	case errors.Is(err, context.Canceled):
		return &problem{Status: 499, Code: "canceled", Title: "The browser left"}
	}
	return err
}
