package http2

import (
	"encoding/binary"

	"khien/sensor"
)

// Anomalies, by the names of Suricata's app-layer-event:http2.
const (
	anFrameHeader    = "invalid_frame_header"
	anFrameData      = "invalid_frame_data"
	anHeader         = "invalid_header"
	anFrameLength    = "invalid_frame_length"
	anExtraHeader    = "extra_header_data"
	anStreamReuse    = "stream_id_reuse"
	anTooManyStreams = "too_many_streams"
	anAuthorityHost  = "authority_host_mismatch"
	anUserinfo       = "userinfo_in_uri"
	anDataStreamZero = "data_stream_zero"
	anTooManyFrames  = "too_many_frames"
)

// odd notes what is wrong with a frame: at its stream, or outside any transaction.
func (p *parser) odd(h *half, name string) {
	if t := p.streams[h.stream]; t != nil {
		t.AddAnomaly(h.dir, name)
		return
	}
	if h.odds++; h.odds <= maxOdds {
		p.Out.Anomaly(h.dir, name)
	}
}

// stream returns the transaction of the frame's stream, a new one when the stream begins; nil when there are too many.
func (p *parser) stream(h *half) *Transaction {
	if h.stream == 0 {
		return nil
	}
	if t := p.streams[h.stream]; t != nil {
		return t
	}
	if len(p.streams) >= maxStreams {
		p.odd(h, anTooManyStreams)
		return nil
	}
	t := p.transaction(h.stream)
	p.streams[h.stream] = t
	p.order = append(p.order, t)
	if h.dir == sensor.ToClient && !h.blockPush {
		// The request was sent before the upgrade from HTTP/1, or was not seen.
		t.Done[sensor.ToServer] = sensor.ProgressComplete
	}
	return t
}

// note gives a frame's number to the stream, or to the connection.
func (p *parser) note(h *half, set func(*Transaction)) {
	if h.stream == 0 {
		p.connection(h, set)
		return
	}
	if t := p.streams[h.stream]; t != nil {
		t.frame(h)
		set(t)
	}
}

// connection makes the transaction of a frame that concerns the whole connection. It is complete at once.
func (p *parser) connection(h *half, set func(*Transaction)) {
	t := p.transaction(0)
	t.frame(h)
	set(t)
	t.Done = [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}
	p.Out.Tx(t, h.dir)
	p.Out.Done(t)
}

// settings reads a SETTINGS frame (RFC 9113, 6.5).
func (p *parser) settings(h *half, b []byte) {
	if len(b)%6 != 0 {
		p.odd(h, anFrameLength)
	}
	h.stream = 0
	p.connection(h, func(t *Transaction) {
		for len(b) >= 6 && len(t.settings[h.dir]) < maxSettings {
			s := setting{binary.BigEndian.Uint16(b), binary.BigEndian.Uint32(b[2:])}
			t.settings[h.dir] = append(t.settings[h.dir], s)
			b = b[6:]
			if s.id == settingTable {
				// The sender of the setting bounds what the other side may use to compress.
				p.half[h.dir.Reverse()].hpack.SetAllowedMaxDynamicTableSize(min(s.value, maxTable))
			}
		}
	})
}

// progress tells how far a direction has come.
func (p *parser) progress(t *Transaction, dir sensor.Dir, to sensor.Progress) {
	t.Done[dir] = max(t.Done[dir], to)
	t.told = true
	p.Out.Tx(t, dir)
}

// endDirection completes one direction of a stream, and the stream with the second.
func (p *parser) endDirection(t *Transaction, dir sensor.Dir, whole bool) {
	if t.Done[dir] >= sensor.ProgressComplete {
		return
	}
	t.body[dir].End(whole)
	t.endDNS(dir)
	t.Done[dir] = sensor.ProgressComplete
	p.Out.Tx(t, dir)
	if t.Done[dir.Reverse()] < sensor.ProgressComplete {
		return
	}
	delete(p.streams, t.stream)
	for i, o := range p.order {
		if o == t {
			p.order = append(p.order[:i], p.order[i+1:]...)
			break
		}
	}
	p.Out.Done(t)
}
