package bus

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	sums "hash"
	"io"
	"io/fs"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// What a sensor keeps – packets, transferred files – stays there until somebody asks for it. A question goes to askSubject,
// sensor; what is answered to answerSubject, sensor, who asks, number of the transfer, number of the message. The server
// lets a sensor listen to its own questions and answer in its own name, and nobody else does either.
//
// The answer comes in chunks, of which each has to be asked for: the sensor holds two, the server and who asks as many as
// are under way, windowMax at most, whoever of them is slow. A stream of JetStream would be bounded by nothing but its
// limits and would put packets on the hub's disk. The last message tells length and SHA-256 of everything.
const (
	askSubject    = "khien.ask."
	answerSubject = "khien.answer."
)

// Limits of a transfer.
const (
	PacketsMax = 64 << 20  // bytes of packets in an answer
	FileMax    = 64 << 20  // bytes of a file
	chunkBytes = 128 << 10 // a tenth of a second of 10 Mbit/s
	windowMax  = 8         // chunks that are asked for ahead
	askMax     = 4 << 10   // bytes of a question
	// answerMax is beyond any capture of PacketsMax: a block of pcapng adds less than the bytes of an Ethernet frame twice.
	answerMax = 4*PacketsMax + 1<<20
)

// Times of a transfer.
const (
	transferMost = 15 * time.Minute       // enough for PacketsMax over 1 Mbit/s
	answerQuiet  = 3 * time.Second        // without a word, after which the sensor is asked whether it is there
	answerWait   = 30 * time.Second       // without a word, after which it is not
	chunkFast    = 300 * time.Millisecond // of a chunk from question to answer: one more is asked for ahead
	chunkSlow    = time.Second            // one less: findings go over the same line
	busyWait     = 10 * time.Second       // for a place among those that a sensor answers
	busyPause    = 500 * time.Millisecond
	creditWait   = 30 * time.Second // for the next question, after which who asks is gone
)

// Why an answer does not come.
var (
	ErrSensorAway = errors.New("bus: the sensor does not answer")
	ErrSensorBusy = errors.New("bus: the sensor answers others")
	ErrBroken     = errors.New("bus: the answer is not whole")
	ErrNotKept    = errors.New("bus: the sensor keeps nothing of the kind")
	ErrHubAway    = errors.New("bus: no way to the sensors")
)

// PacketsWanted says which packets are asked for: those of a flow or between two addresses, in a time.
type PacketsWanted struct {
	Finding  string       `json:"finding"`        // that they are wanted for
	From     int64        `json:"from"`           // packet time in nanoseconds since 1970, both included
	To       int64        `json:"to"`             //
	Flow     string       `json:"flow,omitempty"` // community id
	Hosts    []netip.Addr `json:"hosts,omitempty"`
	MaxBytes int64        `json:"max_bytes"` // of packets, PacketsMax at most
}

// check refuses what would be more than the packets of one finding.
func (p *PacketsWanted) check() error {
	switch {
	case p.Flow == "" && len(p.Hosts) != 2, len(p.Hosts) > 2, len(p.Flow) > 64, len(p.Finding) > 64:
		return errors.New("bus: packets: want a flow or two addresses")
	case p.From <= 0 || p.To < p.From:
		return errors.New("bus: packets: want a time")
	case p.MaxBytes < 1 || p.MaxBytes > PacketsMax:
		return fmt.Errorf("bus: packets: at most %d bytes", PacketsMax)
	}
	return nil
}

// Given is what an answer had.
type Given struct {
	Packets uint64    `json:"packets,omitempty"`
	More    bool      `json:"more,omitempty"`    // MaxBytes was reached
	Damaged bool      `json:"damaged,omitempty"` // a part of what is kept could not be read
	Time    time.Time `json:"time,omitzero"`     // when the file was stored
}

// What can be asked.
const (
	opOpen  = "open"  // a transfer, with its first chunk
	opNext  = "next"  // another chunk
	opStill = "still" // whether the transfer goes on
	opEnd   = "end"   // nobody wants the rest
	opHas   = "has"   // whether a file is there
)

// question is what a sensor hears. The answer goes to the reply subject.
type question struct {
	Op      string         `json:"op"`
	ID      string         `json:"id,omitempty"` // of the transfer, 128 bits that who asks has drawn
	Packets *PacketsWanted `json:"packets,omitempty"`
	File    string         `json:"file,omitempty"` // SHA-256
}

// stateHeader tells what an answer is when it is no chunk.
const stateHeader = "Khien-State"

