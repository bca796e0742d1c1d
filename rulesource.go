package main

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
)

// Limits of what a source of rules may send.
const (
	sourceMax   = 256 << 20 // bytes as sent
	unpackedMax = 512 << 20 // bytes of all files in an archive
	entriesMax  = 20_000    // files in an archive
	redirectMax = 5
)

// sourceBytes is what a source sent.
type sourceBytes struct {
	data      []byte
	etag      string
	unchanged bool // the source says that it is what etag names
}

// fetchSource reads a source of rules: a path or an https URL.
func fetchSource(ctx context.Context, client *http.Client, source, etag string) (s sourceBytes, err error) {
	if !strings.Contains(source, "://") {
		s.data, err = cli.ReadFile(source, sourceMax)
		return s, err
	}
	u, err := url.Parse(source)
	if err != nil {
		return s, err
	}
	if u.Scheme != "https" {
		return s, fmt.Errorf("%s: only paths and https are read: anybody on the way could change the rules", source)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, source, nil)
	if err != nil {
		return s, err
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
		return s, err
	}
	defer res.Body.Close()
	switch {
	case res.StatusCode == http.StatusNotModified && etag != "":
		s.etag, s.unchanged = etag, true
		return s, nil
	case res.StatusCode != http.StatusOK:
		return s, fmt.Errorf("%s: the server answers %s", u.Redacted(), res.Status)
	}
	if s.data, err = io.ReadAll(io.LimitReader(res.Body, sourceMax+1)); err != nil {
		return s, fmt.Errorf("%s: %w", u.Redacted(), err)
	}
	if len(s.data) > sourceMax {
		return s, fmt.Errorf("%s: larger than %d MiB", u.Redacted(), sourceMax>>20)
	}
	s.etag = res.Header.Get("ETag")
	return s, nil
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

// verifySource checks what was sent against a SHA-256 and a minisign signature; either may be empty.
func verifySource(data []byte, sha, key string, signature []byte) error {
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

// plainRules takes the source as one rule file.
func plainRules(name string, data []byte) ([]source, error) {
	if len(data) > unpackedMax || bytes.IndexByte(data, 0) >= 0 {
		return nil, fmt.Errorf("%s: neither a tar.gz archive nor a rule file", name)
	}
	return []source{{filepath.Base(name), data}}, nil
}

// unpackRules returns the rule files of a source: a tar archive compressed with gzip, or rules as they stand, compressed
// or not.
func unpackRules(name string, data []byte) ([]source, error) {
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return plainRules(name, data)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	defer z.Close()
	var out []source
	left := int64(unpackedMax)
	r := bufio.NewReader(z)
	if head, _ := r.Peek(262); len(head) < 262 || string(head[257:]) != "ustar" {
		text, err := io.ReadAll(io.LimitReader(r, unpackedMax+1))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return plainRules(strings.TrimSuffix(name, ".gz"), text)
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
		if n == entriesMax {
			return nil, fmt.Errorf("%s: more than %d files", name, entriesMax)
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
		out = append(out, source{path.Base(h.Name), text})
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
