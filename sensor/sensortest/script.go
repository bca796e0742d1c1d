package sensortest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/tools/txtar"

	"khien/sensor"
)

// Limits that keep a slip of the pen (repeat 1000000000) from filling memory.
const (
	packetsMax = 500_000
	linesMax   = 200_000
	roundsMax  = 50_000

	datagramMax = 60_000
)

// step is the time between two packets.
const step = 10 * time.Millisecond

// Start is the time of the first packet of a script that sets none.
var Start = time.Date(2026, 11, 21, 14, 29, 2, 0, time.FixedZone("ICT", 7*3600))

// Script is a parsed script. It is ready for use by several readers.
type Script struct {
	packets []sensor.Packet
}

// Packets returns the packets in order of time, numbered from 1. The caller must not change their Data.
func (s *Script) Packets() []sensor.Packet { return slices.Clone(s.packets) }

// Error is what is wrong with a script.
type Error struct {
	Line int // from 1
	Err  error
}

// Error returns the message with the line.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Parse reads a script: the text before the first section of a txtar archive, whose sections are the files that it
// names. Errors are of type *Error.
func Parse(text string) (*Script, error) {
	a := txtar.Parse([]byte(text))
	files := map[string][]byte{}
	for _, f := range a.Files {
		files[f.Name] = f.Data
	}
	return ParseScript(string(a.Comment), files)
}

// ParseScript is Parse for a script whose files come from elsewhere.
func ParseScript(script string, files map[string][]byte) (*Script, error) {
	w := &writer{files: files, now: Start, port: 49152, random: rand.New(rand.NewPCG(1, 2))}
	lines := strings.Split(script, "\n")
	if err := w.run(lines, 0, len(lines)); err != nil {
		return nil, err
	}
	slices.SortStableFunc(w.packets, func(a, b sensor.Packet) int {
		return int(min(max(a.Time-b.Time, -1), 1))
	})
	for i := range w.packets {
		w.packets[i].Number = uint64(i + 1)
	}
	return &Script{w.packets}, nil
}

// writer carries out a script.
type writer struct {
	files   map[string][]byte
	packets []sensor.Packet
	full    bool // packetsMax was reached
	lines   int  // directives carried out
	now     time.Time
	port    uint16
	ids     uint16 // IPv4 identification and DNS id
	random  *rand.Rand
	rounds  []int // numbers of the repeats around the line
	vlan    uint16
}

// directive is one line, taken apart.
type directive struct {
	name    string
	args    []string
	options map[string]string
}

func (d *directive) has(name string) bool { _, ok := d.options[name]; return ok }

func (d *directive) option(name, otherwise string) string {
	if s, ok := d.options[name]; ok {
		return s
	}
	return otherwise
}

