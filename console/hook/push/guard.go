package push

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

// special are public addresses by form that are none by use: what they reach is not what an URL's writer may reach.
var special = []netip.Prefix{netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("2002::/16")}

// reachable says whether messages may be sent to an address: a public one, or one that the consumer's configuration allows.
func reachable(a netip.Addr, allow []netip.Prefix) bool {
	a = a.Unmap().WithZone("")
	holds := func(p netip.Prefix) bool { return p.Contains(a) }
	if slices.ContainsFunc(allow, holds) {
		return true
	}
	return a.IsGlobalUnicast() && !a.IsPrivate() && !slices.ContainsFunc(special, holds)
}

// Dialer connects to reachable addresses only. The check is made on the address that the connection is made to, so that a
// name that changes its address between two questions gets nowhere.
func Dialer(allow []netip.Prefix) *net.Dialer {
	return &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil {
			return fmt.Errorf("push: %w", err)
		}
		if !reachable(at.Addr(), allow) {
			return fmt.Errorf("push: %s is not public and not allowed", at.Addr())
		}
		return nil
	}}
}

// client returns an HTTP client behind the guard: no proxy, no redirection.
func client(allow []netip.Prefix) *http.Client {
	return &http.Client{Timeout: 20 * time.Second,
		Transport: &http.Transport{DialContext: Dialer(allow).DialContext, Proxy: nil, TLSHandshakeTimeout: 10 * time.Second, IdleConnTimeout: time.Minute,
			MaxIdleConnsPerHost: 1, ResponseHeaderTimeout: 15 * time.Second, MaxResponseHeaderBytes: 64 << 10},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// CheckURL says what is wrong with an address that messages are to be sent to. Without TLS only allowed private addresses
// will do: what is sent is signed, and read by nobody else.
func CheckURL(s string, allow []netip.Prefix) error {
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return err
	case u.Host == "" || u.User != nil:
		return errors.New("an address such as https://soar.example/hook is expected, without user name")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && len(allow) > 0:
		return nil
	}
	return errors.New("https is expected; http only to private addresses that allow names")
}

// post sends a body and reads the status. What no repetition heals is errFinal: the receiver does not want this message.
func post(ctx context.Context, c *http.Client, to string, body []byte, header map[string]string) error {
	_, err := exchange(ctx, c, to, body, header)
	return err
}

// answerMax is how many bytes of an answer are read.
const answerMax = 64 << 10

// exchange does so and returns what the receiver says, the beginning of it.
func exchange(ctx context.Context, c *http.Client, to string, body []byte, header map[string]string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	resp, err := c.Do(r)
	if err != nil {
		var withURL *url.Error // an URL may hold a secret, and errors are shown
		if errors.As(err, &withURL) {
			err = withURL.Err
		}
		return nil, err
	}
	defer resp.Body.Close()
	switch s := resp.StatusCode; {
	case s/100 == 2, s == http.StatusConflict: // it has this one already
		return io.ReadAll(io.LimitReader(resp.Body, answerMax))
	case s == http.StatusBadRequest, s == http.StatusGone, s == http.StatusRequestEntityTooLarge, s == http.StatusUnprocessableEntity:
		return nil, fmt.Errorf("%w: %s", errFinal, resp.Status)
	default:
		return nil, errors.New(resp.Status)
	}
}
