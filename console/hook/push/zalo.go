package push

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"khien/detector/wholefile"
)

// zaloRefresh is Zalo's own endpoint for new access tokens.
const zaloRefresh = "https://oauth.zaloapp.com/v4/oa/access_token"

// Times of an access token: it is renewed before its end, and lives an hour where Zalo does not say.
const (
	zaloEarly = 10 * time.Minute
	zaloLife  = time.Hour
)

// zaloSecret is the secret file of an official account. The refresh token is good for one use: each answer brings the next.
type zaloSecret struct {
	AppID        string    `json:"app_id"`
	SecretKey    string    `json:"secret_key"`
	AccessToken  string    `json:"access_token,omitempty"`
	RefreshToken string    `json:"refresh_token"`
	Expires      time.Time `json:"expires,omitzero"`
}

// ZaloToken gives the access token of an official account from its secret file, and renews it with the refresh token there.
// The file is the only place where the tokens live: a new pair is written before it is used. Safe for concurrent use; two for
// the same file would spend each other's refresh token.
type ZaloToken struct {
	path, endpoint string
	client         *http.Client
	now            func() time.Time

	mu      sync.Mutex
	pending *zaloSecret // a pair that could not be written yet: the one in the file is spent
}

// ZaloSecret says that a secret is that of an official account, not an access token alone.
func ZaloSecret(secret string) bool { return strings.HasPrefix(secret, "{") }

// NewZaloToken returns the tokens in a file. endpoint is "" for Zalo's own.
func NewZaloToken(path, endpoint string, allow []netip.Prefix, now func() time.Time) (*ZaloToken, error) {
	if endpoint == "" {
		endpoint = zaloRefresh
	}
	if err := CheckURL(endpoint, allow); err != nil {
		return nil, fmt.Errorf("push: %w", err)
	}
	z := &ZaloToken{path: path, endpoint: endpoint, client: client(allow), now: now}
	_, err := z.read()
	return z, err
}

func (z *ZaloToken) read() (*zaloSecret, error) {
	raw, err := os.ReadFile(z.path)
	if err != nil {
		return nil, fmt.Errorf("push: zalo: %w", err)
	}
	s := &zaloSecret{}
	if json.Unmarshal(raw, s) != nil || s.AppID == "" || s.SecretKey == "" || s.RefreshToken == "" {
		return nil, fmt.Errorf("push: zalo: %s: app_id, secret_key and refresh_token are expected, as JSON", z.path)
	}
	return s, nil
}

// Token returns an access token that is good for some minutes.
func (z *ZaloToken) Token(ctx context.Context) (string, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	s := z.pending
	if s == nil {
		var err error
		if s, err = z.read(); err != nil {
			return "", err
		}
	} else if err := z.write(s); err != nil {
		return "", err
	}
	z.pending = nil
	if s.AccessToken != "" && z.now().Add(zaloEarly).Before(s.Expires) {
		return s.AccessToken, nil
	}
	// A program that ends must not throw the answer away: the token that was sent is spent. The client has a time limit.
	next, err := z.refresh(context.WithoutCancel(ctx), s)
	if err != nil {
		return "", err
	}
	if err := z.write(next); err != nil {
		z.pending = next
		return "", err
	}
	return next.AccessToken, nil
}

// refresh trades the refresh token for a new pair.
func (z *ZaloToken) refresh(ctx context.Context, s *zaloSecret) (*zaloSecret, error) {
	form := url.Values{"app_id": {s.AppID}, "grant_type": {"refresh_token"}, "refresh_token": {s.RefreshToken}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, z.endpoint, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("push: zalo: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("secret_key", s.SecretKey)
	resp, err := z.client.Do(r)
	if err != nil {
		return nil, fmt.Errorf("push: zalo: renew the token: %w", err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	if err != nil {
		return nil, fmt.Errorf("push: zalo: renew the token: %w", err)
	}
	// A refusal comes with status 200, too; its words may hold what was sent, so only its number is told.
	var in struct {
		AccessToken  string          `json:"access_token"`
		RefreshToken string          `json:"refresh_token"`
		ExpiresIn    json.RawMessage `json:"expires_in"` // a number, or one in quotes
		Error        int             `json:"error"`
	}
	if json.Unmarshal(raw, &in) != nil || resp.StatusCode != http.StatusOK || in.AccessToken == "" || in.RefreshToken == "" {
		return nil, fmt.Errorf("push: zalo: the token was not renewed: status %d, error %d; make a new refresh token and write it into %s", resp.StatusCode, in.Error, z.path)
	}
	life := zaloLife
	if n, err := strconv.ParseInt(strings.Trim(string(in.ExpiresIn), `"`), 10, 32); err == nil && n > 0 {
		life = time.Duration(n) * time.Second
	}
	next := *s
	next.AccessToken, next.RefreshToken, next.Expires = in.AccessToken, in.RefreshToken, z.now().Add(life).UTC()
	return &next, nil
}

// write replaces the file: a crash leaves the old or the new pair whole.
func (z *ZaloToken) write(s *zaloSecret) error {
	raw, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return fmt.Errorf("push: zalo: %w", err)
	}
	if err := wholefile.Write(z.path, append(raw, '\n'), 0o600); err != nil {
		return fmt.Errorf("push: zalo: keep the new token: %w", err)
	}
	// The name must be on the disk, too, before the pair is used.
	if err := wholefile.SyncFolder(filepath.Dir(z.path)); err != nil {
		return fmt.Errorf("push: zalo: keep the new token: %w", err)
	}
	return nil
}
