package signature

import (
	"strings"

	"khien/sensor"
)

// Rule is what is known of a loaded rule beside how it matches.
type Rule struct {
	SID, GID, Rev uint32
	Msg           string
	Classtype     string
	Category      string // description of the classtype
	Priority      int    // 1 is the most urgent
	References    []string
	Action        string // pass, drop, reject, alert
	NoAlert       bool
	File          string
	Line          int
	Text          string   // as written
	FastPattern   string   // what the prefilter searches, as written in content; empty when there is none
	FastBuffer    string   // where it searches
	Unraised      []string // events that it asks for and nothing raises yet: it never matches
	metadata      string   // as written, separated by commas
}

// Metadata reads the rule's metadata: the values of each key in their order. It is made anew by each call, since a large
// rule set would hold a hundred megabytes of maps that hardly any rule ever needs.
func (r *Rule) Metadata() map[string][]string {
	if r.metadata == "" {
		return nil
	}
	m := map[string][]string{}
	for part := range strings.SplitSeq(r.metadata, ",") {
		if k, v, ok := strings.Cut(strings.TrimSpace(part), " "); ok {
			k = strings.TrimSuffix(k, ":")
			m[k] = append(m[k], strings.TrimSpace(v))
		}
	}
	return m
}

// action in the order in which rules are applied.
type action uint8

const (
	actPass action = iota
	actDrop
	actReject
	actAlert
)

// dirs is a set of directions: bit 0 to server, bit 1 to client.
type dirs uint8

const (
	toServer dirs = 1
	toClient dirs = 2
	bothDirs dirs = 3
)

func dirBit(d sensor.Dir) dirs { return 1 << d }

// class says when a rule is inspected.
type class uint8

const (
	classPacket   class = iota // headers and payload of each packet
	classIPOnly                // addresses only: once a flow and direction
	classProtoApp              // the protocol only
	classStream                // reassembled bytes
	classTx                    // buffers of transactions
	classFrame                 // frames
)

// flowCond is what the flow keyword asks for.
type flowCond struct {
	set                                bool
	established, notEstablished        bool
	stateless                          bool
	onlyStream, noStream, frag, nofrag bool
}

// sig is a compiled rule.
type sig struct {
	*Rule
	num  int    // place in the order of inspection
	born uint32 // generation of the set that it came with
	act  action

	// header
	ipver      uint8 // 0 any
	l4         uint8 // IP protocol, 0 any; ICMP stands for both
	pkthdr     bool
	anyPacket  bool           // pkthdr: also packets that could not be decoded
	apps       []sensor.Proto // application protocols, empty for any
	src, dst   *addrSet
	sport, dpt *portSet
	swapped    bool // the second half of a <> rule
	dirs       dirs // directions of packets that can match
	flow       flowCond
	reqPacket  bool // payload is that of a packet
	reqStream  bool // payload is the reassembled stream
	txBoth     bool // => : both directions of one transaction
	hook       hook

	class    class
	packet   []packetCheck // conditions on packet and flow
	sizeMax  int           // largest payload that dsize allows, 0 for any
	pktLists []*list       // sticky buffers over packet headers
	payload  *list         // content without a buffer
	lists    []*list       // buffers of transactions
	events   []string      // app-layer-event names
	dirApp   []appCond
	vars     int // variables that byte_extract and byte_math set

	post      []effect // what a match does to the flow
	limits    []*limit // threshold
	filter    *limit
	cross     []*crossBit // cross-flow bits that are conditions
	crossSet  []*crossBit // cross-flow bits that a match sets
	toldApp   bool
	flowScope bool // a pass rule that ends inspection of its flow
	target    string
	bypass    bool

	fp            *fastPattern
	pf            bool // other cheap header test is enough
	writes, reads bool // flow bits, for the order
}

// hook is a protocol's state that a rule waits for: dns:request_complete.
type hook struct {
	name  string
	dir   sensor.Dir
	stage sensor.Progress
	set   bool
}

// packetCheck is a condition on the packet or its flow.
type packetCheck interface {
	match(m *Matcher) bool
}

// effect is what a rule does when all of it has matched.
type effect interface {
	apply(m *Matcher)
}

// list is what is looked for in one buffer: contents and the like, in the order of the rule.
type list struct {
	def        *bufferDef
	transforms []transform
	key        string // of the transforms, to share prefilters
	items      []item
	dirs       dirs
	index      uint8
	absentOr   bool // absent: or_else
	absent     bool
	whole      bool  // matches a complete frame only
	b64        *list // base64_data list that follows
}

// itemKind chooses how an item is run.
type itemKind uint8

const (
	kindCheck itemKind = iota
	kindContent
	kindRegexp
)

// item is one step in a list.
type item struct {
	kind  itemKind
	retry bool // a later step is relative to this one: other occurrences have to be tried
	rel   bool
	c     *content
	re    *regexItem
	chk   check
}

// check is a step that is neither content nor expression. It may move the cursor.
type check interface {
	run(s *scan) bool
}

// fastPattern is the content that the prefilter searches for a rule.
type fastPattern struct {
	list *list
	c    *content
	data []byte
}
