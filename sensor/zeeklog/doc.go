// Package zeeklog reads the logs of Zeek, in their own format with a header and columns ("Zeek Log Formats" in its manual)
// and as JSON lines. One line comes in, one record goes out, together with the same in the EVE format, since that is what
// telemetry is kept in. Columns that are absent are absent; what they may hold is checked.
//
// What Zeek splits into several logs is put together: a certificate with the handshake that showed it, a file with the
// name of the server that it came from. For that, the decoders of one Zeek share a Joint.
package zeeklog

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"khien/sensor/evejson"
	"khien/sensor/record"
)

// Limits of a header.
const (
	columnsMax = 512
	headerMax  = 64 << 10
)

// Decoder reads the lines of one log. It is not safe for concurrent use. It implements record.Decoder.
type Decoder struct {
	joint *Joint
	name  string // of the log, from the file's name until a line tells
	log   *log

	doc     evejson.Doc
	json    bool
	header  []byte // lines since the separator was told
	sep     byte
	setSep  []byte
	empty   []byte
	unset   []byte
	columns map[string]int // by name; nil before there is a header
	cells   [][]byte
	list    [][]byte
	scratch []byte
	line    []byte // in the EVE format
	wrong   string
}

// NewDecoder returns a decoder of the log in a file: "conn.log", "json_streaming_dns.log", "http.log.gz".
func NewDecoder(file string, joint *Joint) *Decoder {
	name := filepath.Base(file)
	name, _, _ = strings.Cut(strings.TrimPrefix(name, "json_streaming_"), ".")
	d := &Decoder{joint: joint}
	d.begin()
	d.called(name)
	return d
}

// called takes the name of the log.
func (d *Decoder) called(name string) {
	if d.name == name {
		return
	}
	d.name, d.log = name, nil
	for i := range logs {
		if logs[i].name == name {
			d.log = &logs[i]
		}
	}
}

// begin forgets what a header has told.
func (d *Decoder) begin() {
	d.header, d.columns = nil, nil
	d.sep, d.setSep, d.empty, d.unset = '\t', []byte(","), []byte("(empty)"), []byte("-")
}

// State implements record.Decoder: the header.
func (d *Decoder) State() []byte { return d.header }

// Restore implements record.Decoder.
func (d *Decoder) Restore(state []byte) error {
	for line := range bytes.Lines(state) {
		if _, err := d.Decode(bytes.TrimSuffix(line, []byte{'\n'}), &record.Record{}); err != nil {
			return err
		}
	}
	return nil
}

// Decode implements record.Decoder.
func (d *Decoder) Decode(text []byte, r *record.Record) (bool, error) {
	d.wrong, d.scratch = "", d.scratch[:0]
	switch {
	case len(text) == 0:
		return false, errors.New("an empty line")
	case text[0] == '#':
		return false, d.head(text)
	case text[0] == '{':
		if err := d.doc.Parse(text); err != nil {
			return false, err
		}
		d.json = true
		if path := d.doc.Root().Get("_path").Str(); len(path) > 0 && string(path) != d.name {
			d.called(string(path))
		}
	default:
		if err := d.row(text); err != nil {
			return false, err
		}
		d.json = false
	}
	if d.log == nil {
		return false, nil
	}
	d.line = d.line[:0]
	some := d.read(r)
	if d.wrong != "" {
		return false, fmt.Errorf("a line of %s: %s", d.name, d.wrong)
	}
	if !some {
		r.Kind = 0
	}
	if len(d.line) > 0 {
		r.Line = d.line
	}
	return some || len(d.line) > 0, nil
}

// read reads what all logs have, and the rest by the log's name.
func (d *Decoder) read(r *record.Record) bool {
	ts, ok := d.time("ts")
	if !ok {
		d.bad("ts is no time")
		return false
	}
	r.Time, r.Done = ts, ts
	if !d.log.ends(d, r) || d.wrong != "" {
		return false
	}
	return d.log.read(d, r)
}

// head reads a line of the header. A header begins with the separator.
func (d *Decoder) head(text []byte) error {
	if !utf8.Valid(text) {
		return errUTF8
	}
	if bytes.HasPrefix(text, []byte("#separator ")) {
		d.begin()
		s := unescape(nil, text[len("#separator "):])
		if len(s) != 1 {
			return errors.New("#separator is not one byte")
		}
		d.sep = s[0]
	}
	key, rest, _ := bytes.Cut(text, []byte{d.sep})
	switch string(key) {
	case "#set_separator":
		if len(rest) == 0 {
			return errors.New("#set_separator is empty")
		}
		d.setSep = bytes.Clone(rest)
	case "#empty_field":
		d.empty = bytes.Clone(rest)
	case "#unset_field":
		d.unset = bytes.Clone(rest)
	case "#path":
		d.called(string(rest))
	case "#fields":
		names := bytes.Split(rest, []byte{d.sep})
		if len(names) > columnsMax {
			return fmt.Errorf("more than %d columns", columnsMax)
		}
		d.columns = make(map[string]int, len(names))
		for i, n := range names {
			d.columns[string(n)] = i
		}
		if len(d.columns) != len(names) {
			d.columns = nil
			return errors.New("#fields names a column twice")
		}
	case "#close", "#open", "#types":
		return nil
	}
	if len(d.header)+len(text) >= headerMax {
		return fmt.Errorf("a header of more than %d bytes", headerMax)
	}
	// What State has returned must not change.
	d.header = append(append(d.header[:len(d.header):len(d.header)], text...), '\n')
	return nil
}

var errUTF8 = errors.New("not valid UTF-8")

// row splits a line into its columns.
func (d *Decoder) row(text []byte) error {
	if !utf8.Valid(text) {
		return errUTF8
	}
	if d.columns == nil {
		return errors.New("a line before any header with #fields")
	}
	d.cells = d.cells[:0]
	for {
		i := bytes.IndexByte(text, d.sep)
		if i < 0 {
			d.cells = append(d.cells, text)
			break
		}
		if d.cells, text = append(d.cells, text[:i]), text[i+1:]; len(d.cells) > len(d.columns) {
			break
		}
	}
	if n := len(d.cells); n != len(d.columns) {
		if n > len(d.columns) {
			return fmt.Errorf("more columns than the %d of the header", len(d.columns))
		}
		return fmt.Errorf("%d columns, %d in the header", n, len(d.columns))
	}
	return nil
}

// Names are the logs that are read, in the order in which they are given out where their times are the same.
func Names() []string {
	out := make([]string, len(logs))
	for i := range logs {
		out[i] = logs[i].name
	}
	return out
}
