package signature

import (
	"fmt"
	"slices"
	"strings"

	"khien/sensor"
)

// builder is a rule while it is read.
type builder struct {
	ld    *loader
	s     *sig
	cur   *bufferDef  // sticky buffer; nil for the payload
	trans []transform // of the sticky buffer
	keys  string
	open  *list // list of the sticky buffer once it has a step
	b64   *list // list of base64_data while it is current
	last  *item // last content or expression
	lastL *list
	vars  []string

	payloadDir   dirs // http.connection: to_client
	l7           []sensor.Proto
	lastB64      *base64Decode
	contentCount int
	dsize        *number
	packetOnly   bool // a keyword that looks at the packet itself
	priority     bool
	appProto     bool
}

// arg says whether a keyword takes an argument.
type argKind uint8

const (
	argNone argKind = iota
	argNeed
	argMay
)

// keyword is a row of a family's table.
type keyword struct {
	name  string
	arg   argKind
	parse func(b *builder, arg string) error
}

// hinted is an error with advice.
type hinted struct{ msg, hint string }

func (e hinted) Error() string { return e.msg }

// unsupported is what a keyword of this language answers that cannot work here, with the reason.
func unsupported(what, reason string) error {
	return hinted{"unsupported keyword " + what, reason}
}

// parseRule reads one rule. A <> rule gives two.
func (ld *loader) parseRule(text string) ([]*sig, *ruleError) {
	h, rerr := lexRule(text, ld.options)
	if rerr != nil {
		return nil, rerr
	}
	ld.options = h.options
	s := &sig{Rule: &Rule{GID: 1, Priority: 3, Text: text}}
	b := &builder{ld: ld, s: s}
	if rerr := b.header(h); rerr != nil {
		return nil, rerr
	}
	for i := range h.options {
		o := &h.options[i]
		if err := b.option(o); err != nil {
			e := errAt(o.at, o.name+": "+err.Error())
			if hi, ok := err.(hinted); ok {
				e.msg, e.hint = hi.msg, hi.hint
			}
			if _, ok := err.(errSkipped); ok {
				e.hint = skippedHint
			}
			return nil, e
		}
	}
	if err := b.finish(); err != nil {
		e := errAt(0, err.Error())
		if hi, ok := err.(hinted); ok {
			e.hint = hi.hint
		}
		return nil, e
	}
	if h.dir == "<>" && (h.src != h.dst || h.sport != h.dport) {
		r := *s
		r.src, r.dst, r.sport, r.dpt, r.swapped = s.dst, s.src, s.dpt, s.sport, true
		return []*sig{s, &r}, nil
	}
	return []*sig{s}, nil
}

func (b *builder) option(o *rawOption) error {
	k, ok := b.ld.keywords[o.name]
	if !ok {
		if why, ok := b.ld.absent[o.name]; ok {
			return unsupported(o.name, why)
		}
		if family, _, ok := strings.Cut(o.name, "."); ok {
			if p, known := sensor.ProtoByName(family); known && !b.ld.served[p] {
				return unsupported(o.name, "the sensor has no buffers of protocol "+family+" yet")
			}
		}
		hint := nearest(o.name, b.ld.names)
		if hint != "" {
			hint = "did you mean " + hint + "?"
		}
		return hinted{"unknown keyword " + o.name, hint}
	}
	if k.arg == argNeed && (!o.hasArg || o.arg == "") {
		return fmt.Errorf("needs an argument")
	}
	if k.arg == argNone && o.hasArg && o.arg != "" {
		return fmt.Errorf("takes no argument")
	}
	return k.parse(b, o.arg)
}

// variable returns the index of a byte variable, which must have been set before it is used.
func (b *builder) variable(name string) (int, bool) {
	i := slices.Index(b.vars, name)
	return i, i >= 0
}

// setVariable gives a name an index.
func (b *builder) setVariable(name string) (int, error) {
	if i := slices.Index(b.vars, name); i >= 0 {
		return i, nil
	}
	if len(b.vars) == varsMax {
		return 0, fmt.Errorf("more than %d variables", varsMax)
	}
	if name == "" || name[0] >= '0' && name[0] <= '9' || name[0] == '-' {
		return 0, fmt.Errorf("bad variable name %q", name)
	}
	b.vars = append(b.vars, name)
	return len(b.vars) - 1, nil
}

