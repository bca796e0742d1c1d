// Package taxii serves STIX objects over TAXII 2.1, for reading only. Objects come from a Source; who may read which
// collection is decided by bearer tokens or basic passwords of clients. Nothing is written, and what a Source gives has no
// personal data in it.
package taxii

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	mediaType = "application/taxii+json;version=2.1"
	pageMax   = 1000
	// Root is the path of the API root.
	Root = "/taxii2/khien/"
)

// Record is an object with when it was added.
type Record struct {
	ID, Type, Version string // version is the object's modified, or created, time
	Added             time.Time
	Object            any
}

// Collection is a set of objects.
type Collection struct {
	ID, Title, Description string
}

// Source gives collections and their records.
type Source interface {
	Collections() []Collection
	// Records returns a collection's records in the order in which they were added.
	Records(ctx context.Context, collection string) ([]Record, error)
}

// Client may read some collections. Secret is a bearer token, or the password of basic authentication with Name as user.
type Client struct {
	Name, Secret string
	Collections  []string
}

// Server serves a Source.
type Server struct {
	Title   string
	Contact string
	Source  Source
	Clients []Client
}

// Handler serves everything below /taxii2/.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, f func(w http.ResponseWriter, r *http.Request, c *Client)) {
		mux.HandleFunc("GET "+pattern+"{$}", func(w http.ResponseWriter, r *http.Request) {
			c := s.client(r)
			switch {
			case c == nil:
				w.Header().Set("WWW-Authenticate", `Basic realm="taxii"`)
				fail(w, http.StatusUnauthorized, "who asks is not known")
			case !acceptable(r.Header.Get("Accept")):
				fail(w, http.StatusNotAcceptable, "accept "+mediaType)
			default:
				f(w, r, c)
			}
		})
	}
	handle("/taxii2/", s.discovery)
	handle(Root, s.root)
	handle(Root+"collections/", s.collections)
	handle(Root+"collections/{id}/", s.collection)
	handle(Root+"collections/{id}/objects/", s.objects)
	handle(Root+"collections/{id}/manifest/", s.manifest)
	handle(Root+"collections/{id}/objects/{object}/", s.objects)
	handle(Root+"collections/{id}/objects/{object}/versions/", s.versions)
	return mux
}

// acceptable reports whether a client takes TAXII 2.1 (TAXII 2.1, 1.6.8).
func acceptable(accept string) bool {
	for _, a := range strings.Split(accept, ",") {
		a = strings.ReplaceAll(strings.TrimSpace(a), " ", "")
		if a == "" || strings.HasPrefix(a, "*/*") || a == "application/taxii+json" || a == mediaType {
			return true
		}
	}
	return false
}

func (s *Server) client(r *http.Request) *Client {
	name, secret, basic := r.BasicAuth()
	if !basic {
		var ok bool
		if secret, ok = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); !ok {
			return nil
		}
	}
	var found *Client
	got := sha256.Sum256([]byte(secret))
	for i := range s.Clients {
		c := &s.Clients[i]
		want := sha256.Sum256([]byte(c.Secret))
		if subtle.ConstantTimeCompare(got[:], want[:]) == 1 && c.Secret != "" && (!basic || c.Name == name) {
			found = c
		}
	}
	return found
}

func answer(w http.ResponseWriter, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		fail(w, http.StatusInternalServerError, "the answer cannot be written")
		return
	}
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Cache-Control", "no-store")
	w.Write(b)
}

func fail(w http.ResponseWriter, status int, title string) {
	b, err := json.Marshal(map[string]string{"title": title, "http_status": strconv.Itoa(status)})
	if err != nil {
		panic("BUG: strings cannot be written as JSON")
	}
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	w.Write(b)
}

func (s *Server) discovery(w http.ResponseWriter, r *http.Request, c *Client) {
	answer(w, map[string]any{"title": s.Title, "contact": s.Contact, "default": Root, "api_roots": []string{Root}})
}

func (s *Server) root(w http.ResponseWriter, r *http.Request, c *Client) {
	answer(w, map[string]any{"title": s.Title, "versions": []string{mediaType}, "max_content_length": 1})
}

func view(c Collection) map[string]any {
	return map[string]any{"id": c.ID, "title": c.Title, "description": c.Description, "can_read": true, "can_write": false,
		"media_types": []string{"application/stix+json;version=2.1"}}
}

func (s *Server) collections(w http.ResponseWriter, r *http.Request, c *Client) {
	out := []any{}
	for _, col := range s.Source.Collections() {
		if slices.Contains(c.Collections, col.ID) {
			out = append(out, view(col))
		}
	}
	answer(w, map[string]any{"collections": out})
}

// find returns the collection of a request; one that the client may not read is not there for it.
func (s *Server) find(w http.ResponseWriter, r *http.Request, c *Client) (Collection, bool) {
	for _, col := range s.Source.Collections() {
		if col.ID == r.PathValue("id") && slices.Contains(c.Collections, col.ID) {
			return col, true
		}
	}
	fail(w, http.StatusNotFound, "there is no such collection")
	return Collection{}, false
}

