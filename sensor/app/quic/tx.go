package quic

import (
	"encoding/binary"

	"khien/sensor"
	"khien/sensor/app/tls"
	"khien/sensor/evejson"
)

// Extensions of the hello that QUIC reads further, and the transport parameter in which Google's clients name themselves.
const (
	extServerName     = 0
	extALPN           = 16
	extParameters     = 57     // RFC 9001, 8.2
	extParametersOld  = 0xffa5 // the drafts before 33
	parameterAgent    = 0x3129
	parametersMax     = 64
	userAgentLenLimit = 1024
)

// tx is one hello.
type tx struct {
	sensor.TxBase
	dir     sensor.Dir
	version uint32
	wire    [4]byte // version as sent
	hello   bool    // client or server is set, by direction
	client  tls.ClientHello
	server  tls.ServerHello
	sni     []byte // Google's versions
	ua      []byte
	cyu     []byte
	cyuHash []byte
	ja3     []byte
	ja3Hash []byte
	ja4     []byte
}

// readParameters looks for the client's name among the transport parameters (RFC 9000, 18).
func (t *tx) readParameters() {
	for _, e := range t.client.Extensions {
		if e.Type != extParameters && e.Type != extParametersOld {
			continue
		}
		b := e.Data
		for range parametersMax {
			id, rest, ok := varint(b)
			if !ok {
				return
			}
			n, rest, ok := varint(rest)
			if !ok || n > uint64(len(rest)) {
				return
			}
			if id == parameterAgent {
				t.ua = append([]byte(nil), rest[:min(n, userAgentLenLimit)]...)
				return
			}
			b = rest[n:]
		}
	}
}

// LogReady reports whether the record of a direction is complete.
func (t *tx) LogReady(dir sensor.Dir) bool { return dir == t.dir }

// Buffer returns value i of a buffer.
func (t *tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if dir != t.dir || i < 0 {
		return nil, false
	}
	if b == sensor.TLSALPN {
		list := t.client.ALPN
		if dir == sensor.ToClient {
			list = t.server.ALPN
		}
		if i < len(list) {
			return list[i], true
		}
		return nil, false
	}
	if i > 0 {
		return nil, false
	}
	v := t.single(b)
	return v, len(v) > 0
}

func (t *tx) single(b sensor.Buffer) []byte {
	client := t.hello && t.dir == sensor.ToServer
	switch b {
	case sensor.QUICSNI, sensor.TLSSNI:
		return t.name()
	case sensor.QUICUserAgent:
		return t.ua
	case sensor.QUICVersion:
		binary.BigEndian.PutUint32(t.wire[:], t.version)
		return t.wire[:]
	case sensor.QUICCyuHash:
		return t.cyuHash
	case sensor.QUICCyuString:
		return t.cyu
	case sensor.TLSJA3Hash, sensor.TLSJA3String:
		if client {
			return t.fingerprint(b == sensor.TLSJA3Hash)
		}
	case sensor.TLSJA3SHash, sensor.TLSJA3SString:
		if t.hello && !client {
			return t.fingerprint(b == sensor.TLSJA3SHash)
		}
	case sensor.TLSJA4:
		if client {
			return t.print4()
		}
	}
	return nil
}

// Number knows the version.
func (t *tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if b == sensor.QUICVersion && dir == t.dir && i == 0 {
		return uint64(t.version), true
	}
	if b == sensor.TLSECH && dir == t.dir && dir == sensor.ToServer && i == 0 && t.hello && t.client.ECH {
		return 1, true
	}
	return 0, false
}

// name returns the host name that the client asks for.
func (t *tx) name() []byte {
	if t.hello {
		return t.client.SNI
	}
	return t.sni
}

// fingerprint returns JA3 of a client, JA3S of a server.
func (t *tx) fingerprint(hash bool) []byte {
	if t.ja3 == nil {
		if t.dir == sensor.ToServer {
			t.ja3 = t.client.AppendJA3(nil)
		} else {
			t.ja3 = t.server.AppendJA3S(nil)
		}
		t.ja3Hash = tls.AppendMD5(nil, t.ja3)
	}
	if hash {
		return t.ja3Hash
	}
	return t.ja3
}

