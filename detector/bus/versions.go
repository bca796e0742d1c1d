package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"khien/detector/bus/release"
)

// Names of the versions on the hub. A part of a pack is partSubject, number of the version, number of the part: parts of
// different versions never mix.
const (
	versionsStream  = "VERSIONS"
	versionsSubject = "khien.version."
	versionHead     = versionsSubject + "head"
	partSubject     = versionsSubject + "part."
	directGet       = "$JS.API.DIRECT.GET." + versionsStream + "."
	versionsBytes   = 192 << 20 // two versions, and a third while it comes
)

// directWait is how long a sensor waits for a part of a version.
const directWait = 5 * time.Second

// ErrNoVersion is given when nothing has been published.
var ErrNoVersion = errors.New("bus: no version has been published")

// Publisher publishes versions.
type Publisher struct{ js jetstream.JetStream }

// NewPublisher returns a publisher on the connection of a core.
func NewPublisher(nc *nats.Conn) (*Publisher, error) {
	js, err := jetstream.New(nc)
	if err != nil {
		return nil, fmt.Errorf("bus: %w", err)
	}
	return &Publisher{js}, nil
}

// Newest returns the signed head that is published; ErrNoVersion when there is none.
func (p *Publisher) Newest(ctx context.Context) ([]byte, error) {
	s, err := p.js.Stream(ctx, versionsStream)
	if err != nil {
		return nil, fmt.Errorf("bus: versions: %w", err)
	}
	m, err := s.GetLastMsgForSubject(ctx, versionHead)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, ErrNoVersion
	}
	if err != nil {
		return nil, fmt.Errorf("bus: versions: %w", err)
	}
	return m.Data, nil
}

// Publish makes a version the newest. Its head comes behind its parts: whoever sees it finds them. The version before stays
// for those that are fetching it.
func (p *Publisher) Publish(ctx context.Context, h release.Head, signed, packed []byte) error {
	prefix := fmt.Sprintf("%s%d.", partSubject, h.Number)
	for i := range h.Parts() {
		part := packed[i*release.PartBytes : min((i+1)*release.PartBytes, len(packed))]
		if _, err := p.js.Publish(ctx, fmt.Sprintf("%s%d", prefix, i), part); err != nil {
			return fmt.Errorf("bus: version %d: part %d: %w", h.Number, i, err)
		}
	}
	if _, err := p.js.Publish(ctx, versionHead, signed); err != nil {
		return fmt.Errorf("bus: version %d: %w", h.Number, err)
	}
	return p.forget(ctx, h.Number)
}

// forget removes the parts of all versions but the newest and the one before.
func (p *Publisher) forget(ctx context.Context, newest uint64) error {
	s, err := p.js.Stream(ctx, versionsStream)
	if err != nil {
		return fmt.Errorf("bus: versions: %w", err)
	}
	info, err := s.Info(ctx, jetstream.WithSubjectFilter(partSubject+"*.0"))
	if err != nil {
		return fmt.Errorf("bus: versions: %w", err)
	}
	var before uint64
	var numbers []uint64
	for subject := range info.State.Subjects {
		var n uint64
		if _, err := fmt.Sscanf(strings.TrimPrefix(subject, partSubject), "%d.0", &n); err != nil || n == newest {
			continue
		}
		numbers = append(numbers, n)
		before = max(before, n)
	}
	for _, n := range numbers {
		if n == before {
			continue
		}
		if err := s.Purge(ctx, jetstream.WithPurgeSubject(fmt.Sprintf("%s%d.>", partSubject, n))); err != nil {
			return fmt.Errorf("bus: versions: %w", err)
		}
	}
	return nil
}

// VersionNews returns a channel that gets something when a version is published while the hub can be reached. What was
// published before, or while it could not, is asked for with Version.
func (l *Link) VersionNews() (<-chan struct{}, error) {
	news := make(chan struct{}, 1)
	_, err := l.nc.Subscribe(versionHead, func(*nats.Msg) {
		select {
		case news <- struct{}{}:
		default: // one is enough
		}
	})
	if err != nil {
		return nil, fmt.Errorf("bus: versions: %w", err)
	}
	return news, nil
}

// Version asks the hub for the signed head of the newest version; ErrNoVersion when there is none.
func (l *Link) Version(ctx context.Context) ([]byte, error) { return l.direct(ctx, versionHead) }

// VersionPack fetches the pack of a version.
func (l *Link) VersionPack(ctx context.Context, h release.Head) ([]byte, error) {
	b := make([]byte, 0, h.Size)
	for i := range h.Parts() {
		part, err := l.direct(ctx, fmt.Sprintf("%s%d.%d", partSubject, h.Number, i))
		if err != nil {
			return nil, fmt.Errorf("bus: version %d: part %d: %w", h.Number, i, err)
		}
		if len(part) > h.Size-len(b) {
			return nil, fmt.Errorf("bus: version %d: more than %d bytes", h.Number, h.Size)
		}
		b = append(b, part...)
	}
	if !h.Matches(b) {
		return nil, fmt.Errorf("bus: version %d: what came is not what was signed", h.Number)
	}
	return b, nil
}

// direct reads the last message of a subject. It needs the right to ask for that, and none to look at streams.
func (l *Link) direct(ctx context.Context, subject string) ([]byte, error) {
	if err := l.Away(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, directWait)
	defer cancel()
	m, err := l.nc.RequestWithContext(ctx, directGet+subject, nil)
	if err != nil {
		return nil, fmt.Errorf("bus: versions: %w", err)
	}
	switch status := m.Header.Get("Status"); {
	case status == "404":
		return nil, ErrNoVersion
	case status != "":
		return nil, fmt.Errorf("bus: versions: the hub answers %s %s", status, m.Header.Get("Description"))
	}
	return bytes.Clone(m.Data), nil
}
