package ftp

import (
	"bytes"

	"khien/sensor"
)

// Protocol describes control connections to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoFTP,
		TCP:   true,
		Ports: []uint16{portFTP},
		Probe: probe,
		New:   func(f *sensor.Flow, _ any) sensor.Parser { return new(parser) },
	}
}

// DataProtocol describes data connections. They are never recognised by content: control connections announce them.
func DataProtocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoFTPData,
		TCP:   true,
		New:   newData,
	}
}

// opening are the commands that a client can begin with.
var opening = [...]string{"USER ", "AUTH ", "FEAT", "SYST", "QUIT", "PASS ", "PORT ", "PASV", "EPSV", "OPTS ", "HOST ", "CLNT "}

// probe takes a greeting that says FTP for FTP, and on its port any greeting or command: others greet with 220, too, and
// POP3 and IRC have USER and PASS.
func probe(dir sensor.Dir, data []byte, f *sensor.Flow) sensor.Match {
	line, _, whole := bytes.Cut(data, []byte{'\n'})
	if dir == sensor.ToServer {
		if f.DstPort != portFTP {
			return sensor.No
		}
		for _, cmd := range opening {
			if n := min(len(cmd), len(line)); equalFold(line[:n], cmd[:n]) {
				if n == len(cmd) {
					return sensor.Yes
				} else if !whole {
					return sensor.More
				}
			}
		}
		return sensor.No
	}
	if n := min(len(line), 3); string(line[:n]) != "220"[:n] {
		return sensor.No
	} else if n < 3 {
		return sensor.More
	}
	switch {
	case containsFold(line, "SMTP"):
		return sensor.No
	case containsFold(line, "FTP"), whole && f.DstPort == portFTP:
		return sensor.Yes
	case !whole && len(line) < lineMax:
		return sensor.More
	}
	return sensor.No
}

func equalFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := range b {
		if upper(b[i]) != upper(s[i]) {
			return false
		}
	}
	return true
}

func containsFold(b []byte, s string) bool {
	for i := 0; i+len(s) <= len(b); i++ {
		if equalFold(b[i:i+len(s)], s) {
			return true
		}
	}
	return false
}

func upper(c byte) byte {
	if 'a' <= c && c <= 'z' {
		return c - 'a' + 'A'
	}
	return c
}
