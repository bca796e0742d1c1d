package update

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"aead.dev/minisign"

	"khien/console/hook/push"
	"khien/detector/cli"
	"khien/detector/signature"
)

// redirectMax is how often a source may send its readers elsewhere.
const redirectMax = 5

// answer is what a source sent.
type answer struct {
	data      []byte
	etag      string
	unchanged bool // the source says that it is what etag names
}

// fetch reads a source of rules, or a signature: a path or an https URL.
func fetch(ctx context.Context, client *http.Client, source, etag string) (a answer, err error) {
	if !strings.Contains(source, "://") {
		a.data, err = cli.ReadFile(source, cli.RulesMax)
		return a, err
	}
	u, err := url.Parse(source)
	if err != nil {
		return a, err
	}
	if u.Scheme != "https" {
		return a, fmt.Errorf("%s: only paths and https are read: anybody on the way could change the rules", source)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, source, nil)
	if err != nil {
		return a, err
	}
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	c := *client
	c.Transport = ownHostOr(push.Dialer(nil).DialContext, client.Transport, req)
	c.CheckRedirect = func(r *http.Request, via []*http.Request) error {
		if r.URL.Scheme != "https" || len(via) > redirectMax {
			return fmt.Errorf("refused to follow to %s", r.URL.Redacted())
		}
		return nil
	}
	res, err := c.Do(req)
	if err != nil {
		return a, err
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotModified && etag != "":
		a.etag, a.unchanged = etag, true
		return a, nil
	case res.StatusCode != http.StatusOK:
		return a, fmt.Errorf("%s: the server answers %s", u.Redacted(), res.Status)
	}
	if a.data, err = io.ReadAll(io.LimitReader(res.Body, cli.RulesMax+1)); err != nil {
		return a, fmt.Errorf("%s: %w", u.Redacted(), err)
	}
	if len(a.data) > cli.RulesMax {
		return a, fmt.Errorf("%s: larger than %d MiB", u.Redacted(), cli.RulesMax>>20)
	}
	a.etag = res.Header.Get("ETag")
	return a, nil
}

// ownHostOr returns a transport that connects to the host of a request, or to the proxy that it goes through, as the given one
// does, and to others by dial: a source may send its readers elsewhere, and not into the network that they stand in.
func ownHostOr(dial func(context.Context, string, string) (net.Conn, error), given http.RoundTripper, req *http.Request) http.RoundTripper {
	t, ok := given.(*http.Transport)
	if !ok {
		t = http.DefaultTransport.(*http.Transport)
	}
	t = t.Clone()
	own := []string{req.URL.Hostname()}
	if t.Proxy != nil {
		if proxy, err := t.Proxy(req); err == nil && proxy != nil {
			own = append(own, proxy.Hostname())
		}
	}
	direct := t.DialContext
	if direct == nil {
		direct = (&net.Dialer{}).DialContext
	}
	t.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		if host, _, err := net.SplitHostPort(address); err == nil && slices.Contains(own, host) {
			return direct(ctx, network, address)
		}
		return dial(ctx, network, address)
	}
	return t
}

// verify checks what was sent against a SHA-256 and a minisign signature; either may be empty.
func verify(data []byte, sha, key string, signature []byte) error {
	if sha != "" {
		sum := sha256.Sum256(data)
		if got := hex.EncodeToString(sum[:]); !strings.EqualFold(got, strings.TrimSpace(sha)) {
			return fmt.Errorf("SHA-256 is %s, not %s", got, sha)
		}
	}
	if key == "" {
		return nil
	}
	var pub minisign.PublicKey
	if err := pub.UnmarshalText([]byte(key)); err != nil {
		return fmt.Errorf("public key: %w", err)
	}
	if !minisign.Verify(pub, data, signature) {
		return errors.New("the signature is not of this file by this key")
	}
	return nil
}

// Limits of a source that is unpacked.
const (
	unpackedMax = 512 << 20 // bytes of all files
	filesMax    = 20_000    // entries of an archive
)

// plain takes the source as one rule file.
func plain(name string, data []byte) ([]signature.File, error) {
	if len(data) > unpackedMax || bytes.IndexByte(data, 0) >= 0 {
		return nil, fmt.Errorf("%s: neither a tar.gz archive nor a rule file", name)
	}
	return []signature.File{{Name: filepath.Base(name), Data: data}}, nil
}

// unpack returns the rule files of a source: a tar archive compressed with gzip, or rules as they stand, compressed
// or not.
func unpack(name string, data []byte) ([]signature.File, error) {
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return plain(name, data)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer z.Close()
	var out []signature.File
	left := int64(unpackedMax)
	r := bufio.NewReader(z)
	if head, _ := r.Peek(262); len(head) < 262 || string(head[257:]) != "ustar" {
		text, err := io.ReadAll(io.LimitReader(r, unpackedMax+1))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return plain(strings.TrimSuffix(name, ".gz"), text)
	}
	t := tar.NewReader(r)
	for n := 0; ; n++ {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: entry %d: %w", name, n+1, err)
		}
		if n == filesMax {
			return nil, fmt.Errorf("%s: more than %d files", name, filesMax)
		}
		if left -= max(h.Size, 0); left < 0 {
			return nil, fmt.Errorf("%s: more than %d MiB unpacked", name, unpackedMax>>20)
		}
		if h.Typeflag != tar.TypeReg || !strings.HasSuffix(h.Name, ".rules") || path.Base(h.Name) == "deleted.rules" {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(t, h.Size))
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", name, h.Name, err)
		}
		out = append(out, signature.File{Name: path.Base(h.Name), Data: text})
	}
	// An archive that was cut off behind its last file is noticed by its checksum alone.
	if _, err := io.Copy(io.Discard, io.LimitReader(r, unpackedMax)); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: no .rules file in it", name)
	}
	return out, nil
}
