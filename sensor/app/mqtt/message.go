package mqtt

// message is one control packet.
type message struct {
	kind    byte
	dup     bool
	qos     byte
	retain  bool
	body    []byte
	skipped int // bytes of the body that were not kept
	id      uint16
	hasID   bool
	version byte // protocol version of the connection

	// CONNECT
	protocol                                    []byte
	connectFlags                                byte
	clientID, willTopic, will, username, secret []byte
	hasWill, hasUser, hasSecret                 bool

	topic      []byte // PUBLISH
	payload    []byte
	topics     [][]byte // SUBSCRIBE, UNSUBSCRIBE
	options    []byte   // SUBSCRIBE: quality of service of each topic
	codes      []byte   // SUBACK, UNSUBACK
	code       byte     // CONNACK and others
	hasCode    bool
	session    bool // CONNACK
	properties []property
	propsSeen  bool
	will5      []property
}

// reader takes a message apart. After an error it gives nothing.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.bad, r.b = true, nil
		return nil
	}
	v := r.b[:n]
	r.b = r.b[n:]
	return v
}

func (r *reader) byte() byte {
	if v := r.take(1); len(v) == 1 {
		return v[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if v := r.take(2); len(v) == 2 {
		return uint16(v[0])<<8 | uint16(v[1])
	}
	return 0
}

func (r *reader) u32() uint32 { return uint32(r.u16())<<16 | uint32(r.u16()) }

func (r *reader) text() []byte { return r.take(int(r.u16())) }

// varint reads a number of up to four bytes (MQTT 5.0, 1.5.5).
func (r *reader) varint() int {
	v := 0
	for shift := 0; shift < 28; shift += 7 {
		c := r.byte()
		v |= int(c&0x7f) << shift
		if c&0x80 == 0 {
			return v
		}
	}
	r.bad = true
	return v
}

// read takes the body apart. It reports whether the body is what its type says.
func (m *message) read() bool {
	r := reader{b: m.body}
	v5 := m.version == 5
	switch m.kind {
	case connect:
		m.readConnect(&r)
	case connack:
		m.session = r.byte()&1 != 0
		m.code, m.hasCode = r.byte(), true
		if v5 && len(r.b) > 0 {
			m.properties = m.readProperties(&r)
		}
	case publish:
		m.topic = r.text()
		if m.qos > 0 {
			m.id, m.hasID = r.u16(), true
		}
		if v5 {
			m.properties = m.readProperties(&r)
		}
		m.payload = r.b
	case puback, pubrec, pubrel, pubcomp:
		m.id, m.hasID = r.u16(), true
		m.readReason(&r, v5)
	case subscribe, unsubscribe:
		m.id, m.hasID = r.u16(), true
		if v5 {
			m.properties = m.readProperties(&r)
		}
		for len(r.b) > 0 && len(m.topics) < topicsMax && !r.bad {
			m.topics = append(m.topics, r.text())
			if m.kind == subscribe {
				m.options = append(m.options, r.byte())
			}
		}
	case suback, unsuback:
		m.id, m.hasID = r.u16(), true
		if v5 {
			m.properties = m.readProperties(&r)
		}
		m.codes = r.b[:min(len(r.b), topicsMax)]
	case disconnect, auth:
		if v5 {
			m.hasCode = true
			m.readReason(&r, v5)
		}
	}
	return !r.bad
}

// readReason reads a code and properties, both of which may be left out.
func (m *message) readReason(r *reader, v5 bool) {
	if !v5 || len(r.b) == 0 {
		return
	}
	m.code, m.hasCode = r.byte(), true
	if len(r.b) > 0 {
		m.properties = m.readProperties(r)
	}
}

// CONNECT flags (MQTT 5.0, 3.1.2.3).
const (
	flagClean      = 0x02
	flagWill       = 0x04
	flagWillRetain = 0x20
	flagPassword   = 0x40
	flagUsername   = 0x80
)

func (m *message) readConnect(r *reader) {
	m.protocol = r.text()
	m.version = r.byte()
	m.connectFlags = r.byte()
	r.u16() // keep alive
	v5 := m.version == 5
	if v5 {
		m.properties = m.readProperties(r)
	}
	m.clientID = r.text()
	if m.connectFlags&flagWill != 0 {
		if v5 {
			seen := m.propsSeen
			m.will5 = m.readProperties(r)
			m.propsSeen = seen
		}
		m.willTopic, m.will, m.hasWill = r.text(), r.text(), true
	}
	if m.connectFlags&flagUsername != 0 {
		m.username, m.hasUser = r.text(), true
	}
	if m.connectFlags&flagPassword != 0 {
		m.secret, m.hasSecret = r.text(), true
	}
}