func (d *directive) number(name string, otherwise, lowest, highest int) (int, error) {
	s, ok := d.options[name]
	if !ok {
		return otherwise, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < lowest || n > highest {
		return 0, fmt.Errorf("%s=%s: want a number from %d to %d", name, s, lowest, highest)
	}
	return n, nil
}

// flags are the options without a value.
var flags = []string{"reorder", "dup", "nofin", "rst", "midstream", "refused", "silent", "noreply", "every"}

// options are the names that may stand before =; other words with = are arguments (the text of a TXT record).
var options = []string{"server", "rcode", "ttl", "sni", "alpn", "version", "cn", "issuer", "san", "days", "notbefore", "send",
	"recv", "eol", "type", "code", "size", "answer", "jitter", "mss", "gap", "vlan", "ech", "mac", "host", "lease"}

// split takes a line apart: words with = and known flags are options. A value with spaces stands in double quotes.
func split(line string) (*directive, error) {
	words, err := fields(line)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 {
		return nil, errors.New("no directive")
	}
	d := &directive{name: words[0], options: map[string]string{}}
	for _, w := range words[1:] {
		if name, value, ok := strings.Cut(w, "="); ok && slices.Contains(options, name) {
			d.options[name] = value
		} else if slices.Contains(flags, w) {
			d.options[w] = ""
		} else {
			d.args = append(d.args, w)
		}
	}
	return d, nil
}

func fields(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	quoted, any := false, false
	for _, r := range line {
		switch {
		case r == '"':
			quoted, any = !quoted, true
		case !quoted && (r == ' ' || r == '\t'):
			if any {
				words = append(words, word.String())
			}
			word.Reset()
			any = false
		default:
			word.WriteRune(r)
			any = true
		}
	}
	if quoted {
		return nil, errors.New("quotation mark without its partner")
	}
	if any {
		words = append(words, word.String())
	}
	return words, nil
}

// run carries out lines[from:to].
func (w *writer) run(lines []string, from, to int) error {
	for i := from; i < to; {
		line := strings.TrimSpace(lines[i])
		if line == "" || line[0] == '#' {
			i++
			continue
		}
		next, err := w.statement(lines, i, to, line)
		if w.lines++; err == nil && (w.full || w.lines > linesMax) {
			err = fmt.Errorf("more than %d packets or %d lines, repeats counted", packetsMax, linesMax)
		}
		if err != nil {
			var located *Error
			if errors.As(err, &located) {
				return err
			}
			return &Error{i + 1, err}
		}
		i = next
	}
	return nil
}

// statement carries out one directive with the message lines that belong to it and returns the line behind them.
func (w *writer) statement(lines []string, i, to int, line string) (next int, err error) {
	d, err := split(w.vary(line))
	if err != nil {
		return 0, err
	}
	vlan, err := d.number("vlan", 0, 0, 4094)
	if err != nil {
		return 0, err
	}
	w.vlan = uint16(vlan)
	switch d.name {
	case "time":
		if len(d.args) == 1 {
			w.now, err = time.Parse(time.RFC3339, d.args[0])
		} else {
			err = errors.New("want: time 2026-11-21T14:29:02+07:00")
		}
		return i + 1, err
	case "wait":
		pause, err := duration(d.args)
		w.now = w.now.Add(pause)
		return i + 1, err
	case "repeat":
		return w.repeat(d, lines, i, to)
	case "dns":
		return i + 1, w.dns(d)
	case "dhcp":
		return i + 1, w.dhcp(d)
	case "icmp":
		return i + 1, w.icmp(d)
	case "tls", "http", "tcp", "udp", "quic":
		end := i + 1
		for end < to && isMessageLine(lines[end]) {
			end++
		}
		msgs, err := w.messages(d, lines[i+1:end], i+1)
		if err != nil {
			return 0, err
		}
		return end, w.conversation(d, msgs)
	case "end":
		return 0, errors.New("end without repeat")
	}
	return 0, fmt.Errorf("no directive %q", d.name)
}

func duration(args []string) (time.Duration, error) {
	if len(args) != 1 {
		return 0, errors.New("want one duration, like 90s")
	}
	return time.ParseDuration(args[0])
}

// conversation writes the packets of a directive with two ends.
func (w *writer) conversation(d *directive, msgs []message) error {
	if len(d.args) != 3 || d.args[1] != ">" {
		return fmt.Errorf("want: %s CLIENT[:PORT] > SERVER:PORT", d.name)
	}
	c, err := w.endpoint(d.args[0], true)
	if err != nil {
		return err
	}
	s, err := w.endpoint(d.args[2], false)
	if err != nil {
		return err
	}
	if c.Addr().Is4() != s.Addr().Is4() {
		return fmt.Errorf("%s and %s are of different families", c, s)
	}
	switch d.name {
	case "udp":
		for _, m := range msgs {
			if len(m.data) > datagramMax {
				return fmt.Errorf("a datagram of %d bytes: at most %d", len(m.data), datagramMax)
			}
			w.now = w.now.Add(m.pause)
			w.udp(c, s, m.server, m.data)
		}
		return nil
	case "quic":
		return w.quic(d, c, s)
	case "tls":
		own, err := w.tls(d)
		if err != nil {
			return err
		}
		msgs = append(own, msgs...)
	}
	return w.tcp(d, c, s, msgs)
}

// endpoint reads ADDR:PORT, [ADDR]:PORT or, for a client, ADDR. In a repeat a client's port moves with the round.
func (w *writer) endpoint(s string, client bool) (netip.AddrPort, error) {
	if a, err := netip.ParseAddr(s); err == nil && client {
		w.port++
		if w.port < 49152 {
			w.port = 49152
		}
		return netip.AddrPortFrom(a, w.port), nil
	}
	p, err := netip.ParseAddrPort(s)
	if err != nil {
		return p, fmt.Errorf("%q: want ADDRESS:PORT", s)
	}
	if client && len(w.rounds) > 0 {
		p = netip.AddrPortFrom(p.Addr(), p.Port()+uint16(w.rounds[len(w.rounds)-1]))
	}
	return p, nil
}
