package bus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Outside is a NATS server or cluster that somebody else runs, in place of a hub.
type Outside struct {
	URLs []string // tls://HOST:PORT
	CA   string   // file of the authority of the servers' certificates; empty for those that the system trusts
	Cert string   // files of a client certificate and its key; empty for none
	Key  string
	// Creds is a file of NATS credentials; empty for none.
	Creds string
}

// Dial connects to the servers as a core. It returns at once; the connection is made, and made again, whenever one of them
// can be reached. trouble hears of what they refuse.
func (c Outside) Dial(trouble func(error)) (*nats.Conn, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12}
	for _, u := range c.URLs {
		if !strings.HasPrefix(u, "tls://") {
			return nil, fmt.Errorf("bus: %s: want tls://HOST:PORT", u)
		}
	}
	if c.CA != "" {
		text, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, fmt.Errorf("bus: %w", err)
		}
		if t.RootCAs, err = poolOf(text); err != nil {
			return nil, fmt.Errorf("%w: %s", err, c.CA)
		}
	}
	if c.Cert != "" || c.Key != "" {
		own, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, fmt.Errorf("bus: client certificate: %w", err)
		}
		t.Certificates = []tls.Certificate{own}
	}
	o := connectOptions(c.URLs, t, trouble)
	if c.Creds != "" {
		if err := nats.UserCredentials(c.Creds)(&o); err != nil {
			return nil, fmt.Errorf("bus: %s: %w", c.Creds, err)
		}
	}
	nc, err := o.Connect()
	if err != nil {
		return nil, fmt.Errorf("bus: connect: %w", err)
	}
	return nc, nil
}

func poolOf(pem []byte) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, errors.New("bus: no certificate can be read")
	}
	return pool, nil
}

// setUpWait is how long servers may take to make the streams.
const setUpWait = 30 * time.Second

// SetUp makes the streams and consumers on servers that somebody else runs, and tries as often as it takes; trouble hears
// why it takes long. It fails when the servers are set up so that they can never carry what is sent.
func SetUp(ctx context.Context, nc *nats.Conn, s Streams, trouble func(error)) error {
	for {
		err := s.try(ctx, nc)
		if err == nil || errors.Is(err, errMessageMax) {
			return err
		}
		if ctx.Err() != nil {
			return fmt.Errorf("bus: streams: %w", ctx.Err())
		}
		trouble(err)
		select {
		case <-ctx.Done():
		case <-time.After(2 * retryPause):
		}
	}
}

var errMessageMax = fmt.Errorf("bus: the servers take messages of too few bytes: set max_payload: %d in their configuration", messageMax)

func (s Streams) try(ctx context.Context, nc *nats.Conn) error {
	if err := away(nc); err != nil {
		return err
	}
	if nc.MaxPayload() < messageMax {
		return errMessageMax
	}
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, setUpWait)
	defer cancel()
	return s.make(ctx, js)
}

// WriteUsers writes the accounts as the authorization block of the configuration of a nats-server that maps client
// certificates to users (tls { verify_and_map: true }).
func (a Accounts) WriteUsers(w io.Writer) error {
	all, err := a.read()
	if err != nil {
		return err
	}
	out := &strings.Builder{}
	list := func(subjects []string) string { return `["` + strings.Join(subjects, `", "`) + `"]` }
	fmt.Fprintln(out, "authorization {\n  users: [")
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if publish, subscribe, everything := permissions(all[name].Role, name); everything {
			fmt.Fprintf(out, "    {user: \"%s\"}\n", name)
		} else {
			fmt.Fprintf(out, "    {user: \"%s\", permissions: {publish: {allow: %s}, subscribe: {allow: %s}}}\n", name, list(publish), list(subscribe))
		}
	}
	fmt.Fprintln(out, "  ]\n}")
	if _, err := io.WriteString(w, out.String()); err != nil {
		return fmt.Errorf("bus: users: %w", err)
	}
	return nil
}
