package kafka

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"khien/detector/output"
	"khien/detector/output/outputtest"
)

func cluster(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(1), kfake.SeedTopics(4, "khien")}, opts...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func producer(t *testing.T, c Config) *Producer {
	t.Helper()
	c.Topic = "khien"
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	return p
}

func messages(from, to int) (ms []output.Message) {
	for i := from; i < to; i++ {
		ms = append(ms, output.Message{ID: fmt.Sprint(i), Kind: "finding", Sensor: fmt.Sprintf("sensor-%d", i%5), Line: fmt.Appendf(nil, `{"n":%d}`, i)})
	}
	return ms
}

// consume reads n records.
func consume(t *testing.T, n int, opts ...kgo.Opt) (out []*kgo.Record) {
	t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.ConsumeTopics("khien"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for len(out) < n && ctx.Err() == nil {
		client.PollFetches(ctx).EachRecord(func(r *kgo.Record) { out = append(out, r) })
	}
	if len(out) != n {
		t.Fatalf("%d records, want %d", len(out), n)
	}
	return out
}

func TestKeysAndOrderBySensor(t *testing.T) {
	c := cluster(t)
	p := producer(t, Config{Brokers: c.ListenAddrs()})
	for i := range 5 {
		if err := p.Write(t.Context(), messages(100*i, 100*i+100)); err != nil {
			t.Fatal(err)
		}
	}
	last, where := map[string]int{}, map[string]int32{}
	for _, r := range consume(t, 500, kgo.SeedBrokers(c.ListenAddrs()...)) {
		n, err := strconv.Atoi(string(r.Key))
		sensor := string(r.Headers[0].Value)
		if err != nil || string(r.Value) != fmt.Sprintf(`{"n":%d}`, n) || sensor != fmt.Sprintf("sensor-%d", n%5) || string(r.Headers[1].Value) != "finding" {
			t.Fatalf("%v", r)
		}
		if before, ok := last[sensor]; ok && (n != before+5 || where[sensor] != r.Partition) {
			t.Errorf("%s: %d after %d, partition %d after %d", sensor, n, before, r.Partition, where[sensor])
		}
		last[sensor], where[sensor] = n, r.Partition
	}
}

func TestPasswords(t *testing.T) {
	c := cluster(t, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-512", "khien", "mật khẩu"), kfake.Superuser("PLAIN", "p", "q"))
	file := filepath.Join(t.TempDir(), "password")
	f := func(mechanism, user, password string, want error) {
		t.Helper()
		if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		p := producer(t, Config{Brokers: c.ListenAddrs(), SASL: mechanism, User: user, Password: file})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		err := p.Write(ctx, messages(0, 1))
		if want == nil && err != nil || want != nil && err == nil {
			t.Errorf("%s %s: %v, want %v", mechanism, password, err, want)
		}
		if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("the error tells the password: %v", err)
		}
	}
	f("scram-sha-512", "khien", "mật khẩu", nil)
	f("plain", "p", "q", nil)
	f("scram-sha-512", "khien", "another", kerr.SaslAuthenticationFailed)
	if _, err := New(Config{Brokers: c.ListenAddrs(), SASL: "plain", User: "p", Password: file + "x"}); err == nil {
		t.Error("a password file that is not there")
	}
}

func TestTLS(t *testing.T) {
	a, other := outputtest.NewAuthority(t), outputtest.NewAuthority(t)
	a.Issue(t, "client")
	c := cluster(t, kfake.TLS(a.Server(t)))
	f := func(files output.TLSFiles, ok bool) {
		t.Helper()
		p := producer(t, Config{Brokers: c.ListenAddrs(), UseTLS: true, TLS: files})
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		if err := p.Write(ctx, messages(0, 1)); (err == nil) != ok {
			t.Errorf("%+v: %v", files, err)
		}
	}
	f(output.TLSFiles{CA: other.File("ca.pem"), Cert: a.File("client.pem"), Key: a.File("client.key")}, false)
	f(output.TLSFiles{CA: a.File("ca.pem")}, false)
	f(output.TLSFiles{CA: a.File("ca.pem"), Cert: a.File("client.pem"), Key: a.File("client.key")}, true)
	files := output.TLSFiles{CA: a.File("ca.pem"), Cert: a.File("client.pem"), Key: a.File("client.key")}
	tls, err := files.Config("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	consume(t, 1, kgo.SeedBrokers(c.ListenAddrs()...), kgo.DialTLSConfig(tls))
}

// TestBrokerIsAway: a write waits, tells after deliverWait at the latest, and what is written again goes through.
func TestBrokerIsAway(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	p := producer(t, Config{Brokers: []string{fmt.Sprintf("127.0.0.1:%d", port)}})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	err = p.Write(ctx, messages(0, 10))
	cancel()
	if err == nil {
		t.Fatal("a write to nobody is taken")
	}
	c := cluster(t, kfake.Ports(port))
	if err := p.Write(t.Context(), messages(0, 10)); err != nil {
		t.Fatal(err)
	}
	consume(t, 10, kgo.SeedBrokers(c.ListenAddrs()...))
}

// TestTooLarge: a batch that a broker finds too large goes out in parts, and only what is too large by itself is rejected.
func TestTooLarge(t *testing.T) {
	c := cluster(t)
	const most = 20 << 10
	c.ControlKey(0, func(req kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		produce := req.(*kmsg.ProduceRequest)
		res := produce.ResponseKind().(*kmsg.ProduceResponse)
		large := false
		for _, topic := range produce.Topics {
			rt := kmsg.NewProduceResponseTopic()
			rt.Topic, rt.TopicID = topic.Topic, topic.TopicID
			for _, part := range topic.Partitions {
				rp := kmsg.NewProduceResponseTopicPartition()
				rp.Partition, rp.ErrorCode = part.Partition, kerr.MessageTooLarge.Code
				rt.Partitions = append(rt.Partitions, rp)
				large = large || len(part.Records) > most
			}
			res.Topics = append(res.Topics, rt)
		}
		return res, nil, large
	})
	p := producer(t, Config{Brokers: c.ListenAddrs()})
	ms := messages(0, 20)
	noise := func(n int) []byte { // that does not shrink
		b := make([]byte, n)
		x := uint32(n)
		for i := range b {
			x = x*1664525 + 1013904223
			b[i] = byte(x >> 24)
		}
		return b
	}
	for i := range ms {
		ms[i].Line = noise(5000 + i)
	}
	ms[7].Line = noise(30 << 10)
	ms[9].Line = noise(2 << 20) // larger than the client takes
	err := p.Write(t.Context(), ms)
	var r *output.RejectedError
	if !errors.As(err, &r) || len(r.Messages) != 2 || r.Messages[0].Message.ID != "7" || r.Messages[1].Message.ID != "9" {
		t.Fatalf("%v", err)
	}
	got := map[string]bool{}
	for _, rec := range consume(t, 18, kgo.SeedBrokers(c.ListenAddrs()...)) {
		got[string(rec.Key)] = true
	}
	if len(got) != 18 || got["7"] || got["9"] {
		t.Errorf("%v", got)
	}
}
