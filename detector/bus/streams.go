package bus

import (
	"context"
	"fmt"
	"time"

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

// Streams says how large the streams may get. All are required.
type Streams struct {
	FindingsBytes int64 // of the stream on disk; a full one refuses, and sensors keep theirs
	EventsBytes   int64 // a full one drops its oldest
	Replicas      int   // servers that have everything
}

// duplicates is for how long a server knows what it has got before.
const duplicates = 10 * time.Minute

// make makes the streams, and the consumers that cores share. Those that are there get what has changed.
func (s Streams) make(ctx context.Context, js jetstream.JetStream) error {
	for _, c := range []jetstream.StreamConfig{
		{Name: findingsStream, Subjects: []string{findingsSubject + ">"}, Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew,
			MaxBytes: s.FindingsBytes, Duplicates: duplicates},
		{Name: eventsStream, Subjects: []string{eventsSubject + ">"}, Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardOld,
			MaxBytes: s.EventsBytes, Duplicates: duplicates},
		{Name: versionsStream, Subjects: []string{versionsSubject + ">"}, MaxMsgsPerSubject: 1, MaxBytes: versionsBytes, AllowDirect: true},
	} {
		c.Storage, c.Replicas = jetstream.FileStorage, s.Replicas
		if _, err := js.CreateOrUpdateStream(ctx, c); err != nil {
			return fmt.Errorf("bus: stream %s: %w", c.Name, err)
		}
	}
	for p := range Partitions {
		if _, err := js.CreateOrUpdateConsumer(ctx, findingsStream, jetstream.ConsumerConfig{Durable: partitionName(p), FilterSubject: fmt.Sprintf("%s%d.>", findingsSubject, p),
			AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxAckPending: batchMax, PriorityPolicy: jetstream.PriorityPolicyPinned,
			PinnedTTL: pinnedTTL, PriorityGroups: []string{group}}); err != nil {
			return fmt.Errorf("bus: partition %d: %w", p, err)
		}
	}
	if _, err := js.CreateOrUpdateConsumer(ctx, eventsStream, jetstream.ConsumerConfig{Durable: group, AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait,
		MaxAckPending: 64}); err != nil {
		return fmt.Errorf("bus: telemetry: %w", err)
	}
	return nil
}

func partitionName(p int) string { return fmt.Sprintf("%s-%02d", group, p) }
