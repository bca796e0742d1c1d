package elastic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"khien/detector/store"
)

// eventStream is the data stream of a type.
func (s *Store) eventStream(kind string) string {
	return telemetryStream + kind + "-" + s.cfg.Namespace
}

func (s *Store) eventStreams() []string {
	var out []string
	for _, t := range store.EventTypes {
		out = append(out, s.eventStream(t))
	}
	return out
}

// eventSource is an event in the index: the columns in the Elastic Common Schema, the record as event.original.
type eventSource struct {
	Timestamp   time.Time    `json:"@timestamp"`
	ECS         ecsVersion   `json:"ecs"`
	Event       eventMeta    `json:"event"`
	Source      *eventEnd    `json:"source,omitempty"`
	Destination *eventEnd    `json:"destination,omitempty"`
	Network     *eventNet    `json:"network,omitempty"`
	DNS         *dnsName     `json:"dns,omitempty"`
	URL         *urlName     `json:"url,omitempty"`
	TLS         *tlsName     `json:"tls,omitempty"`
	Related     *eventNames  `json:"related,omitempty"`
	Observer    *observer    `json:"observer,omitempty"`
	Khien       *khienOfFlow `json:"khien,omitempty"`
	Index       *eventIndex  `json:"khien_index,omitempty"`
}

type (
	ecsVersion struct {
		Version string `json:"version"`
	}
	eventMeta struct {
		ID       string `json:"id"`
		Kind     string `json:"kind"`
		Module   string `json:"module"`
		Dataset  string `json:"dataset"`
		Original string `json:"original"`
	}
	eventEnd struct {
		IP   string `json:"ip"`
		Port uint16 `json:"port"`
	}
	eventNet struct {
		CommunityID string `json:"community_id"`
	}
	dnsName struct {
		Question struct {
			Name string `json:"name"`
		} `json:"question"`
	}
	urlName struct {
		Domain string `json:"domain"`
	}
	tlsName struct {
		Client struct {
			ServerName string `json:"server_name"`
		} `json:"client"`
	}
	eventNames struct {
		Hosts []string `json:"hosts"`
	}
	observer struct {
		Name string `json:"name"`
	}
	// eventIndex is what only the index needs: a certificate's hash is in the record.
	eventIndex struct {
		Cert string `json:"cert"`
	}
	khienOfFlow struct {
		Flow struct {
			ID string `json:"id"`
		} `json:"flow"`
	}
)

func endOf(a netip.AddrPort) *eventEnd {
	if !a.Addr().IsValid() {
		return nil
	}
	return &eventEnd{a.Addr().Unmap().WithZone("").String(), a.Port()}
}

func (e *eventEnd) addrPort() (netip.AddrPort, error) {
	if e == nil {
		return netip.AddrPort{}, nil
	}
	a, err := netip.ParseAddr(e.IP)
	return netip.AddrPortFrom(a, e.Port), err
}

func sourceOf(e *store.Event) *eventSource {
	d := &eventSource{Timestamp: e.Time.UTC(), ECS: ecsVersion{"8.17.0"},
		Event:  eventMeta{ID: e.ID, Kind: "event", Module: "khien", Dataset: "khien." + e.Type, Original: string(e.Body)},
		Source: endOf(e.Src), Destination: endOf(e.Dst)}
	if e.CommunityID != "" {
		d.Network = &eventNet{e.CommunityID}
	}
	if e.Sensor != "" {
		d.Observer = &observer{e.Sensor}
	}
	if e.FlowID != 0 {
		d.Khien = new(khienOfFlow)
		d.Khien.Flow.ID = strconv.FormatUint(e.FlowID, 10)
	}
	if e.Cert != "" {
		d.Index = &eventIndex{e.Cert}
	}
	if e.Host == "" {
		return d
	}
	d.Related = &eventNames{[]string{e.Host}}
	switch e.Type {
	case "dns":
		d.DNS = new(dnsName)
		d.DNS.Question.Name = e.Host
	case "tls", "quic":
		d.TLS = new(tlsName)
		d.TLS.Client.ServerName = e.Host
	case "http":
		d.URL = &urlName{e.Host}
	}
	return d
}

