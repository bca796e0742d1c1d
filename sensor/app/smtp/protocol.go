package smtp

import (
	"bytes"

	"khien/sensor"
)

// Protocol describes SMTP to the pipeline.
func Protocol() sensor.Protocol {
	return sensor.Protocol{
		Proto: sensor.ProtoSMTP,
		TCP:   true,
		Ports: []uint16{portSMTP, portSubmission, portSubmissionOther},
		Probe: probe,
		New:   func(f *sensor.Flow, _ any) sensor.Parser { return newParser() },
	}
}

func probe(dir sensor.Dir, data []byte, f *sensor.Flow) sensor.Match {
	port := f.DstPort == portSMTP || f.DstPort == portSubmission || f.DstPort == portSubmissionOther
	line, _, whole := bytes.Cut(data, []byte{'\n'})
	if dir == sensor.ToServer {
		return probeCommand(line, whole, port)
	}
	// FTP greets with 220, too: the words or the port decide.
	if len(line) < 4 {
		if bytes.HasPrefix([]byte("220 "), line) || bytes.HasPrefix([]byte("220-"), line) {
			return sensor.More
		}
		return sensor.No
	}
	if string(line[:3]) != "220" && !(port && string(line[:3]) == "554") || line[3] != ' ' && line[3] != '-' && line[3] != '\r' {
		return sensor.No
	}
	if port || containsFold(line, "SMTP") {
		return sensor.Yes
	}
	if !whole && len(line) < lineMax {
		return sensor.More
	}
	return sensor.No
}

// opening are the commands that begin a session. QUIT alone is also FTP's and POP3's.
var opening = [...]string{"EHLO", "HELO", "LHLO", "MAIL FROM:", "RCPT TO:"}

func probeCommand(line []byte, whole, port bool) sensor.Match {
	for _, cmd := range opening {
		n := min(len(cmd), len(line))
		if !equalFold(line[:n], cmd[:n]) {
			continue
		}
		if n < len(cmd) {
			if whole {
				continue
			}
			return sensor.More
		}
		if len(line) == n || line[n] == ' ' || line[n] == '\r' || line[n] == '<' {
			return sensor.Yes
		}
	}
	if port {
		for _, cmd := range [...]string{"QUIT", "NOOP", "RSET", "STARTTLS"} {
			if n := len(cmd); len(line) >= n && equalFold(line[:n], cmd) {
				return sensor.Yes
			} else if !whole && len(line) < n && equalFold(line, cmd[:len(line)]) {
				return sensor.More
			}
		}
	}
	return sensor.No
}

// equalFold compares ASCII text without regard to case.
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

func hasFold(b []byte, s string) bool { return len(b) >= len(s) && equalFold(b[:len(s)], s) }

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
