package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"time"

	"khien/console/wrong"
)

// problem is an error document of RFC 9457. Code is what the pages translate.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"`
	Code   string `json:"code"`
	// Of a query that cannot be read: where and why.
	Reason string `json:"reason,omitempty"`
	Offset *int   `json:"offset,omitempty"` // characters
	Length *int   `json:"length,omitempty"`
	Token  string `json:"token,omitempty"`
	Hint   string `json:"hint,omitempty"`
	// Of a change that somebody else was faster with: the state as it is now.
	ChangedBy string      `json:"changed_by,omitempty"`
	Current   *triageView `json:"current,omitempty"`
	// Of a login whose password was right: one of the account's security keys is to follow.
	Key *keyNeeded `json:"key,omitempty"`

	// Of what a sensor keeps: which, and when it was heard of last.
	Sensor string    `json:"sensor,omitempty"`
	Since  time.Time `json:"since,omitzero"`

	RetryAfter int `json:"retry_after,omitempty"` // seconds
}

func (p *problem) Error() string { return p.Title }

// fail answers with a problem. What is nobody's mistake but ours says so without its insides.
func (a *API) fail(w http.ResponseWriter, r *http.Request, err error) {
	var p *problem
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &p):
	case errors.As(err, &tooLarge):
		p = &problem{Status: http.StatusRequestEntityTooLarge, Code: "too_large", Title: "The request is too large"}
	default:
		p = &problem{Status: http.StatusInternalServerError, Code: "internal", Title: "The console could not do this", Detail: err.Error()}
	}
	p.Type = "about:blank"
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	write(w, p.Status, "application/problem+json", p)
}

func write(w http.ResponseWriter, status int, contentType string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, contentType = http.StatusInternalServerError, "application/problem+json"
		b = []byte(`{"type":"about:blank","title":"The answer cannot be written","status":500,"code":"internal"}`)
	}
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	w.Write(append(b, '\n'))
}

func answer(w http.ResponseWriter, v any) error {
	write(w, http.StatusOK, "application/json", v)
	return nil
}

// read decodes a request's JSON body into v.
func read(w http.ResponseWriter, r *http.Request, v any) error { return readMax(w, r, v, bodyMax) }

// readMax does so for a body of up to max bytes.
func readMax(w http.ResponseWriter, r *http.Request, v any, max int64) error {
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return &problem{Status: http.StatusUnsupportedMediaType, Code: "media_type", Title: "Send application/json"}
	}
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, max))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return err
		}
		return badRequest("body", fmt.Sprintf("the body is not what is expected here: %v", err))
	}
	return nil
}

// badInput names the mistake where err does, so that the pages say it in the reader's language; else the field.
func badInput(field string, err error) error {
	p := badRequest(field, err.Error())
	if name, value, ok := wrong.Named(err); ok {
		p.Token, p.Hint = name, fmt.Sprintf("%.60s", value)
	}
	return p
}

func badRequest(field, detail string) *problem {
	return &problem{Status: http.StatusBadRequest, Code: "bad_request", Title: "The request is wrong", Detail: detail, Token: field}
}
