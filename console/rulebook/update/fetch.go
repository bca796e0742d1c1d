package update

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"khien/console/hook/push"
	"khien/detector/cli"
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