// States of an answer.
const (
	stateEnd    = "end"  // an ending follows
	stateWait   = "wait" // the transfer goes on
	stateHere   = "here" // the file is there
	stateNone   = "none" // it is not
	stateOff    = "off"  // nothing of the kind is kept
	stateBusy   = "busy"
	stateGone   = "gone"   // the sensor knows no such transfer
	stateFailed = "failed" // a text follows
)

// stateErrors are those of states that are errors.
var stateErrors = map[string]error{stateNone: fs.ErrNotExist, stateOff: ErrNotKept, stateBusy: ErrSensorBusy, stateGone: ErrBroken}

// ending is what a sensor says at the end of a transfer.
type ending struct {
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	Given
}

// Asker asks sensors for what they keep. Safe for concurrent use.
type Asker struct {
	nc                *nats.Conn
	name              string
	quiet, wait, busy time.Duration // answerQuiet, answerWait and busyWait
}

// NewAsker returns what asks in the name of an account, on its connection. A core without an account, which may do everything,
// has no name and asks in one that no account can have.
func NewAsker(nc *nats.Conn, name string) *Asker {
	name = cmp.Or(name, internalUser)
	return &Asker{nc: nc, name: name, quiet: answerQuiet, wait: answerWait, busy: busyWait}
}

// Packets writes a sensor's packets to w, as pcapng. After an error what was written is worth nothing.
func (a *Asker) Packets(ctx context.Context, sensor string, w io.Writer, p PacketsWanted) (Given, error) {
	if err := p.check(); err != nil {
		return Given{}, err
	}
	e, err := a.fetch(ctx, sensor, question{Packets: &p}, w, answerMax)
	return e.Given, err
}

// File writes a file that a sensor keeps to w. The error is fs.ErrNotExist, wrapped, when it is not there; after an error
// what was written is worth nothing.
func (a *Asker) File(ctx context.Context, sensor, sha256 string, w io.Writer) (Given, error) {
	sha256 = strings.ToLower(sha256)
	e, err := a.fetch(ctx, sensor, question{File: sha256}, w, FileMax)
	if err == nil && e.SHA256 != sha256 {
		err = fmt.Errorf("%w: another file came than was asked for", ErrBroken)
	}
	return e.Given, err
}

// HasFile returns nil when a sensor keeps a file, and fs.ErrNotExist, wrapped, when it does not.
func (a *Asker) HasFile(ctx context.Context, sensor, sha256 string) error {
	t, err := a.begin(sensor)
	if err != nil {
		return err
	}
	defer t.sub.Unsubscribe() // with the connection it ends anyway
	if err := t.ask(question{Op: opHas, File: strings.ToLower(sha256)}); err != nil {
		return err
	}
	m, err := t.hear(ctx, a.quiet)
	if err == nil && m == nil {
		err = t.silent()
	}
	if err != nil {
		return err
	}
	if state := m.Header.Get(stateHeader); state != stateHere {
		return stateError(state, m.Data)
	}
	return nil
}

// fetch asks until the sensor has a place for it.
func (a *Asker) fetch(ctx context.Context, sensor string, q question, w io.Writer, limit int64) (ending, error) {
	whole, cancel := context.WithTimeout(ctx, transferMost)
	defer cancel()
	for end := time.Now().Add(a.busy); ; {
		e, err := a.fetchOnce(whole, sensor, q, w, limit)
		if whole.Err() != nil && ctx.Err() == nil {
			return e, fmt.Errorf("%w after %v", ErrBroken, transferMost)
		}
		if !errors.Is(err, ErrSensorBusy) || time.Now().After(end) {
			return e, err
		}
		select {
		case <-ctx.Done():
			return e, ctx.Err()
		case <-time.After(busyPause):
		}
	}
}

// reception is a transfer as who asks sees it.
type reception struct {
	nc     *nats.Conn
	sensor string
	id     string
	base   string // of the reply subjects
	sub    *nats.Subscription
	asked  int // chunks, of which got have come
	got    int
	window int
	sent   [windowMax]time.Time // when the chunks that are under way were asked for
	sum    sums.Hash
	size   int64
}

func (a *Asker) begin(sensor string) (*reception, error) {
	if !validName(sensor) {
		return nil, fmt.Errorf("%w: %q is no sensor of this hub", ErrSensorAway, sensor)
	}
	if err := away(a.nc); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHubAway, err)
	}
	t := &reception{nc: a.nc, sensor: sensor, id: rand.Text(), window: 2, sum: sha256.New()}
	t.base = answerSubject + sensor + "." + a.name + "." + t.id + "."
	var err error
	if t.sub, err = a.nc.SubscribeSync(t.base + "*"); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrHubAway, err)
	}
	return t, nil
}