func (s *Server) collection(w http.ResponseWriter, r *http.Request, c *Client) {
	if col, ok := s.find(w, r, c); ok {
		answer(w, view(col))
	}
}

var errQuery = errors.New("taxii: bad query")

// page selects records as the query says and sets the headers of the page.
func (s *Server) page(w http.ResponseWriter, r *http.Request, c *Client) (out []Record, next string, ok bool) {
	col, ok := s.find(w, r, c)
	if !ok {
		return nil, "", false
	}
	all, err := s.Source.Records(r.Context(), col.ID)
	if err != nil {
		fail(w, http.StatusInternalServerError, "the objects cannot be read")
		return nil, "", false
	}
	out, next, err = choose(all, r)
	if err != nil {
		fail(w, http.StatusBadRequest, err.Error())
		return nil, "", false
	}
	if id := r.PathValue("object"); id != "" && len(out) == 0 && !slices.ContainsFunc(all, func(x Record) bool { return x.ID == id }) {
		fail(w, http.StatusNotFound, "there is no such object")
		return nil, "", false
	}
	if len(out) > 0 {
		w.Header().Set("X-TAXII-Date-Added-First", stamp(out[0].Added))
		w.Header().Set("X-TAXII-Date-Added-Last", stamp(out[len(out)-1].Added))
	}
	return out, next, true
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// choose applies added_after, match, limit and next (TAXII 2.1, 3.4 and 3.5). Of an object with several versions the last
// counts unless match[version] says otherwise.
func choose(all []Record, r *http.Request) (out []Record, next string, err error) {
	q := r.URL.Query()
	limit, from := pageMax, 0
	if v := q.Get("limit"); v != "" {
		if limit, err = strconv.Atoi(v); err != nil || limit < 1 {
			return nil, "", errors.Join(errQuery, errors.New("limit is a number from 1 on"))
		}
		limit = min(limit, pageMax)
	}
	if v := q.Get("next"); v != "" {
		if from, err = strconv.Atoi(v); err != nil || from < 0 {
			return nil, "", errors.Join(errQuery, errors.New("next is not from this server"))
		}
	}
	var after time.Time
	if v := q.Get("added_after"); v != "" {
		if after, err = time.Parse(time.RFC3339Nano, v); err != nil {
			return nil, "", errors.Join(errQuery, errors.New("added_after is not a time of RFC 3339"))
		}
	}
	list := func(name string) []string {
		if v := q.Get("match[" + name + "]"); v != "" {
			return strings.Split(v, ",")
		}
		return nil
	}
	ids, types, versions := list("id"), list("type"), list("version")
	if id := r.PathValue("object"); id != "" {
		ids = []string{id}
	}
	last := map[string]string{}
	for _, x := range all {
		last[x.ID] = max(last[x.ID], x.Version)
	}
	var match []Record
	for _, x := range all {
		if !x.Added.After(after) || ids != nil && !slices.Contains(ids, x.ID) || types != nil && !slices.Contains(types, x.Type) {
			continue
		}
		if versions == nil && x.Version != last[x.ID] || versions != nil && !slices.ContainsFunc(versions, func(v string) bool {
			return v == "all" || v == x.Version || v == "last" && x.Version == last[x.ID]
		}) {
			continue
		}
		match = append(match, x)
	}
	from = min(from, len(match))
	to := min(from+limit, len(match))
	if to < len(match) {
		next = strconv.Itoa(to)
	}
	return match[from:to], next, nil
}

// envelope is a page of objects.
func envelope(key string, list []any, next string) map[string]any {
	out := map[string]any{"more": next != ""}
	if len(list) > 0 {
		out[key] = list
	}
	if next != "" {
		out["next"] = next
	}
	return out
}

// list answers with what each record of a page shows.
func (s *Server) list(w http.ResponseWriter, r *http.Request, c *Client, key string, show func(Record) any) {
	page, next, ok := s.page(w, r, c)
	if !ok {
		return
	}
	list := []any{}
	for _, x := range page {
		list = append(list, show(x))
	}
	answer(w, envelope(key, list, next))
}

func (s *Server) objects(w http.ResponseWriter, r *http.Request, c *Client) {
	s.list(w, r, c, "objects", func(x Record) any { return x.Object })
}

func (s *Server) manifest(w http.ResponseWriter, r *http.Request, c *Client) {
	s.list(w, r, c, "objects", func(x Record) any {
		return map[string]string{"id": x.ID, "date_added": stamp(x.Added), "version": x.Version, "media_type": "application/stix+json;version=2.1"}
	})
}

func (s *Server) versions(w http.ResponseWriter, r *http.Request, c *Client) {
	q := r.URL.Query()
	q.Set("match[version]", "all")
	r.URL.RawQuery = q.Encode()
	s.list(w, r, c, "versions", func(x Record) any { return x.Version })
}
