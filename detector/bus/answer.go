package bus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	sums "hash"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
)

// What a sensor gives out at a time: each transfer reads the disk that captured packets are written to, and encrypts on the
// processors that inspect them.
const (
	transfersMax = 2
	chunkPause   = 4 * time.Millisecond // between chunks of one: 31 MiB/s, however fast the line is
)

// Keeps is what a sensor keeps and gives to who may ask; what is nil it does not keep. The functions are called by a
// goroutine of their own, which ends when they have returned.
type Keeps struct {
	// Packets writes packets as pcapng. fs.ErrNotExist, wrapped, when there are none.
	Packets func(w io.Writer, p PacketsWanted) (Given, error)
	// File opens a transferred file. fs.ErrNotExist, wrapped, when it is not there.
	File func(sha256 string) (*os.File, error)
	// Told hears what was given to whom, or why not.
	Told func(asker, what string, bytes int64, err error)
}

// Answer answers what is asked of the sensor until ctx ends.
func (l *Link) Answer(ctx context.Context, k Keeps) error {
	a := &answerer{link: l, keeps: k, ctx: ctx, transfers: map[string]*transfer{}}
	sub, err := l.nc.Subscribe(askSubject+l.name, a.hear)
	if err != nil {
		return fmt.Errorf("bus: answer: %w", err)
	}
	<-ctx.Done()
	if err := sub.Unsubscribe(); err != nil && !errors.Is(err, nats.ErrConnectionClosed) {
		return fmt.Errorf("bus: answer: %w", err)
	}
	a.mu.Lock()
	a.ended = true
	a.mu.Unlock()
	a.running.Wait()
	return nil
}

// answerer answers for a sensor.
type answerer struct {
	link    *Link
	keeps   Keeps
	ctx     context.Context
	running sync.WaitGroup

	mu        sync.Mutex
	transfers map[string]*transfer
	ended     bool
}

// say answers with a state. Who is not reached asks again, or gives up.
func (a *answerer) say(reply, state string, data []byte) error {
	err := a.link.nc.PublishMsg(&nats.Msg{Subject: reply, Header: nats.Header{stateHeader: {state}}, Data: data})
	if err != nil {
		return fmt.Errorf("bus: answer: %w", err)
	}
	return nil
}

// hear takes a question. One that cannot be read gets no answer.
func (a *answerer) hear(m *nats.Msg) {
	var q question
	asker, ok := strings.CutPrefix(m.Reply, answerSubject+a.link.name+".")
	if !ok || len(m.Data) > askMax || json.Unmarshal(m.Data, &q) != nil {
		return
	}
	asker, _, _ = strings.Cut(asker, ".")
	state := ""
	a.mu.Lock()
	defer a.mu.Unlock()
	t := a.transfers[q.ID]
	switch q.Op {
	case opHas:
		state = a.has(q.File)
	case opOpen:
		state = a.open(q, m.Reply, asker)
	case opNext, opStill:
		switch {
		case t == nil:
			state = stateGone
		case q.Op == opStill:
			state = stateWait
		default:
			select {
			case t.credits <- m.Reply:
			default: // more than anybody asks for
			}
		}
	case opEnd:
		if t != nil {
			t.cancel()
		}
	}
	if state != "" {
		a.say(m.Reply, state, nil) // who is not reached asks again, or gives up
	}
}

func (a *answerer) has(sha256 string) string {
	if a.keeps.File == nil {
		return stateOff
	}
	f, err := a.keeps.File(sha256)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return stateNone
	case err != nil:
		return stateFailed
	}
	f.Close() // was not even read
	return stateHere
}

// open begins a transfer, or says why not.
func (a *answerer) open(q question, reply, asker string) string {
	switch {
	case a.ended, q.ID == "", a.transfers[q.ID] != nil, (q.Packets == nil) == (q.File == ""), len(q.File) > 2*sha256.Size, q.Packets != nil && q.Packets.check() != nil:
		return stateFailed
	case q.Packets != nil && a.keeps.Packets == nil, q.File != "" && a.keeps.File == nil:
		return stateOff
	case len(a.transfers) == transfersMax:
		return stateBusy
	}
	ctx, cancel := context.WithCancel(a.ctx)
	t := &transfer{answerer: a, asker: asker, question: q, ctx: ctx, cancel: cancel, credits: make(chan string, windowMax), chunks: make(chan []byte), sum: sha256.New()}
	t.credits <- reply
	a.transfers[q.ID] = t
	a.running.Go(t.run)
	return ""
}

