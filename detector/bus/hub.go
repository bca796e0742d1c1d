// Package bus carries findings and telemetry from sensors to cores over NATS JetStream, and what sensors keep to consoles that
// ask for it. What a sensor's spool holds goes to a hub, which has it on its disk before it acknowledges; cores take it from
// there and acknowledge once their store has. Everything may come twice: ids tell repeats apart.
//
// Findings are spread over Partitions by victim. At any time one core alone takes the findings of a partition, in the order
// in which the hub got them, except that what was on the way to a core and did not get there comes again later, behind what
// is newer. When a core dies another takes over within pinnedTTL. Telemetry goes to any core.
//
// The hub is a NATS server within `khien core`. A sensor needs no server of its own: its spool is the copy on disk that
// outlives a cut uplink, and a leaf node's stream would be the same bytes a second time.
package bus

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// HubConfig says where a hub listens and keeps its streams. All are required.
type HubConfig struct {
	Dir           string // streams, certificate and accounts
	Listen        string // address; port 0 is a free one, see Addr
	FindingsBytes int64  // of the stream on disk; a full one refuses, and sensors keep theirs
	EventsBytes   int64  // a full one drops its oldest
}

// startsWithin is how long a hub may take until it listens: it reads its streams before.
const startsWithin = 20 * time.Second

// Hub is a running server. Close ends it.
type Hub struct {
	s      *server.Server
	secret string
	stop   chan struct{}
	doors  sync.WaitGroup
}

// StartHub starts the server and makes its streams.
func StartHub(ctx context.Context, c HubConfig) (*Hub, error) {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, fmt.Errorf("bus: hub: %w", err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return nil, fmt.Errorf("bus: hub: port %q", port)
	}
	cert, err := hubCertificate(c.Dir)
	if err != nil {
		return nil, err
	}
	ca, err := clientsCA(c.Dir)
	if err != nil {
		return nil, err
	}
	clients := x509.NewCertPool()
	clients.AddCert(ca.Leaf)
	var secret [32]byte
	rand.Read(secret[:])
	listenPort := int(n)
	if n == 0 {
		listenPort = server.RANDOM_PORT // its own 0 is its standard port, which two hubs of one machine would share
	}
	h := &Hub{secret: hex.EncodeToString(secret[:]), stop: make(chan struct{})}
	door := &doorkeeper{accounts: Accounts{c.Dir}, internal: h.secret, admitted: map[string]account{}, out: map[string]bool{}}
	o := &server.Options{
		ServerName: "khien-hub", Host: host, Port: listenPort, NoSigs: true, NoLog: true, MaxPayload: messageMax,
		JetStream: true, StoreDir: filepath.Join(c.Dir, "streams"), SyncAlways: true, JetStreamMaxMemory: 64 << 20,
		JetStreamMaxStore: c.FindingsBytes + c.EventsBytes + versionsBytes + 64<<20,
		// Whose account has a certificate has to show it: the doorkeeper sees to that.
		TLS: true, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13, ClientCAs: clients, ClientAuth: tls.VerifyClientCertIfGiven},
		TLSTimeout:                 10,
		CustomClientAuthentication: door,
	}
	if h.s, err = server.NewServer(o); err != nil {
		return nil, fmt.Errorf("bus: hub: %w", err)
	}
	if err := h.start(); err != nil {
		h.Close()
		return nil, fmt.Errorf("bus: hub: %s: %w", c.Listen, err)
	}
	if err := h.setUp(ctx, c); err != nil {
		h.Close()
		return nil, err
	}
	h.doors.Go(func() { h.showOut(door) })
	return h, nil
}

// start starts the server and waits until it listens, or tells what it dies of.
func (h *Hub) start() error {
	died := make(lastWords, 1)
	h.s.SetLogger(died, false, false)
	h.s.Start()
	ready := make(chan bool, 1)
	go func() { ready <- h.s.ReadyForConnections(startsWithin) }()
	select {
	case err := <-died:
		return err
	case ok := <-ready:
		if !ok {
			return fmt.Errorf("the server does not start within %s", startsWithin)
		}
		return nil
	}
}

// showOut closes the connections of accounts that are gone or have got another token, until the hub is closed.
func (h *Hub) showOut(d *doorkeeper) {
	tick := time.NewTicker(revokeEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.stop:
			return
		case <-tick.C:
		}
		if gone := d.gone(); len(gone) > 0 {
			h.close(gone)
		}
	}
}

// close closes the connections of the named.
func (h *Hub) close(gone map[string]bool) {
	conns, err := h.s.Connz(&server.ConnzOptions{Username: true, Limit: 1 << 20})
	if err != nil {
		return // the server is shutting down
	}
	for _, c := range conns.Conns {
		if gone[c.AuthorizedUser] {
			h.s.DisconnectClientByID(c.Cid) // one that has ended by itself is not there any more
		}
	}
}

// Addr is the address that the hub listens on.
func (h *Hub) Addr() string { return h.s.Addr().String() }

// Close ends the server. What it has acknowledged is on its disk.
func (h *Hub) Close() {
	close(h.stop)
	h.doors.Wait()
	h.s.Shutdown()
	h.s.WaitForShutdown()
}

// Connect returns a connection of this process to its own hub.
func (h *Hub) Connect() (*nats.Conn, error) {
	nc, err := nats.Connect("", nats.InProcessServer(h.s), nats.UserInfo(internalUser, h.secret), nats.MaxReconnects(-1))
	if err != nil {
		return nil, fmt.Errorf("bus: hub: %w", err)
	}
	return nc, nil
}

func (h *Hub) setUp(ctx context.Context, c HubConfig) error {
	nc, err := h.Connect()
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("bus: hub: %w", err)
	}
	return Streams{FindingsBytes: c.FindingsBytes, EventsBytes: c.EventsBytes, Replicas: 1}.make(ctx, js)
}
