package signature

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"
)

// entriesMax limits the values of one dataset.
const entriesMax = 4 << 20

// dataset is a named set of values that rules share. Values may carry a JSON object that alerts show.
type dataset struct {
	kind   string
	mu     *sync.RWMutex // only for sets that rules change
	values map[string]json.RawMessage
	rep    map[string]uint16
	change bool
	max    int
}

// datasets are the datasets of a Set by name.
type datasets struct{ byName map[string]*dataset }

func newDatasets() *datasets { return &datasets{byName: map[string]*dataset{}} }

// key brings a value into the form in which it is compared; false when it is none of the kind.
func (d *dataset) key(text string) (string, bool) {
	switch d.kind {
	case "md5", "sha256", "sha1":
		n := map[string]int{"md5": 16, "sha1": 20, "sha256": 32}[d.kind]
		b, err := hex.DecodeString(text)
		return string(b), err == nil && len(b) == n
	case "ipv4", "ip", "ipv6":
		a, err := netip.ParseAddr(text)
		if err != nil {
			return "", false
		}
		a = a.Unmap()
		if d.kind == "ipv4" && !a.Is4() {
			return "", false
		}
		return string(a.AsSlice()), true
	}
	return text, true
}

// has reports whether a buffer's bytes are in the set, and the object that belongs to them.
func (d *dataset) has(buf []byte, subdomain bool) (json.RawMessage, bool) {
	if d.change {
		d.mu.RLock()
		defer d.mu.RUnlock()
	}
	for {
		if v, ok := d.values[string(buf)]; ok {
			return v, true
		}
		if !subdomain {
			return nil, false
		}
		i := bytes.IndexByte(buf[min(1, len(buf)):], '.')
		if i < 0 {
			return nil, false
		}
		buf = buf[i+1:]
	}
}

// datasetCheck is one dataset keyword.
type datasetCheck struct {
	d         *dataset
	op        string
	context   string
	subdomain bool
}

func (c *datasetCheck) run(s *scan) bool {
	buf := s.buf
	if c.d.kind == "ip" && len(buf) == 16 {
		if a, ok := netip.AddrFromSlice(buf); ok && a.Is4In6() {
			buf = buf[12:]
		}
	}
	switch c.op {
	case "set", "unset":
		c.d.mu.Lock()
		defer c.d.mu.Unlock()
		_, ok := c.d.values[string(buf)]
		if c.op == "set" && !ok && len(c.d.values) < c.d.max {
			c.d.values[string(buf)] = nil
			return true
		}
		if c.op == "unset" && ok {
			delete(c.d.values, string(buf))
			return true
		}
		return false
	}
	v, ok := c.d.has(buf, c.subdomain)
	if ok && c.context != "" && v != nil {
		s.context = append(s.context, contextEntry{c.context, v})
	}
	return ok == (c.op == "isset")
}

// contextEntry is an object that explains a match.
type contextEntry struct {
	key string
	obj json.RawMessage
}

// contextJSON joins the objects of a match, nil when there are none.
func (s *scan) contextJSON() []byte {
	if len(s.context) == 0 {
		return nil
	}
	b := []byte{'{'}
	for i, e := range s.context {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(strconv.AppendQuote(b, e.key), ':')
		b = append(b, e.obj...)
	}
	return append(b, '}')
}

func datasetKeywords() []keyword {
	return []keyword{
		{"dataset", argNeed, (*builder).dataset},
		{"datarep", argNeed, (*builder).datarep},
	}
}

func (b *builder) dataset(arg string) error {
	p := fields(arg)
	if len(p) < 2 {
		return fmt.Errorf("expected operation,name")
	}
	c := &datasetCheck{op: p[0]}
	switch c.op {
	case "isset", "isnotset", "set", "unset":
	default:
		return fmt.Errorf("unknown operation %q", c.op)
	}
	o := map[string]string{}
	for _, f := range p[2:] {
		w, v := split2(f)
		switch w {
		case "type", "load", "save", "state", "memcap", "hashsize", "format", "context_key", "value_key", "array_key", "remove_key", "match":
			o[w] = v
		default:
			return fmt.Errorf("unknown option %q", f)
		}
	}
	c.context, c.subdomain = o["context_key"], o["match"] == "subdomain"
	if m := o["match"]; m != "" && m != "subdomain" {
		return fmt.Errorf("unknown match %q", m)
	}
	d, err := b.ld.dataset(p[1], o)
	if err != nil {
		return err
	}
	if c.op == "set" || c.op == "unset" {
		d.change = true
	}
	c.d = d
	if b.cur == nil && b.open == nil {
		return fmt.Errorf("needs a sticky buffer before it")
	}
	b.add(c, false)
	return nil
}

