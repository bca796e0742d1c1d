package sealed

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"khien/detector/pseudonym"
	"khien/detector/store"
)

// WriteEvents stores telemetry.
func (s *Store) WriteEvents(ctx context.Context, events []store.Event) error {
	w := s.sealing()
	return s.opened(s.inner.WriteEvents(ctx, each(events, w.event)))
}

// event returns an event in other words.
func (w words) event(e store.Event) store.Event {
	e.Src, e.Dst = w.end(e.Src), w.end(e.Dst)
	for _, field := range []*string{&e.Host, &e.CommunityID, &e.Sensor} {
		*field = w.text(*field)
	}
	e.Body = pseudonym.Strings(e.Body, func(_, text string) string { return w.text(text) })
	return e
}

func (w words) end(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(w.addr(a.Addr()), a.Port())
}

// Events returns a page of events. Their ids are those of the opened ones.
func (s *Store) Events(ctx context.Context, q store.EventQuery) (store.EventPage, error) {
	q.IP = s.networks(q.IP)
	q.Host, q.CommunityID = both(q.Host, s.seal.Text), both(q.CommunityID, s.seal.Text)
	p, err := s.inner.Events(ctx, q)
	if err != nil {
		return store.EventPage{}, err
	}
	p.Events = slices.Clone(p.Events)
	w := s.opening()
	for i := range p.Events {
		e := &p.Events[i]
		*e = w.event(*e)
		if err := e.Prepare(); err != nil {
			return store.EventPage{}, fmt.Errorf("sealed: event: %w", err)
		}
	}
	return p, nil
}
