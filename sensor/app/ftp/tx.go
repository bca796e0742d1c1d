package ftp

import (
	"khien/sensor"
	"khien/sensor/evejson"
)

// Tx is a command with its reply.
type Tx struct {
	sensor.TxBase
	command  []byte // upper case, nil for the greeting
	data     []byte
	codes    [][]byte
	replies  [][]byte
	code     int     // of the reply, from its first line
	cut      [2]bool // the command's or a reply's line was too long
	mode     string
	port     uint16
	bounce   bool
	finished bool
}

// addLine adds a line of the reply. more tells that others follow (RFC 959, 4.2).
func (tx *Tx) addLine(line []byte) (code int, more bool) {
	text := line
	coded := len(line) >= 3 && digit(line[0]) && digit(line[1]) && digit(line[2]) &&
		(len(line) == 3 || line[3] == ' ' || line[3] == '-')
	n := 0
	if coded {
		n = int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
		text = line[min(4, len(line)):]
		more = len(line) > 3 && line[3] == '-'
		if !more {
			tx.code = 0
		} else if tx.code == 0 {
			tx.code = n
		}
	} else {
		more = tx.code != 0
	}
	if len(tx.replies) < repliesMax {
		tx.replies = append(tx.replies, append([]byte{}, text...))
		if coded {
			tx.codes = append(tx.codes, append([]byte{}, line[:3]...))
		}
	}
	return n, more
}

func digit(c byte) bool { return '0' <= c && c <= '9' }

// Buffer returns a part of the command or of the reply.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	switch b {
	case sensor.FTPCommand:
		return one(tx.command, dir == sensor.ToServer, i)
	case sensor.FTPCommandData:
		return one(tx.data, dir == sensor.ToServer, i)
	case sensor.FTPReply:
		return many(tx.replies, dir == sensor.ToClient, i)
	case sensor.FTPCompletionCode:
		return many(tx.codes, dir == sensor.ToClient, i)
	case sensor.FTPReplyReceived:
		return one([]byte(tx.received()), dir == sensor.ToClient, i)
	case sensor.FTPMode:
		return one([]byte(tx.mode), tx.mode != "", i)
	}
	return nil, false
}

// Number returns the announced port, whether PORT names another host, and what became of a password.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	switch {
	case i != 0:
	case b == sensor.LoginResult && dir == sensor.ToClient && string(tx.command) == "PASS" && len(tx.codes) > 0:
		switch string(tx.codes[len(tx.codes)-1]) { // RFC 959, 5.4
		case "230":
			return 1, true
		case "530":
			return 0, true
		}
	case b == sensor.FTPDynamicPort && tx.mode != "":
		return uint64(tx.port), true
	case b == sensor.FTPBounce && tx.bounce && dir == sensor.ToServer:
		return 1, true
	}
	return 0, false
}

// LogReady reports whether the reply is complete.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && tx.finished }

// received is EVE's word.
func (tx *Tx) received() string {
	if len(tx.replies) > 0 {
		return "yes"
	}
	return "no"
}

// AppendEVE appends the object of a command.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	if tx.command != nil {
		dst = evejson.AppendBytes(dst, "command", tx.command)
		if tx.data != nil {
			dst = evejson.AppendBytes(dst, "command_data", tx.data)
		}
		dst = evejson.AppendBool(dst, "command_truncated", tx.cut[sensor.ToServer])
	}
	dst = evejson.AppendList(dst, "completion_code", tx.codes)
	dst = evejson.AppendList(dst, "reply", tx.replies)
	if tx.mode != "" {
		dst = evejson.AppendStr(dst, "mode", tx.mode)
		dst = evejson.AppendUint(dst, "dynamic_port", uint64(tx.port))
	}
	dst = evejson.AppendStr(dst, "reply_received", tx.received())
	dst = evejson.AppendBool(dst, "reply_truncated", tx.cut[sensor.ToClient])
	return append(dst, '}')
}

func one(b []byte, there bool, i int) ([]byte, bool) { return b, there && b != nil && i == 0 }

func many(list [][]byte, there bool, i int) ([]byte, bool) {
	if !there || i < 0 || i >= len(list) {
		return nil, false
	}
	return list[i], true
}