// dataset gives the set of a name, loaded when a rule names it first.
func (ld *loader) dataset(name string, o map[string]string) (*dataset, error) {
	if d, ok := ld.sets.byName[name]; ok {
		if k := o["type"]; k != "" && k != d.kind {
			return nil, fmt.Errorf("dataset %s is of type %s", name, d.kind)
		}
		return d, nil
	}
	d := &dataset{kind: o["type"], mu: new(sync.RWMutex), values: map[string]json.RawMessage{}, max: entriesMax}
	switch d.kind {
	case "string", "md5", "sha1", "sha256", "ip", "ipv4", "ipv6":
	case "":
		return nil, fmt.Errorf("dataset %s has no type", name)
	default:
		return nil, fmt.Errorf("unknown type %q", d.kind)
	}
	file, must := o["load"], true
	if file == "" {
		file, must = o["state"], false
	}
	if file != "" {
		data, err := ld.readBeside(file)
		if err != nil && must {
			return nil, err
		}
		switch o["format"] {
		case "", "csv":
			err = d.loadLines(data)
		case "json":
			err = d.loadJSON(data, o)
		case "ndjson", "jsonline":
			for line := range bytes.Lines(data) {
				if line = bytes.TrimSpace(line); len(line) > 0 && err == nil {
					err = d.addObject(line, o)
				}
			}
		default:
			err = fmt.Errorf("unknown format %q", o["format"])
		}
		if err != nil && must {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
	}
	ld.sets.byName[name] = d
	return d, nil
}

func (d *dataset) loadLines(data []byte) error {
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		value, rep, _ := strings.Cut(line, ",")
		if d.kind == "string" {
			raw, err := base64.StdEncoding.DecodeString(value)
			if err != nil {
				return fmt.Errorf("value %q is not base64", value)
			}
			value = string(raw)
		}
		k, ok := d.key(value)
		if !ok {
			return fmt.Errorf("value %q is no %s", value, d.kind)
		}
		if len(d.values) >= d.max {
			return fmt.Errorf("more than %d values", d.max)
		}
		d.values[k] = nil
		if rep != "" {
			n, err := strconv.ParseUint(strings.TrimSpace(rep), 10, 16)
			if err != nil {
				return fmt.Errorf("bad reputation %q", rep)
			}
			if d.rep == nil {
				d.rep = map[string]uint16{}
			}
			d.rep[k] = uint16(n)
		}
	}
	return nil
}

func (d *dataset) loadJSON(data []byte, o map[string]string) error {
	if keys := o["array_key"]; keys != "" {
		for k := range strings.SplitSeq(keys, ".") {
			var m map[string]json.RawMessage
			if err := json.Unmarshal(data, &m); err != nil {
				return err
			}
			data = m[k]
		}
	}
	var list []json.RawMessage
	if err := json.Unmarshal(data, &list); err != nil {
		return err
	}
	for _, obj := range list {
		if err := d.addObject(obj, o); err != nil {
			return err
		}
	}
	return nil
}

// addObject adds the value that stands under value_key of an object. The first object of a value stays.
func (d *dataset) addObject(obj []byte, o map[string]string) error {
	path := strings.Split(o["value_key"], ".")
	var m map[string]json.RawMessage
	if err := json.Unmarshal(obj, &m); err != nil {
		return err
	}
	cur := m
	for _, k := range path[:len(path)-1] {
		var next map[string]json.RawMessage
		if json.Unmarshal(cur[k], &next) != nil {
			return nil
		}
		cur = next
	}
	last := path[len(path)-1]
	var value string
	if json.Unmarshal(cur[last], &value) != nil {
		return nil // an object without the key is passed over
	}
	k, ok := d.key(value)
	if !ok {
		return fmt.Errorf("value %q is no %s", value, d.kind)
	}
	if _, dup := d.values[k]; dup {
		return nil
	}
	if len(d.values) >= d.max {
		return fmt.Errorf("more than %d values", d.max)
	}
	if _, remove := o["remove_key"]; remove && len(path) == 1 {
		delete(m, last)
		obj, _ = json.Marshal(m)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, obj); err != nil {
		return err
	}
	d.values[k] = compact.Bytes()
	return nil
}

// reputation is datarep.
type reputation struct {
	d *dataset
	n number
}

func (c *reputation) run(s *scan) bool {
	r, ok := c.d.rep[string(s.buf)]
	return ok && c.n.match(uint64(r))
}

func (b *builder) datarep(arg string) error {
	p := fields(arg)
	if len(p) < 3 {
		return fmt.Errorf("expected name,operator,value")
	}
	n, err := parseNumber(p[1]+p[2], 16, nil)
	if err != nil {
		return err
	}
	o := map[string]string{}
	for _, f := range p[3:] {
		w, v := split2(f)
		o[w] = v
	}
	d, err := b.ld.dataset(p[0], o)
	if err != nil {
		return err
	}
	if b.cur == nil {
		return fmt.Errorf("needs a sticky buffer before it")
	}
	b.add(&reputation{d, *n}, false)
	return nil
}
