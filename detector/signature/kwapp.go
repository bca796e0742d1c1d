package signature

import (
	"encoding/hex"
	"fmt"
	"strings"

	"khien/sensor"
)

// tableKeywords gives each row of the buffer table its keywords.
func tableKeywords(rows []bufferDef) []keyword {
	var ks []keyword
	for i := range rows {
		d := &rows[i]
		if d.is(numeric) {
			if d.name == "urilen" || d.name == "urilen.raw" || d.name == "rfb.secresult" {
				continue // see appKeywords
			}
			k := func(b *builder, arg string) error { return b.number(d, arg) }
			ks = append(ks, keyword{d.name, argNeed, k})
			for _, a := range d.aliases {
				ks = append(ks, keyword{a, argNeed, k})
			}
			continue
		}
		k := func(b *builder, arg string) error { return b.sticky(d, arg) }
		ks = append(ks, keyword{d.name, argMay, k})
		for _, a := range d.aliases {
			ks = append(ks, keyword{a, argMay, k})
		}
		if d.modifier != "" {
			ks = append(ks, keyword{d.modifier, argMay, func(b *builder, _ string) error { return b.moveContent(d) }})
		}
	}
	return ks
}

// appKeywords are keywords of protocols that are more than a buffer.
func appKeywords() []keyword {
	return []keyword{
		{"urilen", argNeed, func(b *builder, arg string) error {
			cond, kind, _ := strings.Cut(arg, ",")
			name := "urilen.raw"
			switch strings.TrimSpace(kind) {
			case "norm":
				name = "urilen"
			case "raw", "":
			default:
				return fmt.Errorf("second part is norm or raw")
			}
			return b.number(b.ld.buffers[name], cond)
		}},
		{"app-layer-event", argNeed, (*builder).appEvent},
		{"rfb.secresult", argNeed, func(b *builder, arg string) error {
			switch strings.ToLower(strings.TrimSpace(arg)) {
			case "unknown":
				arg = ">2" // the last that has a meaning is toomany (RFC 6143, 7.1.3)
			case "!unknown":
				arg = "<=2"
			}
			return b.number(b.ld.buffers["rfb.secresult"], arg)
		}},
		{"tls.version", argNeed, (*builder).tlsVersion},
		{"ssl_version", argNeed, (*builder).tlsVersion},
		{"ssl_state", argNeed, (*builder).tlsState},
		{"tls.store", argNone, func(b *builder, _ string) error { return b.needProtos(protoTLS, "tls.store") }},
		{"tls_store", argNone, func(b *builder, _ string) error { return b.needProtos(protoTLS, "tls_store") }},
		{"krb5.ticket_encryption", argNeed, (*builder).ticketEncryption},
		{"modbus", argNeed, (*builder).modbus},
		{"dnp3.ind", argNeed, (*builder).dnp3Indicators},
		{"dnp3_ind", argNeed, (*builder).dnp3Indicators},
		{"dnp3.obj", argNeed, (*builder).dnp3Object},
		{"dnp3_obj", argNeed, (*builder).dnp3Object},
		{"filestore", argMay, func(b *builder, arg string) error {
			d := &bufferDef{name: "file.data", buf: sensor.FileData, dirs: bothDirs, protos: protoFiles, stage: stHead,
				flags: files | grows | multi | single}
			b.s.post = append(b.s.post, storeFile{})
			_, err := b.addTo(d, present{})
			return err
		}},
		{"filename", argNeed, func(b *builder, arg string) error { return b.fileText("file.name", arg, false) }},
		{"fileext", argNeed, func(b *builder, arg string) error { return b.fileText("file.name", arg, true) }},
		{"filemagic", argNeed, func(b *builder, arg string) error { return b.fileText("file.magic", arg, false) }},
		{"filemd5", argNeed, func(b *builder, arg string) error { return b.fileHash(sensor.FileMD5, 32, arg) }},
		{"filesha1", argNeed, func(b *builder, arg string) error { return b.fileHash(sensor.FileSHA1, 40, arg) }},
		{"filesha256", argNeed, func(b *builder, arg string) error { return b.fileHash(sensor.FileSHA256, 64, arg) }},
		{"prefilter", argNone, func(*builder, string) error { return nil }},
		{"config", argNeed, (*builder).config},
	}
}

// storeFile asks for the files of the transaction to be kept.
type storeFile struct{}

func (storeFile) apply(m *Matcher) {
	if m.tx == nil {
		return
	}
	for _, f := range m.tx.Base().Files {
		f.Store = f.Store || f.Dir == m.dir
	}
}

// present asks for no more than that the buffer is there.
type present struct{}

func (present) run(*scan) bool { return true }

