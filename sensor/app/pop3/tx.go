package pop3

import (
	"khien/sensor"
	"khien/sensor/app/mime"
	"khien/sensor/evejson"
)

// Tx is a command with its response, or the greeting.
type Tx struct {
	sensor.TxBase
	command   []byte // upper case when it is known
	args      [][]byte
	header    []byte // the response's first line behind the status
	data      [][]byte
	bytes     int // of data
	mail      mime.Message
	user      []byte
	asked     bool
	answered  bool
	good      bool
	more      bool // the response is a challenge
	login     bool // the response tells what became of a password
	beginning bool // of the mail not all was asked for
	finished  bool
}

// addData keeps a line of the response.
func (tx *Tx) addData(line []byte) {
	if len(tx.data) < dataMax && tx.bytes+len(line) <= dataBytes {
		tx.data = append(tx.data, append([]byte{}, line...))
		tx.bytes += len(line)
	}
}

// Held returns the bytes of memory that the transaction holds, roughly.
func (tx *Tx) Held() int {
	return len(tx.command) + len(tx.header) + tx.bytes + 24*(len(tx.args)+len(tx.data)) + 512
}

// Buffer returns the command, a part of the mail, or the name of a login.
func (tx *Tx) Buffer(b sensor.Buffer, dir sensor.Dir, i int) ([]byte, bool) {
	switch {
	case dir == sensor.ToServer:
		if b == sensor.POP3Command && i == 0 && tx.asked {
			return tx.command, true
		}
		return nil, false
	case b == sensor.LoginUser:
		if i == 0 && tx.login && len(tx.user) > 0 {
			return tx.user, true
		}
		return nil, false
	}
	return tx.mail.Buffer(b, i)
}

// Number returns what became of a login.
func (tx *Tx) Number(b sensor.Buffer, dir sensor.Dir, i int) (uint64, bool) {
	if b != sensor.LoginResult || dir != sensor.ToClient || i != 0 || !tx.login || !tx.answered || tx.more {
		return 0, false
	}
	if tx.good {
		return 1, true
	}
	return 0, true
}

// LogReady reports whether the response is complete or the session is over.
func (tx *Tx) LogReady(dir sensor.Dir) bool { return dir == sensor.ToServer && tx.finished }

// AppendEVE appends {"request":{…},"response":{…}}.
func (tx *Tx) AppendEVE(dst []byte, _ sensor.Dir) []byte {
	dst = append(dst, '{')
	if tx.asked {
		dst = append(evejson.AppendKey(dst, "request"), '{')
		dst = evejson.AppendBytes(dst, "command", tx.command)
		dst = evejson.AppendArray(dst, "args", tx.args)
		dst = append(dst, '}')
	}
	if tx.answered {
		word := "ERR"
		if tx.good {
			word = "OK"
		}
		dst = append(evejson.AppendKey(dst, "response"), '{')
		dst = evejson.AppendBool(dst, "success", tx.good)
		dst = evejson.AppendStr(dst, "status", word)
		dst = evejson.AppendBytes(dst, "header", tx.header)
		dst = evejson.AppendArray(dst, "data", tx.data)
		dst = append(dst, '}')
	}
	return append(dst, '}')
}

// AppendEVEExtra appends the member "email" when there is a mail.
func (tx *Tx) AppendEVEExtra(dst []byte, _ sensor.Dir) []byte {
	return tx.mail.AppendEVE(dst)
}
