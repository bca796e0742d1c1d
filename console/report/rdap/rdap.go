// Package rdap finds the abuse contact of a name or address in the registration data (RDAP, RFC 9082 and 9083). Nothing is
// asked by default: a Finder needs the base address of a service, and what it learns it keeps for a week.
package rdap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"khien/console/report/exchange"
	"khien/detector/store"
)

const (
	kind      = "rdap"
	fresh     = 7 * 24 * time.Hour
	answerMax = 1 << 20
	depthMax  = 6 // entities within entities
	wait      = 15 * time.Second
)

// Finder asks an RDAP service.
type Finder struct {
	Base   string // "https://rdap.example/": a service that knows all registries, or redirects to them
	Client *http.Client
	Store  store.Store
	Now    func() time.Time
}

// ErrNone is returned when the registration data name no abuse contact.
var ErrNone = errors.New("rdap: no abuse contact")

type kept struct {
	At    time.Time `json:"at"`
	Mails []string  `json:"mails"`
}

// Abuse returns the mail addresses of the abuse contacts of a domain name or an address, in the order of the answer.
func (f Finder) Abuse(ctx context.Context, target string) ([]string, error) {
	path, err := question(target)
	if err != nil {
		return nil, err
	}
	id := exchange.ID("rdap " + path)
	doc, err := f.Store.Document(ctx, kind, id)
	if errors.Is(err, store.ErrNotFound) {
		doc, err = store.Document{Kind: kind, ID: id}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("rdap: %w", err)
	}
	var k kept
	if doc.Version > 0 && json.Unmarshal(doc.Body, &k) == nil && f.Now().Sub(k.At) < fresh {
		return answer(k.Mails)
	}
	mails, err := f.ask(ctx, path)
	if err != nil {
		return nil, err
	}
	if doc.Body, err = json.Marshal(kept{f.Now().UTC(), mails}); err != nil {
		return nil, fmt.Errorf("rdap: %w", err)
	}
	doc.Updated = f.Now()
	if _, err := f.Store.PutDocument(ctx, doc); err != nil && !errors.Is(err, store.ErrConflict) {
		return nil, fmt.Errorf("rdap: %w", err)
	}
	return answer(mails)
}

func answer(mails []string) ([]string, error) {
	if len(mails) == 0 {
		return nil, ErrNone
	}
	return mails, nil
}

// question returns the path of a query: of a name the registered domain, since registries know no hosts.
func question(target string) (string, error) {
	if a, err := netip.ParseAddr(target); err == nil {
		return "ip/" + a.String(), nil
	}
	name, err := publicsuffix.EffectiveTLDPlusOne(strings.ToLower(strings.TrimSuffix(target, ".")))
	if err != nil || strings.ContainsAny(name, "/?#% \r\n") {
		return "", fmt.Errorf("rdap: %.80q is neither a domain name nor an address", target)
	}
	return "domain/" + name, nil
}

func (f Finder) ask(ctx context.Context, path string) ([]string, error) {
	base, err := url.Parse(f.Base)
	if err != nil || base.Scheme != "https" && base.Scheme != "http" || base.Host == "" {
		return nil, fmt.Errorf("rdap: %.80q is not the address of a service", f.Base)
	}
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base.JoinPath(path).String(), nil)
	if err != nil {
		return nil, fmt.Errorf("rdap: %w", err)
	}
	req.Header.Set("Accept", "application/rdap+json")
	res, err := f.Client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("rdap: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("rdap: %s: the service answered %s", path, res.Status)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, answerMax+1))
	if err != nil || len(b) > answerMax {
		return nil, fmt.Errorf("rdap: %s: an answer of at most %d bytes cannot be read: %w", path, answerMax, err)
	}
	return contacts(b)
}

// entity is a person or organisation (RFC 9083, 5.1). Its vCard is an array of [name, parameters, type, value].
type entity struct {
	Roles    []string `json:"roles"`
	VCard    []any    `json:"vcardArray"`
	Entities []entity `json:"entities"`
}

// contacts returns the mail addresses of the abuse contacts in an answer.
func contacts(b []byte) ([]string, error) {
	var top entity
	if err := json.Unmarshal(b, &top); err != nil {
		return nil, fmt.Errorf("rdap: not an answer of RDAP: %w", err)
	}
	out := []string{}
	collect(top, depthMax, &out)
	return out, nil
}

func collect(e entity, depth int, out *[]string) {
	if slices.Contains(e.Roles, "abuse") && len(e.VCard) == 2 {
		properties, _ := e.VCard[1].([]any)
		for _, p := range properties {
			q, _ := p.([]any)
			if len(q) < 4 || q[0] != "email" {
				continue
			}
			s, _ := q[3].(string)
			if a, err := mail.ParseAddress(s); err == nil && !slices.Contains(*out, a.Address) {
				*out = append(*out, a.Address)
			}
		}
	}
	if depth > 0 {
		for _, c := range e.Entities {
			collect(c, depth-1, out)
		}
	}
}
