// Package bus carries findings and telemetry from sensors to cores over NATS JetStream. What a sensor's spool holds goes to
// a hub, which has it on its disk before it acknowledges; cores take it from there and acknowledge once their store has.
// Everything may come twice: ids tell repeats apart.
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
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Partitions is into how many parts findings are spread. It is part of what is on disk.
const Partitions = 16

// Names on the hub. A subject of findings is findingsSubject, partition, sensor; of events eventsSubject, sensor.
const (
	findingsStream  = "FINDINGS"
	eventsStream    = "EVENTS"
	findingsSubject = "khien.findings."
	eventsSubject   = "khien.events."
	statusSubject   = "khien.status."
	clockSubject    = "khien.clock."
	inboxPrefix     = "_INBOX."
	tlsName         = "khien-hub" // in the hub's certificate, wherever it stands
	group           = "core"
	messageMax      = 9 << 20 // a record of the spool with its head
)

// HubConfig says where a hub listens and keeps its streams. All are required.
type HubConfig struct {
	Dir           string // streams, certificate and accounts
	Listen        string // address
	FindingsBytes int64  // of the stream on disk; a full one refuses, and sensors keep theirs
	EventsBytes   int64  // a full one drops its oldest
}

// Hub is a running server. Close ends it.
type Hub struct {
	s      *server.Server
	secret string
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
	var secret [32]byte
	rand.Read(secret[:])
	h := &Hub{secret: hex.EncodeToString(secret[:])}
	o := &server.Options{
		ServerName: "khien-hub", Host: host, Port: int(n), NoSigs: true, NoLog: true, MaxPayload: messageMax,
		JetStream: true, StoreDir: filepath.Join(c.Dir, "streams"), SyncAlways: true, JetStreamMaxMemory: 64 << 20,
		JetStreamMaxStore: c.FindingsBytes + c.EventsBytes + versionsBytes + 64<<20,
		TLS:               true, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13}, TLSTimeout: 10,
		CustomClientAuthentication: &doorkeeper{Accounts{c.Dir}, h.secret},
	}
	if h.s, err = server.NewServer(o); err != nil {
		return nil, fmt.Errorf("bus: hub: %w", err)
	}
	h.s.Start()
	if !h.s.ReadyForConnections(20 * time.Second) {
		h.Close()
		return nil, fmt.Errorf("bus: hub: %s: the server does not start (is the address in use?)", c.Listen)
	}
	if err := h.streams(ctx, c); err != nil {
		h.Close()
		return nil, err
	}
	return h, nil
}

// Addr is the address that the hub listens on.
func (h *Hub) Addr() string { return h.s.Addr().String() }

// Close ends the server. What it has acknowledged is on its disk.
func (h *Hub) Close() {
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

// streams makes the streams, and the consumers that cores share.
func (h *Hub) streams(ctx context.Context, c HubConfig) error {
	nc, err := h.Connect()
	if err != nil {
		return err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("bus: hub: %w", err)
	}
	var errs []error
	_, err = js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: findingsStream, Subjects: []string{findingsSubject + ">"}, Storage: jetstream.FileStorage,
		Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, MaxBytes: c.FindingsBytes, Duplicates: 10 * time.Minute})
	errs = append(errs, err)
	_, err = js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: eventsStream, Subjects: []string{eventsSubject + ">"}, Storage: jetstream.FileStorage,
		Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardOld, MaxBytes: c.EventsBytes, Duplicates: 10 * time.Minute})
	errs = append(errs, err)
	_, err = js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: versionsStream, Subjects: []string{versionsSubject + ">"}, Storage: jetstream.FileStorage,
		MaxMsgsPerSubject: 1, MaxBytes: versionsBytes, AllowDirect: true})
	errs = append(errs, err)
	for p := range Partitions {
		_, err = js.CreateOrUpdateConsumer(ctx, findingsStream, jetstream.ConsumerConfig{Durable: partitionName(p), FilterSubject: fmt.Sprintf("%s%d.>", findingsSubject, p),
			AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: batchMax, PriorityPolicy: jetstream.PriorityPolicyPinned,
			PinnedTTL: pinnedTTL, PriorityGroups: []string{group}})
		errs = append(errs, err)
	}
	_, err = js.CreateOrUpdateConsumer(ctx, eventsStream, jetstream.ConsumerConfig{Durable: group, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait,
		MaxAckPending: 64})
	errs = append(errs, err)
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("bus: hub: streams: %w", err)
	}
	return nil
}

func partitionName(p int) string { return fmt.Sprintf("%s-%02d", group, p) }