func (d *eventSource) event() (e store.Event, err error) {
	e = store.Event{ID: d.Event.ID, Time: d.Timestamp.UTC(), Type: strings.TrimPrefix(d.Event.Dataset, "khien."), Body: json.RawMessage(d.Event.Original)}
	if e.Src, err = d.Source.addrPort(); err != nil {
		return e, err
	}
	if e.Dst, err = d.Destination.addrPort(); err != nil {
		return e, err
	}
	if d.Network != nil {
		e.CommunityID = d.Network.CommunityID
	}
	if d.Index != nil {
		e.Cert = d.Index.Cert
	}
	if d.Observer != nil {
		e.Sensor = d.Observer.Name
	}
	if d.Related != nil && len(d.Related.Hosts) > 0 {
		e.Host = d.Related.Hosts[0]
	}
	if d.Khien != nil {
		if e.FlowID, err = strconv.ParseUint(d.Khien.Flow.ID, 10, 64); err != nil {
			return e, err
		}
	}
	return e, nil
}

// WriteEvents stores telemetry, each type in its data stream.
func (s *Store) WriteEvents(ctx context.Context, events []store.Event) error {
	kept, refused := store.PrepareEvents(events)
	entries := make([]entry, len(kept))
	for i := range kept {
		doc, err := json.Marshal(sourceOf(&kept[i]))
		if err != nil {
			return fmt.Errorf("elastic: event %s: %w", kept[i].ID, err)
		}
		entries[i] = entry{id: kept[i].ID, index: s.eventStream(kept[i].Type), doc: doc}
	}
	err := s.bulk(ctx, entries)
	if !isRejects(err) {
		return err
	}
	return store.JoinRejects(refused, err)
}

// isRejects reports whether everything that can be stored is: err is nil or a *store.RejectedError.
func isRejects(err error) bool {
	var r *store.RejectedError
	return err == nil || errors.As(err, &r)
}

// Events returns a page of events in order of time, then id.
func (s *Store) Events(ctx context.Context, q store.EventQuery) (store.EventPage, error) {
	var filter []m
	if !q.From.IsZero() || !q.To.IsZero() {
		filter = append(filter, timeRange(q.From, q.To))
	}
	if len(q.IP) > 0 {
		filter = append(filter, eitherEnd(q.IP))
	}
	if len(q.Host) > 0 {
		filter = append(filter, hostFilter(q.Host))
	}
	if len(q.Cert) > 0 {
		filter = append(filter, m{"terms": m{"khien_index.cert": q.Cert}})
	}
	if len(q.CommunityID) > 0 {
		filter = append(filter, m{"terms": m{"network.community_id": q.CommunityID}})
	}
	index := strings.Join(s.eventStreams(), ",")
	if q.Type != "" {
		filter = append(filter, m{"term": m{"event.dataset": "khien." + q.Type}})
	}
	order := "asc"
	if q.Descending {
		order = "desc"
	}
	size := limit(q.Limit)
	req := m{"size": size + 1, "query": m{"bool": m{"filter": filter}}, "track_total_hits": false,
		"sort": []m{{"@timestamp": m{"order": order, "format": "strict_date_optional_time_nanos", "unmapped_type": "date_nanos"}},
			{"event.id": m{"order": order, "unmapped_type": "keyword"}}}}
	if q.Cursor != "" {
		after, err := readCursor(q.Cursor)
		if err != nil {
			return store.EventPage{}, err
		}
		req["search_after"] = after
	}
	var ans struct {
		Hits struct {
			Hits []struct {
				Source eventSource       `json:"_source"`
				Sort   []json.RawMessage `json:"sort"`
			} `json:"hits"`
		} `json:"hits"`
	}
	if err := s.search(ctx, index, req, &ans); err != nil {
		return store.EventPage{}, err
	}
	var page store.EventPage
	for i := range ans.Hits.Hits {
		if i == size {
			page.Next = writeCursor(ans.Hits.Hits[i-1].Sort)
			break
		}
		e, err := ans.Hits.Hits[i].Source.event()
		if err != nil {
			return store.EventPage{}, fmt.Errorf("elastic: event: %w", err)
		}
		page.Events = append(page.Events, e)
	}
	return page, nil
}
