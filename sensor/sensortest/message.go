package sensortest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// repeatMax bounds what a >* line makes, in bytes.
const repeatMax = 8 << 20

// message is what one side says before the other speaks, or before a pause.
type message struct {
	server bool
	data   []byte
	pause  time.Duration // before it
}

func isMessageLine(line string) bool {
	return line != "" && (line[0] == '>' || line[0] == '<' || line[0] == '~')
}

// piece is one message line, decoded.
type piece struct {
	data []byte
	text bool // a line of text, which the protocol ends
}

// messages reads the message lines of a directive; first is the number of the first one, from 0.
func (w *writer) messages(d *directive, lines []string, first int) ([]message, error) {
	eol, err := lineEnd(d)
	if err != nil {
		return nil, err
	}
	var out []message
	var pieces []piece
	var pause time.Duration
	var side byte
	flush := func() {
		if side == 0 {
			return
		}
		m := message{server: side == '<', pause: pause}
		if d.name == "http" {
			m.data = httpMessage(pieces, m.server)
		} else {
			for _, p := range pieces {
				m.data = append(m.data, p.data...)
				if p.text {
					m.data = append(m.data, eol...)
				}
			}
		}
		out = append(out, m)
		pieces, pause, side = nil, 0, 0
	}
	for i, line := range lines {
		line = w.vary(strings.TrimSuffix(line, "\r"))
		if line[0] == '~' {
			flush()
			p, err := time.ParseDuration(strings.TrimSpace(line[1:]))
			if err != nil {
				return nil, &Error{first + i + 1, err}
			}
			pause += p
			continue
		}
		// Each text line of a datagram protocol with its own line end still belongs to one datagram.
		if side != 0 && side != line[0] {
			flush()
		}
		side = line[0]
		p, err := w.piece(line[1:], d.name == "http")
		if err != nil {
			return nil, &Error{first + i + 1, err}
		}
		pieces = append(pieces, p)
	}
	flush()
	return out, nil
}

func lineEnd(d *directive) (string, error) {
	ends := map[string]string{"crlf": "\r\n", "lf": "\n", "none": ""}
	name, ok := d.options["eol"]
	if !ok {
		name = "crlf"
		if d.name == "udp" {
			name = "none"
		}
	}
	eol, ok := ends[name]
	if !ok {
		return "", fmt.Errorf("eol=%s: want crlf, lf or none", name)
	}
	return eol, nil
}

// piece decodes what follows the > or < of a line.
func (w *writer) piece(s string, raw bool) (piece, error) {
	if s == "" {
		return piece{text: true}, nil
	}
	kind, rest := s[0], ""
	if kind == ' ' {
		if raw {
			return piece{[]byte(s[1:]), true}, nil
		}
		data, err := unescape(s[1:])
		return piece{data, true}, err
	}
	if len(s) < 2 || s[1] != ' ' {
		return piece{}, fmt.Errorf("%q: want a space behind > or <, or one of e x b @ z * and a space", s)
	}
	rest = s[2:]
	var data []byte
	var err error
	switch kind {
	case 'e':
		data, err = unescape(rest)
	case 'x':
		data, err = hex.DecodeString(strings.Join(strings.Fields(rest), ""))
	case 'b':
		data, err = base64.StdEncoding.DecodeString(strings.TrimSpace(rest))
	case '@', 'z':
		data, err = w.file(strings.TrimSpace(rest))
		if kind == 'z' && err == nil {
			data, err = compress(data)
		}
	case '*':
		count, text, _ := strings.Cut(rest, " ")
		n, convErr := strconv.Atoi(count)
		if convErr != nil || n < 0 || n > repeatMax/max(len(text), 1) {
			return piece{}, fmt.Errorf("%q: want a count and a text", rest)
		}
		if data, err = unescape(text); err == nil {
			data = bytes.Repeat(data, n)
		}
	default:
		err = fmt.Errorf("no kind of line %q", kind)
	}
	return piece{data: data}, err
}

// unescape replaces \r \n \t \0 \\ and \xNN.
func unescape(s string) ([]byte, error) {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		if i++; i == len(s) {
			return nil, errors.New("backslash at the end of a line")
		}
		switch s[i] {
		case 'r':
			out = append(out, '\r')
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case '0':
			out = append(out, 0)
		case '\\':
			out = append(out, '\\')
		case 'x':
			if i+2 >= len(s) {
				return nil, errors.New(`\x wants two digits`)
			}
			b, err := hex.DecodeString(s[i+1 : i+3])
			if err != nil {
				return nil, fmt.Errorf(`\x%s: want two hexadecimal digits`, s[i+1:i+3])
			}
			out = append(out, b...)
			i += 2
		default:
			return nil, fmt.Errorf(`no escape \%c`, s[i])
		}
	}
	return out, nil
}
