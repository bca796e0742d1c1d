package passkey

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
)

// Why browsers let no key be used at an address.
var (
	ErrNone  = errors.New("passkey: nobody has said at which address browsers reach the console")
	ErrName  = errors.New("passkey: keys are bound to a full name such as khien.example.vn, which the address does not have")
	ErrPlain = errors.New("passkey: keys need https, except at localhost")
)

// Place is where browsers reach the console.
type Place struct {
	Origin string // scheme, name and port
	Host   string // the name, which keys are bound to: the relying party's id
}

// Secure says whether browsers come over TLS.
func (p Place) Secure() bool { return strings.HasPrefix(p.Origin, "https:") }

// At reads an address such as https://khien.example.vn; a path in it is no part of the place. One that is an address and at which no key can be used comes back
// with ErrName or ErrPlain, an empty one with ErrNone.
func At(address string) (Place, error) {
	if address == "" {
		return Place{}, ErrNone
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return Place{}, fmt.Errorf("passkey: %q is no address such as https://khien.example.vn", address)
	}
	p := Place{Host: strings.ToLower(u.Hostname())}
	host := p.Host
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	// Browsers leave out the port that the scheme means (RFC 6454, 6.1).
	if port := u.Port(); port != "" && (port != "443" || u.Scheme != "https") && (port != "80" || u.Scheme != "http") {
		host += ":" + port
	}
	p.Origin = u.Scheme + "://" + host
	switch {
	case protocol.ValidateRPID(p.Host) != nil:
		return p, ErrName
	case u.Scheme == "http" && p.Host != "localhost":
		return p, ErrPlain
	}
	return p, nil
}

// Local is the address of a console that listens on this machine alone, "" for any other: browsers refuse keys at
// 127.0.0.1, and take them at localhost.
func Local(listener net.Addr) string {
	if tcp, ok := listener.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return fmt.Sprintf("http://localhost:%d", tcp.Port)
	}
	return ""
}
