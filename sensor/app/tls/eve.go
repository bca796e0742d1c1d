package tls

import (
	"time"

	"khien/sensor"
	"khien/sensor/evejson"
)

// AppendEVE appends EVE's tls object.
func (t *tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	if t.clientSeen && len(t.client.SNI) > 0 {
		dst = evejson.AppendBytes(dst, "sni", t.client.SNI)
	}
	if t.resumed {
		dst = evejson.AppendBool(dst, "session_resumed", true)
	}
	dst = appendChain(dst, &t.chain[sensor.ToClient])
	var version uint16
	if t.serverSeen {
		version = t.server.Version
	}
	dst = evejson.AppendStr(dst, "version", VersionName(version))
	if t.from != sensor.ProtoNone {
		dst = evejson.AppendStr(dst, "from_proto", t.from.String())
	}
	if t.clientSeen && !t.client.SSL2 {
		dst = append(evejson.AppendKey(dst, "ja3"), '{')
		dst = evejson.AppendBytes(dst, "hash", t.print(fpJA3Hash))
		dst = append(evejson.AppendBytes(dst, "string", t.print(fpJA3)), '}')
		dst = evejson.AppendBytes(dst, "ja4", t.print(fpJA4))
	}
	if t.serverSeen && t.server.raw != nil {
		dst = append(evejson.AppendKey(dst, "ja3s"), '{')
		dst = evejson.AppendBytes(dst, "hash", t.print(fpJA3SHash))
		dst = append(evejson.AppendBytes(dst, "string", t.print(fpJA3S)), '}')
	}
	dst = evejson.AppendList(dst, "client_alpns", t.client.ALPN)
	dst = evejson.AppendList(dst, "server_alpns", t.server.ALPN)
	if len(t.chain[sensor.ToServer].certs) > 0 {
		dst = append(evejson.AppendKey(dst, "client"), '{')
		dst = append(appendChain(dst, &t.chain[sensor.ToServer]), '}')
	}
	return append(dst, '}')
}

// appendChain appends what is shown of a side's first certificate.
func appendChain(dst []byte, c *chain) []byte {
	if len(c.certs) == 0 {
		return dst
	}
	l := &c.leaf
	for _, m := range [...]struct {
		key   string
		value []byte
	}{{"subject", l.subject}, {"issuerdn", l.issuer}, {"serial", l.serial}, {"fingerprint", l.fingerprint}} {
		if len(m.value) > 0 {
			dst = evejson.AppendBytes(dst, m.key, m.value)
		}
	}
	dst = appendTime(dst, "notbefore", l.notBefore)
	dst = appendTime(dst, "notafter", l.notAfter)
	return evejson.AppendList(dst, "subjectaltname", l.sans)
}

func appendTime(dst []byte, key string, seconds int64) []byte {
	if seconds == 0 {
		return dst
	}
	dst = append(evejson.AppendKey(dst, key), '"')
	return append(time.Unix(seconds, 0).UTC().AppendFormat(dst, evejson.CertificateTime), '"')
}
