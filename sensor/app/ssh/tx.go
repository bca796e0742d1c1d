package ssh

import (
	"khien/sensor"
	"khien/sensor/evejson"
)

// tx is one connection.
type tx struct {
	sensor.TxBase
	side  [2]side
	ready bool // both sides have shown what they show in clear
}

// note adds an anomaly, of which a peer can make as many as it likes.
func (t *tx) note(dir sensor.Dir, name string) {
	if len(t.Anomalies[dir]) < oddMax {
		t.Anomalies[dir] = append(t.Anomalies[dir], name)
	}
}

// LogReady reports whether the record is complete.
func (t *tx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && t.ready }

// Buffer returns the value of a buffer.
func (t *tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	if i != 0 {
		return nil, false
	}
	s := &t.side[dir]
	var v []byte
	switch b {
	case sensor.SSHProto:
		v = s.proto
	case sensor.SSHSoftware:
		v = s.software
	case sensor.SSHHASSH, sensor.SSHHASSHString:
		if dir == sensor.ToServer {
			v = s.hash
			if b == sensor.SSHHASSHString {
				v = s.offer
			}
		}
	case sensor.SSHHASSHServer, sensor.SSHHASSHServerStr:
		if dir == sensor.ToClient {
			v = s.hash
			if b == sensor.SSHHASSHServerStr {
				v = s.offer
			}
		}
	}
	return v, len(v) > 0
}

// Number knows no number.
func (t *tx) Number(sensor.Buffer, sensor.Dir, int) (uint64, bool) { return 0, false }

// AppendEVE appends EVE's ssh object.
func (t *tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	for dir, key := range [2]string{sensor.ToServer: "client", sensor.ToClient: "server"} {
		s := &t.side[dir]
		if s.proto == nil {
			continue
		}
		dst = append(evejson.AppendKey(dst, key), '{')
		dst = evejson.AppendBytes(dst, "proto_version", s.proto)
		if len(s.software) > 0 {
			dst = evejson.AppendBytes(dst, "software_version", s.software)
		}
		if s.hash != nil {
			dst = append(evejson.AppendKey(dst, "hassh"), '{')
			dst = evejson.AppendBytes(dst, "hash", s.hash)
			dst = append(evejson.AppendBytes(dst, "string", s.offer), '}')
		}
		dst = append(dst, '}')
	}
	return append(dst, '}')
}
