package api

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"khien/console/account"
	"khien/detector"
	"khien/detector/pseudonym"
)

// The veil hides addresses where the policy says so. It stands before every route, so that a handler can neither forget it
// nor get around it: handlers work with addresses, requests come in with pseudonyms that are opened here, and whatever an
// answer tells leaves with pseudonyms in place of the addresses that its reader has not been allowed to see. Answers that are
// no text (packets, documents, evidence) leave only through the routes of disclosures, for who may see all that is in them.

// bare are the routes, by their beginnings, that the veil does not cover: networks and rules as operators write them, the
// addresses of the analysts' own browsers, and the audit log, which holds pseudonyms from the start.
var bare = []string{"accounts", "audit", "keys", "me", "openapi.json", "password", "rules", "sessions", "tokens", "totp", "units"}

func isBare(pattern string) bool {
	_, path, _ := strings.Cut(pattern, "/api/v1/")
	name, _, _ := strings.Cut(path, "/")
	return slices.Contains(bare, name)
}

// veil covers one request.
type veil struct {
	http.ResponseWriter
	api   *API
	r     *http.Request
	who   account.Account
	open  bool // what is no text may leave
	begun bool
	kind  int
	code  int
	buf   bytes.Buffer
}

// What an answer is.
const (
	asJSON = iota
	asLines
	asIs
	asNothing
)

// cover opens the pseudonyms of a request and returns it with a writer that hides the addresses of its answer.
func (a *API) cover(w http.ResponseWriter, r *http.Request, rt route, who account.Account) (*veil, error) {
	v := &veil{ResponseWriter: w, api: a, r: r, who: who}
	names := a.cfg.Reveals.Policy.Names()
	shown, _, err := a.cfg.Reveals.Shown(r.Context(), who.Name)
	if err != nil {
		return v, storeProblem(err)
	}
	var plain bool
	lift := func(s string) string {
		plain = plain || slices.ContainsFunc(names.Find(s), func(ip netip.Addr) bool { return !shown(ip) })
		return names.Open(s)
	}
	query := r.URL.Query()
	for _, values := range query {
		for i := range values {
			values[i] = lift(values[i])
		}
	}
	r.URL.RawQuery = query.Encode()
	for _, part := range strings.Split(rt.pattern, "/") {
		if name, ok := strings.CutPrefix(part, "{"); ok {
			name = strings.TrimRight(name, ".}")
			r.SetPathValue(name, lift(r.PathValue(name)))
		}
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err == nil && t == "application/json" && r.Body != nil {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, max(a.contract[rt.pattern].max, bodyMax)))
		if err != nil {
			return v, readProblem(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(pseudonym.Strings(body, func(_, s string) string { return lift(s) })))
	}
	if plain {
		return v, &problem{Status: http.StatusForbidden, Code: "hidden_address", Title: "Addresses of this network are hidden: ask by pseudonym"}
	}
	return v, nil
}

// disclosure says whether somebody may see all that the answer to a request holds.
type disclosure func(*http.Request, account.Account) (bool, error)

// disclosing returns the routes whose answers hold addresses as they are, with what one must be allowed to see for them.
func (a *API) disclosing() map[string]disclosure {
	ofCase := func(r *http.Request, who account.Account) (bool, error) {
		return a.sees(r, who, "case", r.PathValue("id"))
	}
	return map[string]disclosure{
		"GET /api/v1/findings/{id}/packets":        a.seesFinding,
		"GET /api/v1/findings/{id}/packets.pcapng": a.seesFinding,
		"GET /api/v1/findings/{id}/file.zip":       a.seesFinding,
		"GET /api/v1/cases/{id}/preview.pdf":       ofCase,
		"GET /api/v1/cases/{id}/evidence/{sha256}": ofCase,
		"GET /api/v1/reports/{id}/files/{name}": func(r *http.Request, who account.Account) (bool, error) {
			x, err := a.issuedOf(r)
			if err != nil {
				return false, err
			}
			return a.sees(r, who, "case", x.Case)
		},
	}
}

func (a *API) sees(r *http.Request, who account.Account, of, id string) (bool, error) {
	_, subject, err := a.cfg.Reveals.Shown(r.Context(), who.Name)
	if err != nil {
		return false, storeProblem(err)
	}
	return subject(of, id), nil
}

// seesFinding: everything of a finding is shown to who may see it, or all of its addresses.
func (a *API) seesFinding(r *http.Request, who account.Account) (bool, error) {
	shown, subject, err := a.cfg.Reveals.Shown(r.Context(), who.Name)
	if err != nil {
		return false, storeProblem(err)
	}
	f, err := a.cfg.Store.Get(r.Context(), r.PathValue("id"))
	if err != nil {
		return false, storeProblem(err)
	}
	return subject("finding", f.ID) || !slices.ContainsFunc(a.hidden(&f), func(ip netip.Addr) bool { return !shown(ip) }), nil
}

