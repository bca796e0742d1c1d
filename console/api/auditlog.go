package api

import (
	"net/http"
	"strconv"

	"khien/console/account"
)

// auditRows is how many entries of the audit log one answer holds.
const auditRows = 200

// auditLog shows the log, newest first, and whether its chain holds.
func (a *API) auditLog(w http.ResponseWriter, r *http.Request, who account.Account) error {
	before := uint64(0)
	if s := r.URL.Query().Get("before"); s != "" {
		n, err := strconv.ParseUint(s, 10, 63)
		if err != nil {
			return badRequest("before", "before is not a number")
		}
		before = n
	}
	if before == 0 { // turning pages is one look
		if err := a.log(r, who.Name, "audit.view", "", ""); err != nil {
			return err
		}
	}
	entries, err := a.cfg.Audit.Tail(before, auditRows)
	if err != nil {
		return err
	}
	next := uint64(0)
	if n := len(entries); n == auditRows {
		next = entries[n-1].Number
	}
	return answer(w, map[string]any{"entries": entries, "before": next, "head": a.cfg.Audit.Head()})
}
