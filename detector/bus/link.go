package bus

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"net/netip"
	"strconv"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"khien/detector"
	"khien/detector/spool"
)

// Dial connects to a hub. It returns at once; the connection is made, and made again, whenever the hub can be reached. trouble
// hears of what the hub refuses but the connection itself: who sends hears of that.
func Dial(t Token, trouble func(error)) (*nats.Conn, error) {
	pool, err := poolOf([]byte(t.CA))
	if err != nil {
		return nil, fmt.Errorf("%w in the token", err)
	}
	c := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS13}
	if t.Cert != "" {
		own, err := tls.X509KeyPair([]byte(t.Cert), []byte(t.Key))
		if err != nil {
			return nil, fmt.Errorf("bus: the token's own certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{own}
	}
	o := connectOptions(t.URLs, c, trouble)
	o.Name = t.Name
	if !t.Outside { // there the certificate is enough, and servers go by their names
		o.User, o.Password = t.Name, t.Secret
		c.ServerName = tlsName
	}
	if t.Role == RoleSensor {
		o.InboxPrefix = inboxPrefix + t.Name
	}
	nc, err := o.Connect()
	if err != nil {
		return nil, fmt.Errorf("bus: connect: %w", err)
	}
	return nc, nil
}

// connectOptions are those of every connection over a network.
func connectOptions(urls []string, t *tls.Config, trouble func(error)) nats.Options {
	o := nats.GetDefaultOptions()
	o.Servers, o.Secure, o.TLSConfig = urls, true, t
	// A server that refuses may have been put back from a copy that does not know the account yet: it is tried again.
	o.IgnoreAuthErrorAbort = true
	o.AsyncErrorCB = func(_ *nats.Conn, _ *nats.Subscription, err error) {
		if !errors.Is(err, nats.ErrAuthorization) {
			trouble(fmt.Errorf("bus: %w", err))
		}
	}
	o.RetryOnFailedConnect, o.MaxReconnect, o.ReconnectWait = true, -1, time.Second
	o.ReconnectBufSize = -1 // what is not acknowledged stays in the spool, nowhere else
	o.PingInterval, o.MaxPingsOut = 10*time.Second, 2
	return o
}

// Why a hub takes nothing.
var (
	errAway    = errors.New("bus: the hub cannot be reached")
	errRefused = errors.New("bus: the hub refuses this login: its token was revoked, or replaced by another")
	errForeign = errors.New("bus: the hub shows another certificate than the one that the token names (khien core token makes a new one)")
)

// away says why a connection is down; nil while it is up.
func away(nc *nats.Conn) error {
	if nc.IsConnected() {
		return nil
	}
	var foreign *tls.CertificateVerificationError
	switch err := nc.LastError(); {
	case errors.Is(err, nats.ErrAuthorization):
		return errRefused
	case errors.As(err, &foreign):
		return fmt.Errorf("%w: %w", errForeign, foreign.Err)
	}
	return errAway
}

// Away says why the hub gets nothing at the moment; nil while there is a connection.
func (l *Link) Away() error { return away(l.nc) }

// ackTimeout is how long a sensor waits for the hub to have a batch on its disk.
const ackTimeout = 20 * time.Second

// Link sends what a spool holds to a hub.
type Link struct {
	nc   *nats.Conn
	js   jetstream.JetStream
	name string
	zstd *zstd.Encoder
}

// NewLink returns the link of a sensor.
func NewLink(nc *nats.Conn, name string) (*Link, error) {
	js, err := jetstream.New(nc, jetstream.WithPublishAsyncMaxPending(4096))
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	return &Link{nc, js, name, z}, nil
}

// Partition is the partition of a victim.
func Partition(victim netip.Addr) int {
	h := fnv.New32a()
	h.Write(victim.Unmap().WithZone("").AsSlice())
	return int(h.Sum32() % Partitions)
}

// Victim is whose machine a finding is about: the client.
func Victim(f *detector.Finding) netip.Addr {
	if f.Direction == "to_client" {
		return f.DstIP
	}
	return f.SrcIP
}

// SendFindings sends findings, JSON documents, and returns when the hub has all of them on its disk.
func (l *Link) SendFindings(ctx context.Context, recs []spool.Record) error {
	if err := l.Away(); err != nil {
		return err
	}
	sent := make([]jetstream.PubAckFuture, 0, len(recs))
	for _, r := range recs {
		var f detector.Finding
		if err := json.Unmarshal(r.Payload, &f); err != nil {
			return fmt.Errorf("bus: record %d: %w", r.Seq, err)
		}
		seq := strconv.FormatUint(r.Seq, 10)
		m := &nats.Msg{Subject: fmt.Sprintf("%s%d.%s", findingsSubject, Partition(Victim(&f)), l.name), Data: r.Payload,
			Header: nats.Header{sequenceHeader: {seq}}}
		// The id of the finding is in it: a spool that was thrown away counts from one again.
		p, err := l.js.PublishMsgAsync(m, jetstream.WithMsgID(l.name+"."+seq+"."+f.ID))
		if err != nil {
			return fmt.Errorf("bus: send: %w", err)
		}
		sent = append(sent, p)
	}
	return await(ctx, sent)
}

const sequenceHeader = "Khien-Sequence"

func await(ctx context.Context, sent []jetstream.PubAckFuture) error {
	timeout := time.NewTimer(ackTimeout)
	defer timeout.Stop()
	for _, p := range sent {
		select {
		case <-p.Ok():
		case err := <-p.Err():
			return fmt.Errorf("bus: send: %w", err)
		case <-timeout.C:
			return fmt.Errorf("bus: send: the hub has not acknowledged within %v", ackTimeout)
		case <-ctx.Done():
			return fmt.Errorf("bus: send: %w", ctx.Err())
		}
	}
	return nil
}

// SendEvents sends lines of EVE as one compressed batch and returns when the hub has it on its disk.
func (l *Link) SendEvents(ctx context.Context, recs []spool.Record) error {
	if err := l.Away(); err != nil {
		return err
	}
	var b []byte
	for _, r := range recs {
		b = binary.AppendUvarint(b, uint64(len(r.Payload)))
		b = append(b, r.Payload...)
	}
	m := &nats.Msg{Subject: eventsSubject + l.name, Data: l.zstd.EncodeAll(b, nil)}
	first, last := recs[0].Seq, recs[len(recs)-1].Seq
	p, err := l.js.PublishMsgAsync(m, jetstream.WithMsgID(fmt.Sprintf("%s.%d-%d.%x", l.name, first, last, fnvOf(b))))
	if err != nil {
		return fmt.Errorf("bus: send: %w", err)
	}
	return await(ctx, []jetstream.PubAckFuture{p})
}

func fnvOf(b []byte) uint64 {
	h := fnv.New64a()
	h.Write(b)
	return h.Sum64()
}