// ask sends a question; a question for a chunk gets the number of the chunk.
func (t *reception) ask(q question) error {
	q.ID = t.id
	b, err := json.Marshal(q)
	if err != nil {
		return fmt.Errorf("bus: ask: %w", err)
	}
	reply := q.Op
	if q.Op == opOpen || q.Op == opNext {
		reply = strconv.Itoa(t.asked)
		t.sent[t.asked%windowMax] = time.Now()
		t.asked++
	}
	if err := t.nc.PublishRequest(askSubject+t.sensor, t.base+reply, b); err != nil {
		return fmt.Errorf("%w: %w", ErrHubAway, err)
	}
	return nil
}

// hear returns the next message, or nil when none has come for a time.
func (t *reception) hear(ctx context.Context, wait time.Duration) (*nats.Msg, error) {
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	m, err := t.sub.NextMsgWithContext(waiting)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, context.DeadlineExceeded):
		return nil, nil
	case errors.Is(err, nats.ErrNoResponders), err == nil && m.Header.Get("Status") == "503":
		return nil, fmt.Errorf("%w: %s is not connected", ErrSensorAway, t.sensor)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrHubAway, err)
	}
	return m, nil
}

// silent says who is away when nothing has come.
func (t *reception) silent() error {
	if err := away(t.nc); err != nil {
		return fmt.Errorf("%w: %w", ErrHubAway, err)
	}
	return fmt.Errorf("%w: %s is silent", ErrSensorAway, t.sensor)
}

func (a *Asker) fetchOnce(ctx context.Context, sensor string, q question, w io.Writer, limit int64) (e ending, err error) {
	t, err := a.begin(sensor)
	if err != nil {
		return e, err
	}
	q.Op = opOpen
	defer t.sub.Unsubscribe() // with the connection it ends anyway
	defer func() {
		if err != nil {
			err = errors.Join(err, t.ask(question{Op: opEnd}))
		}
	}()
	if err = t.ask(q); err != nil {
		return e, err
	}
	for heard := time.Now(); ; {
		m, err := t.hear(ctx, a.quiet)
		if err == nil && m == nil {
			if time.Since(heard) > a.wait {
				return e, t.silent()
			}
			err = t.ask(question{Op: opStill})
		}
		if err != nil {
			return e, err
		}
		if m == nil {
			continue
		}
		heard = time.Now()
		switch state := m.Header.Get(stateHeader); state {
		case "":
			if err := t.take(m, w, limit); err != nil {
				return e, err
			}
		case stateWait:
		case stateEnd:
			return t.end(m.Data)
		default:
			return e, stateError(state, m.Data)
		}
		for t.asked-t.got < t.window {
			if err := t.ask(question{Op: opNext}); err != nil {
				return e, err
			}
		}
	}
}

// take writes a chunk, which must be the next.
func (t *reception) take(m *nats.Msg, w io.Writer, limit int64) error {
	if m.Subject != t.base+strconv.Itoa(t.got) {
		return fmt.Errorf("%w: chunk %d is missing", ErrBroken, t.got)
	}
	if int64(len(m.Data)) > limit-t.size {
		return fmt.Errorf("%w: more than %d bytes", ErrBroken, limit)
	}
	switch took := time.Since(t.sent[t.got%windowMax]); {
	case took < chunkFast && t.window < windowMax:
		t.window++
	case took > chunkSlow && t.window > 1:
		t.window--
	}
	t.got++
	t.size += int64(len(m.Data))
	t.sum.Write(m.Data)
	_, err := w.Write(m.Data)
	return err
}

// end compares what has come with what the sensor says it has sent.
func (t *reception) end(text []byte) (ending, error) {
	var e ending
	if err := json.Unmarshal(text, &e); err != nil {
		return ending{}, fmt.Errorf("%w: its end cannot be read", ErrBroken)
	}
	if e.Bytes != t.size || e.SHA256 != hex.EncodeToString(t.sum.Sum(nil)) {
		return ending{}, fmt.Errorf("%w: %d bytes came of %d, or others than were sent", ErrBroken, t.size, e.Bytes)
	}
	return e, nil
}

func stateError(state string, text []byte) error {
	if err, ok := stateErrors[state]; ok {
		return fmt.Errorf("bus: the sensor's answer is %q: %w", state, err)
	}
	return fmt.Errorf("%w: the sensor says %q %.200q", ErrBroken, state, text)
}
