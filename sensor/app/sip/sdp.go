package sip

import (
	"bytes"

	"khien/sensor"
	"khien/sensor/evejson"
)

// media is a media description.
type media struct {
	media, info, connection, key []byte
	bandwidths, attributes       [][]byte
}

// timing is a time description: when, and how it repeats.
type timing struct{ when, repeat []byte }

// session is a session description.
type session struct {
	version, origin, name, info, uri, email, phone []byte
	connection, timezone, key                      []byte
	bandwidths, attributes                         [][]byte
	times                                          []timing
	media                                          []media
}

// parseSDP reads lines of the form type=value (RFC 8866, 5). Lines after the first m= belong to media.
func parseSDP(b []byte) *session {
	s := new(session)
	for n := 0; len(b) > 0 && n < linesMax; n++ {
		var line []byte
		line, b, _ = bytes.Cut(b, []byte{'\n'})
		line = bytes.TrimRight(line, "\r")
		if len(line) < 2 || line[1] != '=' {
			continue
		}
		kind, v := line[0], line[2:]
		if kind == 'm' {
			s.media = append(s.media, media{media: v})
		} else if k := len(s.media); k > 0 {
			s.media[k-1].add(kind, v)
		} else {
			s.add(kind, v)
		}
	}
	return s
}

func (s *session) add(kind byte, v []byte) {
	switch kind {
	case 'v':
		s.version = v
	case 'o':
		s.origin = v
	case 's':
		s.name = v
	case 'i':
		s.info = v
	case 'u':
		s.uri = v
	case 'e':
		s.email = v
	case 'p':
		s.phone = v
	case 'c':
		s.connection = v
	case 'b':
		s.bandwidths = append(s.bandwidths, v)
	case 't':
		s.times = append(s.times, timing{when: v})
	case 'r':
		if k := len(s.times); k > 0 {
			s.times[k-1].repeat = v
		}
	case 'z':
		s.timezone = v
	case 'k':
		s.key = v
	case 'a':
		s.attributes = append(s.attributes, v)
	}
}

func (m *media) add(kind byte, v []byte) {
	switch kind {
	case 'i':
		m.info = v
	case 'c':
		m.connection = v
	case 'b':
		m.bandwidths = append(m.bandwidths, v)
	case 'k':
		m.key = v
	case 'a':
		m.attributes = append(m.attributes, v)
	}
}

// buffer returns a part of the description; s may be nil.
func (s *session) buffer(b sensor.Buffer, i int) ([]byte, bool) {
	if s == nil {
		return nil, false
	}
	switch b {
	case sensor.SDPOrigin:
		return one(s.origin, i)
	case sensor.SDPSessionName:
		return one(s.name, i)
	case sensor.SDPSessionInfo:
		return one(s.info, i)
	case sensor.SDPURI:
		return one(s.uri, i)
	case sensor.SDPEmail:
		return one(s.email, i)
	case sensor.SDPPhone:
		return one(s.phone, i)
	case sensor.SDPConnection:
		return one(s.connection, i)
	case sensor.SDPBandwidth:
		return many(s.bandwidths, i)
	case sensor.SDPTime:
		if i < len(s.times) {
			return s.times[i].when, true
		}
		return nil, false
	case sensor.SDPRepeatTime:
		if i < len(s.times) {
			return s.times[i].repeat, true
		}
		return nil, false
	case sensor.SDPTimezone:
		return one(s.timezone, i)
	case sensor.SDPEncryptionKey:
		return one(s.key, i)
	case sensor.SDPAttribute:
		return many(s.attributes, i)
	}
	if i >= len(s.media) {
		return nil, false
	}
	m := &s.media[i]
	switch b {
	case sensor.SDPMedia:
		return m.media, true
	case sensor.SDPMediaInfo:
		return m.info, true
	case sensor.SDPMediaConnection:
		return m.connection, true
	case sensor.SDPMediaEncryptionKey:
		return m.key, true
	}
	return nil, false
}

func one(v []byte, i int) ([]byte, bool) { return v, v != nil && i == 0 }

func many(list [][]byte, i int) ([]byte, bool) {
	if i >= len(list) {
		return nil, false
	}
	return list[i], true
}

func (s *session) appendEVE(dst []byte) []byte {
	dst = append(dst, '{')
	for _, m := range [...]struct {
		key string
		v   []byte
	}{{"version", s.version}, {"origin", s.origin}, {"session_name", s.name}, {"session_info", s.info}, {"uri", s.uri},
		{"email", s.email}, {"phone_number", s.phone}, {"connection_data", s.connection}} {
		dst = appendText(dst, m.key, m.v)
	}
	dst = evejson.AppendList(dst, "bandwidths", s.bandwidths)
	if len(s.times) > 0 {
		dst = append(evejson.AppendKey(dst, "time_descriptions"), '[')
		for _, t := range s.times {
			dst = append(evejson.AppendComma(dst), '{')
			dst = appendText(dst, "time", t.when)
			dst = appendText(dst, "repeat_time", t.repeat)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	dst = appendText(dst, "timezone", s.timezone)
	dst = appendText(dst, "encryption_key", s.key)
	dst = evejson.AppendList(dst, "attributes", s.attributes)
	if len(s.media) > 0 {
		dst = append(evejson.AppendKey(dst, "media_descriptions"), '[')
		for _, m := range s.media {
			dst = append(evejson.AppendComma(dst), '{')
			dst = appendText(dst, "media", m.media)
			dst = appendText(dst, "media_info", m.info)
			dst = evejson.AppendList(dst, "bandwidths", m.bandwidths)
			dst = appendText(dst, "connection_data", m.connection)
			dst = appendText(dst, "encryption_key", m.key)
			dst = evejson.AppendList(dst, "attributes", m.attributes)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

func appendText(dst []byte, key string, v []byte) []byte {
	if v == nil {
		return dst
	}
	return evejson.AppendBytes(dst, key, v)
}
