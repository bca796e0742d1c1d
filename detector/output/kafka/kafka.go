// Package kafka produces messages to a topic of Apache Kafka. The key of a record is the message's id; the sensor, in a
// header too, decides the partition, so that what a sensor sent is in order. A message has arrived when all in-sync
// replicas have it.
package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"os"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"khien/detector/output"
)

const (
	dialTimeout  = 10 * time.Second
	deliverWait  = 15 * time.Second // after which the output is told to be in trouble, and tries again
	topicRetries = 2
)

// Config says where messages go.
type Config struct {
	Brokers  []string // HOST:PORT
	Topic    string
	UseTLS   bool
	TLS      output.TLSFiles
	SASL     string // plain, scram-sha-256, scram-sha-512; "" for none
	User     string
	Password string // name of the file that holds it
}

// Producer is an output.Place.
type Producer struct{ client *kgo.Client }

// New returns a producer, which connects with the first message. Files that cannot be read are an error.
func New(c Config) (*Producer, error) {
	opts := []kgo.Opt{kgo.SeedBrokers(c.Brokers...), kgo.DefaultProduceTopic(c.Topic), kgo.ClientID("khien"), kgo.DisableClientMetrics(),
		kgo.RequiredAcks(kgo.AllISRAcks()), kgo.RecordDeliveryTimeout(deliverWait), kgo.UnknownTopicRetries(topicRetries),
		kgo.ProducerBatchCompression(kgo.ZstdCompression(), kgo.NoCompression()), kgo.ProducerLinger(0),
		kgo.RecordPartitioner(kgo.BasicConsistentPartitioner(func(string) func(*kgo.Record, int) int { return partition }))}
	dialer := &net.Dialer{Timeout: dialTimeout}
	dial := dialer.DialContext
	if c.UseTLS {
		if _, err := c.TLS.Config(""); err != nil {
			return nil, err
		}
		dial = func(ctx context.Context, network, address string) (net.Conn, error) {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return nil, err
			}
			t, err := c.TLS.Config(host)
			if err != nil {
				return nil, err
			}
			return (&tls.Dialer{NetDialer: dialer, Config: t}).DialContext(ctx, network, address)
		}
	}
	opts = append(opts, kgo.Dialer(dial))
	if c.SASL != "" {
		m, err := c.mechanism()
		if err != nil {
			return nil, err
		}
		opts = append(opts, kgo.SASL(m))
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return &Producer{client}, nil
}

// partition spreads sensors over partitions.
func partition(r *kgo.Record, n int) int {
	h := fnv.New32a()
	h.Write(r.Headers[0].Value)
	return int(h.Sum32() % uint32(n))
}

// mechanism logs in with the password that the file holds at that time.
func (c *Config) mechanism() (sasl.Mechanism, error) {
	password := func() (string, error) {
		b, err := os.ReadFile(c.Password)
		if err != nil {
			return "", fmt.Errorf("kafka: %w", err)
		}
		return strings.TrimRight(string(b), "\r\n"), nil
	}
	if _, err := password(); err != nil {
		return nil, err
	}
	login := func(context.Context) (scram.Auth, error) {
		p, err := password()
		return scram.Auth{User: c.User, Pass: p}, err
	}
	switch c.SASL {
	case "scram-sha-256":
		return scram.Sha256(login), nil
	case "scram-sha-512":
		return scram.Sha512(login), nil
	}
	return plain.Plain(func(context.Context) (plain.Auth, error) {
		p, err := password()
		return plain.Auth{User: c.User, Pass: p}, err
	}), nil
}

// Write produces a batch. A broker that finds it too large says so of every record in it: then they go out one by one, and
// only those that are too large by themselves are rejected.
func (p *Producer) Write(ctx context.Context, ms []output.Message) error {
	refused, err := p.produce(ctx, ms)
	if err != nil || len(refused) == 0 {
		return err
	}
	var rejected []output.Rejected
	for i := range refused {
		again, err := p.produce(ctx, refused[i:i+1])
		if err != nil {
			return err
		}
		if len(again) > 0 {
			rejected = append(rejected, output.Rejected{Message: again[0], Reason: "larger than the topic takes"})
		}
	}
	return output.Reject(rejected)
}

// produce returns the messages, in order, of which a broker said that they or their batch are too large.
func (p *Producer) produce(ctx context.Context, ms []output.Message) (refused []output.Message, err error) {
	recs := make([]*kgo.Record, len(ms))
	for i := range ms {
		m := &ms[i]
		recs[i] = &kgo.Record{Key: []byte(m.ID), Value: m.Line,
			Headers: []kgo.RecordHeader{{Key: "sensor", Value: []byte(m.Sensor)}, {Key: "kind", Value: []byte(m.Kind)}}}
	}
	large := map[*kgo.Record]bool{}
	for _, res := range p.client.ProduceSync(ctx, recs...) { // in any order
		switch {
		case errors.Is(res.Err, kerr.MessageTooLarge), errors.Is(res.Err, kerr.RecordListTooLarge):
			large[res.Record] = true
		case res.Err != nil:
			return nil, fmt.Errorf("kafka: %w", res.Err)
		}
	}
	for i, r := range recs {
		if large[r] {
			refused = append(refused, ms[i])
		}
	}
	return refused, nil
}

// Close ends the connections.
func (p *Producer) Close() error {
	p.client.Close()
	return nil
}