// wholeText is the whole buffer, without regard to case.
type wholeText string

func (w wholeText) run(s *scan) bool {
	return len(s.buf) == len(w) && indexFold(s.buf, []byte(w)) == 0
}

// fileText is filename, fileext and filemagic.
type fileText struct {
	low      []byte
	neg, ext bool
}

func (c *fileText) run(s *scan) bool {
	ok := false
	if c.ext {
		n := len(s.buf) - len(c.low)
		ok = n > 0 && s.buf[n-1] == '.' && indexFold(s.buf[n:], c.low) == 0
	} else {
		ok = indexFold(s.buf, c.low) >= 0
	}
	return ok != c.neg
}

func (b *builder) fileText(buffer, arg string, ext bool) error {
	pat, neg, err := parseContent(arg)
	if err != nil {
		return err
	}
	_, err = b.addTo(b.ld.buffers[buffer], &fileText{lowerCopy(pat), neg, ext})
	return err
}

// hashList is a list of file hashes.
type hashList struct {
	set map[string]bool
	neg bool
}

func (c *hashList) run(s *scan) bool { return c.set[string(s.buf)] != c.neg }

func (b *builder) fileHash(buf sensor.Buffer, n int, arg string) error {
	c := &hashList{set: map[string]bool{}}
	if strings.HasPrefix(arg, "!") {
		c.neg, arg = true, arg[1:]
	}
	data, err := b.ld.readBeside(unquote(strings.TrimSpace(arg)))
	if err != nil {
		return err
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		line = strings.ToLower(strings.TrimSpace(line))
		if line == "" || line[0] == '#' {
			continue
		}
		if _, err := hex.DecodeString(line[:min(n, len(line))]); err != nil || len(line) < n {
			return fmt.Errorf("bad hash %q in %s", line, arg)
		}
		c.set[line[:n]] = true
	}
	d := &bufferDef{name: "file.hash", buf: buf, dirs: bothDirs, protos: protoFiles, stage: stDone, flags: multi | files | grows}
	_, err = b.addTo(d, c)
	return err
}

func (b *builder) tlsVersion(arg string) error {
	names := map[string]uint64{"1.0": 0x301, "1.1": 0x302, "1.2": 0x303, "1.3": 0x304, "sslv2": 2, "sslv3": 0x300, "tls1.0": 0x301,
		"tls1.1": 0x302, "tls1.2": 0x303, "tls1.3": 0x304}
	d := &bufferDef{name: "tls.version", buf: sensor.TLSVersion, dirs: bothDirs, protos: protoTLS, stage: stLine, flags: numeric, bits: 16, names: names}
	c := &anyNumber{}
	for _, v := range fields(unquote(arg)) {
		neg := strings.HasPrefix(v, "!")
		n, err := parseNumber(strings.TrimPrefix(v, "!"), 16, names)
		if err != nil {
			return err
		}
		if neg {
			n.op = opNotEqual
		}
		c.ns = append(c.ns, *n)
	}
	_, err := b.addTo(d, c)
	return err
}

// tlsState is ssl_state: one of the named messages was seen, or one of those behind ! was not.
type tlsState struct{ bits, absent uint64 }

func (c *tlsState) run(s *scan) bool {
	v, ok := s.m.number(s.l.def, 0)
	return ok && (v&c.bits|c.absent&^v) != 0
}

func (b *builder) tlsState(arg string) error {
	names := map[string]uint64{"client_hello": sensor.TLSClientHelloBit, "server_hello": sensor.TLSServerHelloBit,
		"client_keyx": sensor.TLSClientKeyBit, "server_keyx": sensor.TLSServerKeyBit, "unknown": sensor.TLSOtherBit}
	d := &bufferDef{name: "ssl_state", buf: sensor.TLSState, dirs: bothDirs, protos: protoTLS, stage: stDone, flags: numeric | grows, bits: 8}
	c := &tlsState{}
	for _, w := range strings.FieldsFunc(arg, func(r rune) bool { return r == '|' || r == ',' || r == ' ' }) {
		name, neg := strings.CutPrefix(w, "!")
		bit, ok := names[name]
		switch {
		case !ok:
			return fmt.Errorf("unknown state %q", name)
		case neg:
			c.absent |= bit
		default:
			c.bits |= bit
		}
	}
	_, err := b.addTo(d, c)
	return err
}

// anyNumber holds when one of its conditions does.
type anyNumber struct{ ns []number }

func (c *anyNumber) run(s *scan) bool {
	v, ok := s.m.tx.Number(s.l.def.buf, s.m.dir, 0)
	if !ok {
		return false
	}
	for i := range c.ns {
		if c.ns[i].match(v) {
			return true
		}
	}
	return false
}
