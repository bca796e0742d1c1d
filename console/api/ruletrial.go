package api

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"khien/console/account"
	"khien/console/rulebook"
)

const (
	// rulesBodyMax is a body with own rules: JSON writes a byte with at most two, but for control characters.
	rulesBodyMax  = 2*rulebook.OwnMax + bodyMax
	measureMax    = 60 // minutes
	windowMax     = 24 * time.Hour
	multipartHead = 64 << 10
)

// measureRules begins to measure what rules cost on kept packets.
func (a *API) measureRules(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Minutes int `json:"minutes"`
	}
	if err := read(w, r, &in); err != nil {
		return err
	}
	if in.Minutes < 1 || in.Minutes > measureMax {
		return badRequest("minutes", fmt.Sprintf("minutes is a number from 1 to %d", measureMax))
	}
	if err := a.log(r, who.Name, "rule.measure", "", fmt.Sprint(in.Minutes, " minutes")); err != nil {
		return err
	}
	if err := a.cfg.Rules.Measure(who.Name, time.Duration(in.Minutes)*time.Minute); err != nil {
		return rulesProblem(err)
	}
	return answer(w, a.cfg.Rules.Cost())
}

// checkRules reads a text as it would be loaded, while somebody types it.
func (a *API) checkRules(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Text string `json:"text"`
	}
	if err := readMax(w, r, &in, rulesBodyMax); err != nil {
		return err
	}
	if err := checkLength(in.Text); err != nil {
		return err
	}
	out, err := a.cfg.Rules.Check(in.Text)
	if err != nil {
		return rulesProblem(err)
	}
	return answer(w, out)
}

func checkLength(text string) error {
	if len(text) > rulebook.OwnMax {
		return badRequest("text", fmt.Sprintf("text has %d bytes, at most %d", len(text), rulebook.OwnMax))
	}
	return nil
}

// tryRules runs a text over the kept packets of a finding, or of a time.
func (a *API) tryRules(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Text    string    `json:"text"`
		Finding string    `json:"finding"`
		From    time.Time `json:"from"`
		To      time.Time `json:"to"`
	}
	if err := readMax(w, r, &in, rulesBodyMax); err != nil {
		return err
	}
	if err := checkLength(in.Text); err != nil {
		return err
	}
	if in.Finding != "" {
		r.SetPathValue("id", in.Finding)
		var b bytes.Buffer
		if _, _, err := a.carve(&b, r, who, "rule.try", rulebook.TrialMax); err != nil {
			return err
		}
		return a.tried(w, r, in.Text, &b)
	}
	if d := in.To.Sub(in.From); in.From.IsZero() || d <= 0 || d > windowMax {
		return badRequest("from", "name a finding, or from and to, at most 24 hours")
	}
	if err := a.log(r, who.Name, "rule.try", "window", in.From.Format(time.RFC3339)+" "+in.To.Format(time.RFC3339)); err != nil {
		return err
	}
	out, err := a.cfg.Rules.TryWindow(r.Context(), in.Text, in.From, in.To)
	if err != nil {
		return rulesProblem(err)
	}
	return answer(w, out)
}

// tryCapture runs a text over a capture that is sent: a form with the fields text and capture, in this order.
func (a *API) tryCapture(w http.ResponseWriter, r *http.Request, who account.Account) error {
	r.Body = http.MaxBytesReader(w, r.Body, rulebook.TrialMax+rulebook.OwnMax+multipartHead)
	form, err := r.MultipartReader()
	if err != nil {
		return &problem{Status: http.StatusUnsupportedMediaType, Code: "media_type", Title: "Send multipart/form-data"}
	}
	part := func(name string, max int64) ([]byte, error) {
		p, err := form.NextPart()
		if err == nil && p.FormName() != name {
			err = fmt.Errorf("the field %s is missing here", name)
		}
		if err != nil {
			return nil, bodyProblem(err)
		}
		b, err := io.ReadAll(io.LimitReader(p, max+1))
		if err != nil {
			return nil, bodyProblem(err)
		}
		if int64(len(b)) > max {
			return nil, &http.MaxBytesError{Limit: max}
		}
		return b, nil
	}
	text, err := part("text", rulebook.OwnMax)
	if err != nil {
		return err
	}
	capture, err := part("capture", rulebook.TrialMax)
	if err != nil {
		return err
	}
	if err := a.log(r, who.Name, "rule.try", "capture", fmt.Sprint(len(capture), " bytes")); err != nil {
		return err
	}
	return a.tried(w, r, string(text), bytes.NewReader(capture))
}

// bodyProblem is what is wrong with a form, unless it is too large.
func bodyProblem(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return badRequest("body", "send the fields text and capture, in this order: "+err.Error())
}

func (a *API) tried(w http.ResponseWriter, r *http.Request, text string, capture io.Reader) error {
	out, err := a.cfg.Rules.Try(r.Context(), text, capture)
	if err != nil {
		return rulesProblem(err)
	}
	return answer(w, out)
}

// ownRules are the rules of one's own and their versions.
func (a *API) ownRules(w http.ResponseWriter, r *http.Request, who account.Account) error {
	out, err := a.cfg.Rules.Own()
	if err != nil {
		return rulesProblem(err)
	}
	return answer(w, out)
}

func (a *API) ownVersion(w http.ResponseWriter, r *http.Request, who account.Account) error {
	n, err := strconv.Atoi(r.PathValue("version"))
	if err != nil || n < 1 {
		return badRequest("version", "version is a number")
	}
	out, err := a.cfg.Rules.Version(n)
	if err != nil {
		return rulesProblem(err)
	}
	return answer(w, out)
}

// saveOwn puts a text in force, or says why it is not.
func (a *API) saveOwn(w http.ResponseWriter, r *http.Request, who account.Account) error {
	var in struct {
		Text   string `json:"text"`
		Base   string `json:"base"` // of the text that the change began with
		Reason string `json:"reason"`
	}
	if err := readMax(w, r, &in, rulesBodyMax); err != nil {
		return err
	}
	if err := a.log(r, who.Name, "rule.save", "own.rules", in.Reason); err != nil {
		return err
	}
	out, err := a.cfg.Rules.Save(in.Text, in.Base, who.Name, in.Reason)
	if err != nil {
		return rulesProblem(err)
	}
	return answer(w, shown(out))
}
