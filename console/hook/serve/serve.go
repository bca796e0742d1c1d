// Package serve lets consumers fetch what they are to enforce: text lists and CrowdSec's local API over HTTP (Lists), a
// response policy zone over DNS (Zones). It reads a hook.Book and writes down in hook.Consumers who came when.
package serve

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"khien/console/hook"
	"khien/console/hook/render"
)

// Client is a consumer that fetches over HTTP.
type Client struct {
	Name    string
	Token   string        // at least TokenMin bytes
	Format  render.Format // of its text list; zero for a bouncer
	Select  hook.Selection
	Options render.Options
}

// TokenMin is how long a token is at least.
const TokenMin = 16

// Lists serves text lists below /edl/ and CrowdSec's local API below /v1/. Safe for concurrent use.
type Lists struct {
	book      *hook.Book
	consumers *hook.Consumers
	clients   []*client
}

// client is a Client and what it was given.
type client struct {
	Client
	key [32]byte // hash of the token

	mu      sync.Mutex
	etag    string
	changed time.Time // when the text last became another
	stream  stream
}

// NewLists returns the lists of some clients.
func NewLists(book *hook.Book, consumers *hook.Consumers, clients []Client) *Lists {
	l := &Lists{book: book, consumers: consumers}
	for _, c := range clients {
		if c.Format.Write != nil {
			c.Select = c.Format.Select(c.Select)
		} else if len(c.Select.Kinds) == 0 {
			c.Select.Kinds = []hook.Kind{hook.IP, hook.CIDR}
		}
		l.clients = append(l.clients, &client{Client: c, key: sha256.Sum256([]byte(c.Token))})
	}
	return l
}

// Handler serves the lists.
func (l *Lists) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /edl/{name}", l.text)
	mux.HandleFunc("GET /edl/{name}/{token}", l.text)
	mux.HandleFunc("GET /v1/decisions", l.bouncer((*Lists).decisions))
	mux.HandleFunc("GET /v1/decisions/stream", l.bouncer((*Lists).decisionStream))
	mux.HandleFunc("POST /v1/usage-metrics", l.bouncer((*Lists).usage))
	return mux
}

// find returns the client that a token belongs to. Every token is compared, in the same time.
func (l *Lists) find(token string, match func(*client) bool) *client {
	key := sha256.Sum256([]byte(token))
	var found *client
	for _, c := range l.clients {
		if subtle.ConstantTimeCompare(key[:], c.key[:]) == 1 && match(c) {
			found = c
		}
	}
	return found
}

// text serves a text list: to Basic and Bearer authorisation, or to a token in the path where a device knows neither.
func (l *Lists) text(w http.ResponseWriter, r *http.Request) {
	token := r.PathValue("token")
	if _, pw, ok := r.BasicAuth(); ok {
		token = pw
	} else if t, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = t
	}
	c := l.find(token, func(c *client) bool { return c.Format.Write != nil && c.Name == r.PathValue("name") })
	if c == nil {
		w.Header().Set("WWW-Authenticate", `Basic realm="khien"`)
		http.Error(w, "name or token is wrong", http.StatusUnauthorized)
		return
	}
	v := l.book.View(c.Select)
	var b bytes.Buffer
	if err := c.Format.Write(&b, v, c.Options); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError) // a device keeps what it has
		return
	}
	sum := sha256.Sum256(b.Bytes())
	etag := `"` + hex.EncodeToString(sum[:16]) + `"`
	c.mu.Lock()
	if c.etag != etag {
		c.changed = v.Changed
		if c.etag != "" {
			c.changed = v.Time // by an entry that ended or by a new list
		}
		c.etag = etag
	}
	changed := c.changed
	c.mu.Unlock()
	l.gave(c, v)
	h := w.Header()
	h.Set("Content-Type", c.Format.ContentType)
	h.Set("ETag", etag)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("X-Khien-Version", fmt.Sprint(v.Version))
	http.ServeContent(w, r, "", changed, bytes.NewReader(b.Bytes()))
}

// gave writes down what a client was given.
func (l *Lists) gave(c *client, v hook.View) {
	l.consumers.Update(c.Name, func(s *hook.ConsumerStatus) { s.Seen, s.Version, s.Given, s.Cut = v.Time, v.Version, v.Len(), v.Cut })
}

// bouncer lets a handler run for the client whose key X-Api-Key holds.
func (l *Lists) bouncer(next func(*Lists, http.ResponseWriter, *http.Request, *client)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := l.find(r.Header.Get("X-Api-Key"), func(c *client) bool { return c.Format.Write == nil })
		if c == nil {
			answer(w, http.StatusForbidden, map[string]string{"message": "access forbidden"})
			return
		}
		next(l, w, r, c)
	}
}

func answer(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		status, b = http.StatusInternalServerError, []byte(`{"message":"the answer cannot be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(b)
}