func (t *tx) print4() []byte {
	if t.ja4 == nil {
		t.ja4 = t.client.AppendJA4(nil, 'q')
	}
	return t.ja4
}

// AppendEVE appends EVE's quic object.
func (t *tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	dst = append(evejson.AppendKey(dst, "version"), '"')
	dst = append(appendVersion(dst, t.version), '"')
	if name := t.name(); len(name) > 0 {
		dst = evejson.AppendBytes(dst, "sni", name)
	}
	if len(t.ua) > 0 {
		dst = evejson.AppendBytes(dst, "ua", t.ua)
	}
	if t.cyu != nil {
		dst = append(evejson.AppendKey(dst, "cyu"), '[', '{')
		dst = evejson.AppendBytes(dst, "hash", t.cyuHash)
		dst = append(evejson.AppendBytes(dst, "string", t.cyu), '}', ']')
	}
	if t.hello {
		dst = t.appendHello(dst)
	}
	return append(dst, '}')
}

func (t *tx) appendHello(dst []byte) []byte {
	key, exts, alpn := "ja3", t.client.Extensions, t.client.ALPN
	if t.dir == sensor.ToClient {
		key, exts, alpn = "ja3s", t.server.Extensions, t.server.ALPN
	}
	dst = append(evejson.AppendKey(dst, key), '{')
	dst = evejson.AppendBytes(dst, "hash", t.fingerprint(true))
	dst = append(evejson.AppendBytes(dst, "string", t.fingerprint(false)), '}')
	if t.dir == sensor.ToServer {
		dst = evejson.AppendBytes(dst, "ja4", t.print4())
	}
	if len(exts) == 0 {
		return dst
	}
	dst = append(evejson.AppendKey(dst, "extensions"), '[')
	for _, e := range exts {
		dst = append(evejson.AppendComma(dst), '{')
		if name := extensionName(e.Type); name != "" {
			dst = evejson.AppendStr(dst, "name", name)
		}
		dst = evejson.AppendUint(dst, "type", uint64(e.Type))
		switch {
		case e.Type == extServerName && len(t.client.SNI) > 0:
			dst = append(evejson.AppendKey(dst, "values"), '[')
			dst = append(evejson.AppendString(dst, t.client.SNI), ']')
		case e.Type == extALPN && len(alpn) > 0:
			dst = append(evejson.AppendKey(dst, "values"), '[')
			for _, a := range alpn {
				dst = evejson.AppendString(evejson.AppendComma(dst), a)
			}
			dst = append(dst, ']')
		}
		dst = append(dst, '}')
	}
	return append(dst, ']')
}

// extensionName returns the name of a TLS extension in EVE, "" for one without a name.
func extensionName(t uint16) string {
	switch t {
	case extServerName:
		return "server_name"
	case 1:
		return "max_fragment_length"
	case 5:
		return "status_request"
	case 10:
		return "supported_groups"
	case 11:
		return "ec_point_formats"
	case 13:
		return "signature_algorithms"
	case 15:
		return "heartbeat"
	case extALPN:
		return "alpn"
	case 18:
		return "signed_certificate_timestamp"
	case 21:
		return "padding"
	case 22:
		return "encrypt_then_mac"
	case 23:
		return "extended_master_secret"
	case 27:
		return "compress_certificate"
	case 28:
		return "record_size_limit"
	case 34:
		return "delegated_credentials"
	case 35:
		return "session_ticket"
	case 41:
		return "pre_shared_key"
	case 42:
		return "early_data"
	case 43:
		return "supported_versions"
	case 44:
		return "cookie"
	case 45:
		return "psk_key_exchange_modes"
	case 47:
		return "certificate_authorities"
	case 48:
		return "oid_filters"
	case 49:
		return "post_handshake_auth"
	case 50:
		return "signature_algorithms_cert"
	case 51:
		return "key_share"
	case extParameters, extParametersOld:
		return "quic_transport_parameters"
	case 0x4469, 0x44cd:
		return "application_settings"
	case 0xfe0d:
		return "encrypted_client_hello"
	case 0xff01:
		return "renegotiation_info"
	}
	return ""
}
