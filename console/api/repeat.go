package api

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Idempotency keys as of draft-ietf-httpapi-idempotency-key-header: a POST that is sent again with its key is answered as it
// was and does nothing twice. Answers are kept in memory, for as long as the process runs, and sealed with the key itself,
// of which only a hash is kept: a new token or password that stands in one can be read by nobody but who sends the key
// again.
const (
	keyHeader      = "Idempotency-Key"
	keyLeast       = 16 // characters: a UUID has 36
	keyLongest     = 255
	repeatAge      = 24 * time.Hour
	repeatsMax     = 10_000    // answers that are kept
	repeatsOfOne   = 1000      // of one account
	repeatBytesMax = 64 << 20  // of all answers
	repeatAnswer   = 256 << 10 // of one answer; a longer one is not told again, and nothing is done twice all the same
)

// repeat is a request that was made with a key.
type repeat struct {
	request [sha256.Size]byte // method, path and body
	account string
	at      time.Time
	done    bool
	long    bool   // the answer was too long to be kept
	sealed  []byte // of the kept answer
}

// kept is an answer as it is sealed.
type kept struct {
	Status int         `json:"status"`
	Header http.Header `json:"header"`
	Body   []byte      `json:"body"`
}

// repeats remembers requests. Safe for concurrent use.
type repeats struct {
	now func() time.Time

	mu    sync.Mutex
	byID  map[[sha256.Size]byte]*repeat
	order [][sha256.Size]byte // oldest first
	bytes int
	of    map[string]int // by account
}

func newRepeats(now func() time.Time) *repeats {
	return &repeats{now: now, byID: map[[sha256.Size]byte]*repeat{}, of: map[string]int{}}
}

// readKey reads the header, which is a string of RFC 9651; one without quotation marks is taken as well.
func readKey(r *http.Request) (string, error) {
	list := r.Header.Values(keyHeader)
	if len(list) == 0 {
		return "", nil
	}
	key := strings.TrimSpace(list[0])
	if n := len(key); n >= 2 && key[0] == '"' && key[n-1] == '"' {
		key = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(key[1 : n-1])
	}
	printable := !strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' })
	if len(list) > 1 || len(key) < keyLeast || len(key) > keyLongest || !printable {
		return "", &problem{Status: http.StatusBadRequest, Code: "idempotency_key", Title: "The idempotency key is not one", Token: keyHeader,
			Detail: fmt.Sprintf("one string of %d to %d printable ASCII characters, such as a UUID", keyLeast, keyLongest)}
	}
	return key, nil
}