// transfer is one answer. run sends what produce writes, a chunk for each question.
type transfer struct {
	*answerer
	question
	asker   string
	ctx     context.Context
	cancel  func()
	credits chan string // reply subjects

	chunks chan []byte // unbuffered: while one is sent, the next is filled
	buf    [2][]byte
	sum    sums.Hash
	end    ending
	err    error // of what is kept; valid when chunks is closed
}

func (t *transfer) run() {
	var producing sync.WaitGroup
	producing.Go(t.produce)
	err := t.send()
	t.cancel()
	producing.Wait()
	t.mu.Lock()
	delete(t.transfers, t.ID)
	t.mu.Unlock()
	if t.keeps.Told == nil {
		return
	}
	what := fmt.Sprintf("file %q", t.question.File)
	if t.question.Packets != nil {
		what = fmt.Sprintf("packets of finding %q", t.question.Packets.Finding)
	}
	t.keeps.Told(t.asker, what, t.end.Bytes, err)
}

// send answers questions until everything is said; the error says why it was not.
func (t *transfer) send() error {
	for {
		var reply string
		select {
		case reply = <-t.credits:
		case <-t.ctx.Done():
			return errors.New("bus: answer: nobody wants the rest")
		case <-time.After(creditWait):
			return errors.New("bus: answer: who asked is gone")
		}
		select {
		case chunk, ok := <-t.chunks:
			if !ok {
				return t.finish(reply)
			}
			if err := t.link.nc.Publish(reply, chunk); err != nil {
				return fmt.Errorf("bus: answer: %w", err)
			}
			time.Sleep(chunkPause)
		case <-t.ctx.Done():
			return errors.New("bus: answer: nobody wants the rest")
		}
	}
}

// finish says how it ended.
func (t *transfer) finish(reply string) error {
	switch {
	case errors.Is(t.err, fs.ErrNotExist):
		return errors.Join(t.err, t.say(reply, stateNone, nil))
	case t.err != nil:
		return errors.Join(t.err, t.say(reply, stateFailed, []byte(t.err.Error())))
	}
	text, err := json.Marshal(t.end)
	if err != nil {
		return fmt.Errorf("bus: answer: %w", err)
	}
	return t.say(reply, stateEnd, text)
}

// produce writes what was asked for.
func (t *transfer) produce() {
	defer close(t.chunks)
	switch {
	case t.question.Packets != nil:
		t.end.Given, t.err = t.keeps.Packets(t, *t.question.Packets)
	default:
		t.err = t.file()
	}
	if t.err == nil && len(t.buf[0]) > 0 {
		t.err = t.flush()
	}
	t.end.SHA256 = hex.EncodeToString(t.sum.Sum(nil))
}

func (t *transfer) file() error {
	f, err := t.keeps.File(t.question.File)
	if err != nil {
		return err
	}
	defer f.Close() // was only read
	info, err := f.Stat()
	if err == nil {
		t.end.Time = info.ModTime().UTC()
		_, err = io.CopyBuffer(t, struct{ io.Reader }{f}, make([]byte, 32<<10))
	}
	return err
}

// Write implements io.Writer for what is kept.
func (t *transfer) Write(b []byte) (n int, err error) {
	for n < len(b) {
		if cap(t.buf[0]) == 0 {
			t.buf[0] = make([]byte, 0, chunkBytes)
		}
		m := min(len(b)-n, cap(t.buf[0])-len(t.buf[0]))
		t.buf[0] = append(t.buf[0], b[n:n+m]...)
		n += m
		if len(t.buf[0]) == cap(t.buf[0]) {
			if err := t.flush(); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// flush gives a chunk to send. The one before has been sent by then.
func (t *transfer) flush() error {
	select {
	case t.chunks <- t.buf[0]:
	case <-t.ctx.Done():
		return t.ctx.Err()
	}
	t.sum.Write(t.buf[0])
	t.end.Bytes += int64(len(t.buf[0]))
	t.buf[0], t.buf[1] = t.buf[1][:0], t.buf[0]
	return nil
}