// sticky makes d the buffer of the steps that follow; nil is the payload.
func (b *builder) sticky(d *bufferDef, arg string) error {
	b.cur, b.trans, b.keys, b.open, b.b64 = d, nil, "", nil, nil
	b.payloadDir = 0
	switch strings.TrimSpace(arg) {
	case "":
	case "to_server":
		b.payloadDir = toServer
	case "to_client":
		b.payloadDir = toClient
	default:
		return fmt.Errorf("bad argument %q", arg)
	}
	if b.payloadDir != 0 && (d == nil || d.dirs&b.payloadDir == 0) {
		return fmt.Errorf("no such direction")
	}
	if d != nil && d.protos != nil {
		return b.needProtos(d.protos, d.name)
	}
	return nil
}

// needProtos narrows the application protocols of the rule.
func (b *builder) needProtos(protos []sensor.Proto, what string) error {
	if len(b.s.apps) > 0 {
		var both []sensor.Proto
		for _, p := range b.s.apps {
			if slices.Contains(protos, p) {
				both = append(both, p)
			}
		}
		if len(both) == 0 {
			return fmt.Errorf("%s does not belong to the rule's protocol", what)
		}
		if !b.appProto {
			b.l7 = both
		}
		return nil
	}
	if b.l7 == nil {
		b.l7 = protos
		return nil
	}
	var both []sensor.Proto
	for _, p := range b.l7 {
		if slices.Contains(protos, p) {
			both = append(both, p)
		}
	}
	if len(both) == 0 {
		return fmt.Errorf("%s does not belong to the protocol of the rule's other buffers", what)
	}
	b.l7 = both
	return nil
}

// list returns the list that a step of the current buffer goes to.
func (b *builder) list() *list {
	if b.b64 != nil {
		return b.b64
	}
	if b.open != nil {
		return b.open
	}
	b.open = b.listOf(b.cur, b.trans, b.keys, b.payloadDir)
	return b.open
}

func (b *builder) listOf(d *bufferDef, trans []transform, keys string, dir dirs) *list {
	s := b.s
	if d == nil && len(trans) == 0 {
		if s.payload == nil {
			s.payload = &list{dirs: bothDirs}
		}
		return s.payload
	}
	if d == nil {
		l := &list{dirs: bothDirs, transforms: trans, key: keys}
		s.pktLists = append(s.pktLists, l)
		return l
	}
	where := &s.lists
	if d.packet != nil {
		where = &s.pktLists
	}
	want := d.dirs
	if dir != 0 {
		want = dir
	}
	if !d.is(multi) || d.is(single) {
		for _, l := range *where {
			if l.def == d && l.key == keys && l.dirs == want && !l.absent {
				return l
			}
		}
	}
	l := &list{def: d, transforms: trans, key: keys, dirs: want, index: uint8(len(*where))}
	*where = append(*where, l)
	return l
}

// add appends a step that is not content to the current list.
func (b *builder) add(c check, relative bool) *item {
	l := b.list()
	l.items = append(l.items, item{chk: c, rel: relative})
	return &l.items[len(l.items)-1]
}

// addTo appends a step to the list of a buffer without making it the current one.
func (b *builder) addTo(d *bufferDef, c check) (*list, error) {
	if d.protos != nil {
		if err := b.needProtos(d.protos, d.name); err != nil {
			return nil, err
		}
	}
	l := b.listOf(d, nil, "", 0)
	l.items = append(l.items, item{chk: c})
	return l, nil
}

// lastContent is the content that a modifier changes.
func (b *builder) lastContent() (*content, error) {
	if b.lastL == nil || len(b.lastL.items) == 0 {
		return nil, fmt.Errorf("needs a content before it")
	}
	for i := len(b.lastL.items) - 1; i >= 0; i-- {
		if it := &b.lastL.items[i]; it.kind == kindContent {
			return it.c, nil
		}
	}
	return nil, fmt.Errorf("needs a content before it")
}

// moveContent moves the last content to another buffer: content:"x"; http_uri;
func (b *builder) moveContent(d *bufferDef) error {
	if b.cur != nil {
		return fmt.Errorf("may not be used inside the sticky buffer %s", b.cur.name)
	}
	c, err := b.lastContent()
	if err != nil {
		return err
	}
	if c.raw {
		return fmt.Errorf("may not be used with rawbytes")
	}
	if err := b.needProtos(d.protos, d.name); err != nil {
		return err
	}
	from := b.lastL
	i := len(from.items) - 1
	for from.items[i].kind != kindContent {
		i--
	}
	it := from.items[i]
	from.items = slices.Delete(from.items, i, i+1)
	to := b.listOf(d, nil, "", 0)
	to.items = append(to.items, it)
	b.lastL = to
	return nil
}