// digest is a hash over parts of any content.
func digest(parts ...string) [sha256.Size]byte {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// once runs a request of an account, unless it was made with its key before: then the answer is the same.
func (s *repeats) once(w http.ResponseWriter, r *http.Request, user string, max int64, run func(http.ResponseWriter, *http.Request)) error {
	key, err := readKey(r)
	if err != nil || key == "" || r.Method != http.MethodPost {
		if err == nil {
			run(w, r)
		}
		return err
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, max))
	if err != nil {
		return readProblem(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	id, lock := digest("id", user, key), digest("seal", user, key)
	e, err := s.begin(id, &repeat{account: user, request: digest(r.Method, r.URL.RequestURI(), r.Header.Get("Content-Type"), string(body))})
	if err != nil {
		return err
	}
	if e != nil {
		return e.answer(w, id, lock)
	}
	out := &recorder{header: http.Header{}}
	defer func() { s.end(id, lock, out) }()
	run(out, r)
	out.finished = true
	return out.send(w)
}

// begin remembers that a request runs, or returns what was made with its key before.
func (s *repeats) begin(id [sha256.Size]byte, fresh *repeat) (*repeat, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	s.expire(now, fresh.account)
	e := s.byID[id]
	switch {
	case e == nil:
	case e.request != fresh.request:
		return nil, &problem{Status: http.StatusUnprocessableEntity, Code: "idempotency_reused", Title: "This idempotency key belongs to another request"}
	case !e.done:
		return nil, &problem{Status: http.StatusConflict, Code: "idempotency_running", Title: "The request with this idempotency key still runs", RetryAfter: 1}
	default:
		return e, nil
	}
	if len(s.byID) >= repeatsMax { // all of them run
		return nil, &problem{Status: http.StatusServiceUnavailable, Code: "too_many", Title: "Too many requests run", RetryAfter: 1}
	}
	fresh.at = now
	s.byID[id] = fresh
	s.order = append(s.order, id)
	s.of[fresh.account]++
	return nil, nil
}

// expire forgets what is old and makes room for one more: the oldest goes, of the account when it has its share. What runs
// stays.
func (s *repeats) expire(now time.Time, account string) {
	full, own := len(s.byID)-repeatsMax+1, s.of[account]-repeatsOfOne+1
	left := s.order[:0]
	for _, id := range s.order {
		e := s.byID[id]
		if e.done && (now.Sub(e.at) >= repeatAge || full > 0 || s.bytes > repeatBytesMax || e.account == account && own > 0) {
			if e.account == account {
				own--
			}
			full--
			s.drop(id)
			continue
		}
		left = append(left, id)
	}
	s.order = left
}

func (s *repeats) drop(id [sha256.Size]byte) {
	e := s.byID[id]
	delete(s.byID, id)
	s.bytes -= len(e.sealed)
	if s.of[e.account]--; s.of[e.account] == 0 {
		delete(s.of, e.account)
	}
}

// end keeps an answer. What failed for reasons that pass is not kept, so that it can be tried again.
func (s *repeats) end(id, lock [sha256.Size]byte, out *recorder) {
	var sealed []byte
	long := out.body.Len() > repeatAnswer
	passing := !out.finished || out.status >= 500 || out.status == http.StatusTooManyRequests
	if !long && !passing {
		b, err := json.Marshal(kept{out.status, out.header, out.body.Bytes()})
		if err != nil {
			passing = true // only plain values are kept
		} else {
			sealed = seal(lock).Seal(nil, nil, b, id[:])
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if passing {
		s.drop(id)
		s.order = slices.DeleteFunc(s.order, func(x [sha256.Size]byte) bool { return x == id })
		return
	}
	e := s.byID[id]
	e.done, e.long, e.sealed = true, long, sealed
	s.bytes += len(sealed)
}

// seal is the cipher under a key of 32 bytes, whose making fails for other lengths only.
func seal(key [sha256.Size]byte) cipher.AEAD {
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic(err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	return aead
}

// answer tells again what was answered.
func (e *repeat) answer(w http.ResponseWriter, id, lock [sha256.Size]byte) error {
	if e.long {
		return &problem{Status: http.StatusConflict, Code: "idempotency_done", Title: "The request was done; its answer was too long to be kept"}
	}
	b, err := seal(lock).Open(nil, nil, e.sealed, id[:])
	if err != nil {
		return fmt.Errorf("api: kept answer: %w", err)
	}
	var k kept
	if err := json.Unmarshal(b, &k); err != nil {
		return fmt.Errorf("api: kept answer: %w", err)
	}
	w.Header().Set("Idempotency-Replayed", "true")
	return (&recorder{header: k.Header, status: k.Status, body: *bytes.NewBuffer(k.Body)}).send(w)
}

// recorder holds an answer.
type recorder struct {
	header   http.Header
	status   int
	body     bytes.Buffer
	finished bool // and no panic
}

func (o *recorder) Header() http.Header { return o.header }

func (o *recorder) WriteHeader(status int) {
	if o.status == 0 {
		o.status = status
	}
}

func (o *recorder) Write(b []byte) (int, error) {
	o.WriteHeader(http.StatusOK)
	return o.body.Write(b)
}

// send gives the answer to whom it is for. A browser that left is nobody's mistake.
func (o *recorder) send(w http.ResponseWriter) error {
	h := w.Header()
	for name, list := range o.header {
		h[name] = list
	}
	w.WriteHeader(max(o.status, http.StatusOK))
	w.Write(o.body.Bytes())
	return nil
}
