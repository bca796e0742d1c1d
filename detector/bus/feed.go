package bus

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"khien/detector"
)

// Times and numbers of the way from a hub to a core.
const (
	pinnedTTL  = 5 * time.Second  // without a sign of life another core takes a partition
	ackWait    = 10 * time.Second // after which what a core has not acknowledged goes out again
	fetchWait  = 2 * time.Second
	batchMax   = 500
	keepAlive  = 3 * time.Second // how often a core that works on a batch says so
	eventsMax  = 64 << 20        // bytes of a batch of telemetry, unpacked
	retryPause = 500 * time.Millisecond
)

// Taker is what a core does with what comes. Each returns when everything is stored; an error means that it comes again.
type Taker struct {
	// Findings takes findings of one partition, never two calls for a partition at a time. fresh says that another
	// core may have taken some in between: what is remembered of the partition no longer holds.
	Findings func(ctx context.Context, partition int, fresh bool, findings []detector.Finding) error
	// Lines takes lines of EVE of a sensor.
	Lines func(ctx context.Context, sensor string, lines [][]byte) error
	// Status hears of a sensor; skew is how far its clock is ahead. Where the sensor could not measure that, the way of the
	// message is included.
	Status func(s Status, skew time.Duration)
	// Unreadable takes what is no finding and no telemetry; it is not given again when it returns nil.
	Unreadable func(subject string, data []byte, reason error) error
	// Trouble hears of refused batches and of a hub that is away; it may be called at the same time by several.
	Trouble func(error)
}

// Feed gives to t what comes from a hub until ctx ends.
func Feed(ctx context.Context, nc *nats.Conn, t Taker) error {
	js, err := jetstream.New(nc)
	if err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	sub, err := nc.QueueSubscribe(statusSubject+"*", group, func(m *nats.Msg) {
		var s Status
		if err := json.Unmarshal(m.Data, &s); err != nil || s.Name != strings.TrimPrefix(m.Subject, statusSubject) {
			t.Trouble(fmt.Errorf("bus: a status of %s cannot be read", m.Subject))
			return
		}
		skew := time.Until(s.Sent)
		if s.Clock != nil {
			skew = time.Duration(s.Clock.SkewMS) * time.Millisecond
		}
		t.Status(s, skew)
		if err := m.Respond(nil); err != nil {
			t.Trouble(fmt.Errorf("bus: status: %w", err))
		}
	})
	if err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	defer sub.Unsubscribe()
	clock, err := tellTime(nc, t.Trouble)
	if err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	defer clock.Unsubscribe()
	z, err := zstd.NewReader(nil, zstd.WithDecoderMaxMemory(eventsMax), zstd.WithDecoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	defer z.Close()
	var wg sync.WaitGroup
	for p := range Partitions {
		wg.Go(func() {
			var last uint64 // delivery number of what came last
			drain(ctx, js, findingsStream, partitionName(p), batchMax, t.Trouble, func(ctx context.Context, ms []jetstream.Msg) error {
				first, err := ms[0].Metadata()
				if err != nil {
					return fmt.Errorf("bus: %w", err)
				}
				end, err := ms[len(ms)-1].Metadata()
				if err != nil {
					return fmt.Errorf("bus: %w", err)
				}
				fresh := last == 0 || first.Sequence.Consumer != last+1
				if err := t.findings(ctx, p, fresh, ms); err != nil {
					last = 0 // part of it may have been remembered
					return err
				}
				last = end.Sequence.Consumer
				return nil
			}, jetstream.FetchPriorityGroup(group))
		})
	}
	wg.Go(func() {
		drain(ctx, js, eventsStream, group, 8, t.Trouble, func(ctx context.Context, ms []jetstream.Msg) error { return t.lines(ctx, z, ms) })
	})
	wg.Wait()
	return nil
}

// drain fetches batches and acknowledges what take has stored.
func drain(ctx context.Context, js jetstream.JetStream, stream, consumer string, n int, trouble func(error),
	take func(context.Context, []jetstream.Msg) error, opts ...jetstream.FetchOpt) {
	pause := func() {
		select {
		case <-ctx.Done():
		case <-time.After(retryPause):
		}
	}
	var c jetstream.Consumer
	for ctx.Err() == nil {
		var err error
		if c == nil {
			if c, err = js.Consumer(ctx, stream, consumer); err != nil {
				c = nil
				if gone := away(js.Conn()); gone != nil {
					err = gone
				}
				if ctx.Err() == nil {
					trouble(fmt.Errorf("%s: %w", consumer, err))
				}
				pause()
				continue
			}
		}
		batch, err := c.Fetch(n, append(opts, jetstream.FetchMaxWait(fetchWait))...)
		if err != nil {
			c = nil
			pause()
			continue
		}
		var ms []jetstream.Msg
		for m := range batch.Messages() {
			ms = append(ms, m)
		}
		if len(ms) == 0 {
			// Others hold the partition, or nothing has come.
			if err := batch.Error(); err != nil && !errors.Is(err, nats.ErrTimeout) && !errors.Is(err, jetstream.ErrPinIDMismatch) {
				pause()
			}
			continue
		}
		work(ctx, ms, take, trouble, pause)
	}
}

// work has one batch stored, as often as it takes, and meanwhile tells the hub that it is in work.
func work(ctx context.Context, ms []jetstream.Msg, take func(context.Context, []jetstream.Msg) error, trouble func(error), pause func()) {
	done := make(chan struct{})
	var alive sync.WaitGroup
	alive.Go(func() {
		tick := time.NewTicker(keepAlive)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				for _, m := range ms {
					m.InProgress() // one that is lost means a repeat
				}
			}
		}
	})
	var err error
	for ctx.Err() == nil {
		if err = take(ctx, ms); err == nil {
			break
		}
		if ctx.Err() == nil {
			trouble(err)
		}
		pause()
	}
	close(done)
	alive.Wait()
	if err != nil || ctx.Err() != nil {
		return
	}
	for _, m := range ms {
		if err := m.Ack(); err != nil {
			trouble(fmt.Errorf("bus: acknowledge: %w", err)) // it comes again, and changes nothing
			return
		}
	}
}

