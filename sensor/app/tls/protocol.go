package tls

import "khien/sensor"

// Protocol returns TLS.
func Protocol() sensor.Protocol { return WithKeys(nil) }

// WithKeys returns TLS that decrypts the connections whose secrets are known.
func WithKeys(keys *Keys) sensor.Protocol {
	return sensor.Protocol{Proto: sensor.ProtoTLS, TCP: true, Ports: []uint16{443}, Probe: probe,
		New: func(*sensor.Flow, any) sensor.Parser { return &parser{keys: keys} }}
}

// probe recognises the first record of a side: a hello, or a server's alert.
func probe(dir sensor.Dir, b []byte, _ *sensor.Flow) sensor.Match {
	if len(b) == 0 {
		return sensor.More
	}
	if b[0]&0x80 != 0 {
		return probeSSL2(dir, b)
	}
	if b[0] != recordHandshake && (b[0] != recordAlert || dir == sensor.ToServer) || len(b) > 1 && b[1] != 3 ||
		len(b) > 2 && b[2] > 4 {
		return sensor.No
	}
	if len(b) < headerLen+1 {
		return sensor.More
	}
	n := int(b[3])<<8 | int(b[4])
	if b[0] == recordAlert {
		if n == 2 && (b[5] == 1 || b[5] == 2) {
			return sensor.Yes
		}
		return sensor.No
	}
	want := byte(msgClientHello)
	if dir == sensor.ToClient {
		want = msgServerHello
	}
	if n < msgHeader || n > recordMax || b[5] != want {
		return sensor.No
	}
	if len(b) > 6 && b[6] != 0 {
		return sensor.No // no hello is that long
	}
	return sensor.Yes
}

// probeSSL2 recognises an SSL 2 hello by its type and version, and by lengths that add up.
func probeSSL2(dir sensor.Dir, b []byte) sensor.Match {
	if len(b) < ssl2Header+9 {
		if len(b) > 2 && b[2] != ssl2ClientHello && b[2] != ssl2ServerHello {
			return sensor.No
		}
		return sensor.More
	}
	n := int(b[0]&0x7f)<<8 | int(b[1])
	if n > ssl2HelloMax {
		return sensor.No
	}
	u16 := func(at int) int { return int(b[at])<<8 | int(b[at+1]) }
	if dir == sensor.ToClient {
		if b[2] == ssl2ServerHello && b[3] <= 1 && b[4] <= 1 && u16(5) == 2 && u16(7)+11 <= n {
			return sensor.Yes
		}
		return sensor.No
	}
	version, specs, id, challenge := u16(3), u16(5), u16(7), u16(9)
	if b[2] != ssl2ClientHello || version != 2 && version>>8 != 3 || specs == 0 || specs%3 != 0 || id > 32 ||
		challenge < 16 || challenge > 32 || 9+specs+id+challenge != n {
		return sensor.No
	}
	return sensor.Yes
}