// hidden returns the hidden addresses of a finding.
func (a *API) hidden(f *detector.Finding) (out []netip.Addr) {
	names := a.cfg.Reveals.Policy.Names()
	for _, ip := range []netip.Addr{f.SrcIP, f.DstIP} {
		if ip.IsValid() && names.Hides(ip) {
			out = append(out, ip.Unmap())
		}
	}
	for _, s := range f.RelatedIPs {
		out = append(out, names.Find(s)...)
	}
	return out
}

// disclose checks a route of disclosures; other routes pass, and their answers are covered.
func (v *veil) disclose(pattern string) error {
	may, ok := v.api.disclosures[pattern]
	if !ok {
		return nil
	}
	sees, err := may(v.r, v.who)
	if err == nil && !sees {
		err = &problem{Status: http.StatusForbidden, Code: "hidden_content", Title: "This holds addresses that are hidden: ask to see them"}
	}
	v.open = sees
	return err
}

// begin looks at what kind of answer comes.
func (v *veil) begin(code int) {
	if v.begun {
		return
	}
	v.begun, v.code = true, code
	kind, _, err := mime.ParseMediaType(v.Header().Get("Content-Type"))
	switch {
	case err == nil && (kind == "application/json" || kind == "application/problem+json"):
		v.kind = asJSON
	case err == nil && strings.HasPrefix(kind, "text/"):
		v.kind = asLines
	case v.open:
		v.kind = asIs
	default:
		v.kind = asNothing
		v.Header().Del("Content-Disposition")
		v.code = http.StatusForbidden
	}
	if v.kind != asIs {
		v.Header().Del("Content-Length")
	}
	if v.kind == asIs || v.kind == asLines {
		v.ResponseWriter.WriteHeader(v.code)
	}
}

// WriteHeader takes the status of an answer.
func (v *veil) WriteHeader(code int) { v.begin(code) }

// Write takes a part of an answer.
func (v *veil) Write(b []byte) (int, error) {
	v.begin(http.StatusOK)
	switch v.kind {
	case asIs:
		return v.ResponseWriter.Write(b)
	case asNothing:
		return len(b), nil
	}
	v.buf.Write(b)
	if v.kind == asLines {
		end := bytes.LastIndexByte(v.buf.Bytes(), '\n') + 1
		return len(b), v.lines(v.buf.Next(end))
	}
	return len(b), nil
}

// lines writes whole lines of text. Events of a stream hold JSON.
func (v *veil) lines(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	words, err := v.words()
	if err != nil {
		return err
	}
	var out []byte
	for line := range bytes.Lines(text) {
		if bytes.HasPrefix(line, []byte("data: ")) {
			out = append(out, pseudonym.Strings(line, words)...)
		} else {
			out = append(out, words("", string(line))...)
		}
	}
	_, err = v.ResponseWriter.Write(out)
	return err
}

// words returns what hides addresses in a string of an answer. Excerpts are bytes in base64: their offsets are told, so
// that addresses in them are blotted out. A community id is a hash of addresses that anybody can try out.
func (v *veil) words() (func(member, s string) string, error) {
	shown, _, err := v.api.cfg.Reveals.Shown(v.r.Context(), v.who.Name)
	if err != nil {
		return nil, fmt.Errorf("api: what may be shown: %w", err)
	}
	names := v.api.cfg.Reveals.Policy.Names()
	return func(member, s string) string {
		switch member {
		case "community_id":
			return ""
		case "excerpt":
			if data, err := base64.StdEncoding.DecodeString(s); err == nil {
				return base64.StdEncoding.EncodeToString(names.Blot(data))
			}
		}
		return names.Text(s, shown)
	}, nil
}

// Flush sends the lines of a stream.
func (v *veil) Flush() { http.NewResponseController(v.ResponseWriter).Flush() }

// end sends what is left of an answer.
func (v *veil) end() {
	switch {
	case !v.begun:
	case v.kind == asNothing:
		write(v.ResponseWriter, v.code, "application/problem+json", &problem{Type: "about:blank", Status: v.code, Code: "hidden_content", Title: "This holds addresses that are hidden"})
	case v.kind == asLines:
		v.lines(v.buf.Bytes()) // a browser that leaves sees a text that is too short
	case v.kind == asJSON:
		words, err := v.words()
		if err != nil {
			write(v.ResponseWriter, http.StatusInternalServerError, "application/problem+json", &problem{Type: "about:blank", Status: 500, Code: "internal", Title: "The console could not do this"})
			return
		}
		v.ResponseWriter.WriteHeader(v.code)
		v.ResponseWriter.Write(pseudonym.Strings(v.buf.Bytes(), words))
	}
}