// findings decodes a batch. The hub has checked that a sensor sends in its own name; the finding takes it from there.
func (t *Taker) findings(ctx context.Context, p int, fresh bool, ms []jetstream.Msg) error {
	fs := make([]detector.Finding, 0, len(ms))
	for _, m := range ms {
		var f detector.Finding
		if err := json.Unmarshal(m.Data(), &f); err != nil {
			if err := t.Unreadable(m.Subject(), m.Data(), err); err != nil {
				return err
			}
			continue
		}
		f.Sensor = m.Subject()[strings.LastIndexByte(m.Subject(), '.')+1:]
		if seq, err := strconv.ParseUint(m.Headers().Get(sequenceHeader), 10, 64); err == nil {
			f.Sequence = []uint64{seq}
		}
		fs = append(fs, f)
	}
	return t.Findings(ctx, p, fresh, fs)
}

func (t *Taker) lines(ctx context.Context, z *zstd.Decoder, ms []jetstream.Msg) error {
	for _, m := range ms {
		lines, err := unpack(z, m.Data())
		if err != nil {
			if err := t.Unreadable(m.Subject(), m.Data(), err); err != nil {
				return err
			}
			continue
		}
		if err := t.Lines(ctx, strings.TrimPrefix(m.Subject(), eventsSubject), lines); err != nil {
			return err
		}
	}
	return nil
}

// unpack reads a batch that SendEvents has made.
func unpack(z *zstd.Decoder, b []byte) (lines [][]byte, err error) {
	if b, err = z.DecodeAll(b, nil); err != nil {
		return nil, err
	}
	for len(b) > 0 {
		n, size := binary.Uvarint(b)
		if size <= 0 || n > uint64(len(b)-size) {
			return nil, errors.New("a line is cut off")
		}
		lines = append(lines, b[size:size+int(n)])
		b = b[size+int(n):]
	}
	return lines, nil
}
