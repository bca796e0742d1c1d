package fraud

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"

	"khien/detector"
	"khien/detector/window"
)

// Limits of what is remembered beyond flows.
const (
	maxNamesKnown   = 1 << 16 // names that are suspicious or worse
	maxAddrsKnown   = 1 << 16 // addresses of such names
	maxClientsKnown = 1 << 15
	maxContacts     = 1 << 15 // pairs of client and server
	maxIcons        = 1 << 12
	maxNameAddrs    = 16      // of a name
	maxNameServers  = 8       // of a name
	maxAddrNames    = 16      // suspicious or worse, of an address
	maxSANs         = 24      // of a certificate
	maxPending      = 8       // findings of a name that wait for evidence
	maxWaitingNames = 1 << 12 // names with such findings, which are large
)

// MemoryConfig says how much is remembered. The zero value is ready for use.
type MemoryConfig struct {
	Dir       string // folder of what is kept between starts; empty keeps nothing
	NameBytes int    // memory for first sightings; 32 MiB when 0
}

// Memory is what fraud detection remembers beyond flows: when names were first seen here and by how many, which addresses,
// name servers and certificates they have, which victims met them, and which campaigns they form. Its times are packet
// times. It is safe for concurrent use; findings depend on the order of the calls, which is the engine's.
type Memory struct {
	cfg       MemoryConfig
	mu        sync.Mutex
	firsts    *window.Firsts
	began     int64 // packet time of the first fact, in seconds: what was new then may be old elsewhere
	names     *window.Map[string, *nameInfo]
	addrs     *window.Map[netip.Addr, *addrInfo]
	clients   *window.Map[heldKey, *clientInfo]
	contacts  *window.Map[contactKey, string]
	pending   *window.Map[string, []*detector.Finding] // findings of names that wait for evidence
	icons     *window.Map[string, string]              // favicon → organisation that shows it on its own host
	campaigns *campaigns
	reports   map[string]Report // by kind and value
	listed    *Feeds
	watch     atomic.Pointer[watch]
}

// nameInfo is what is known of a name that is suspicious or worse.
type nameInfo struct {
	Level   Level       `json:"level"`
	Brand   string      `json:"brand,omitempty"`
	Addrs   []nameAddr  `json:"addrs,omitempty"`
	Servers []string    `json:"servers,omitempty"`
	Changes int         `json:"changes,omitempty"` // addresses that came after the first answer
	MinTTL  uint32      `json:"ttl,omitempty"`
	Cert    certificate `json:"cert,omitzero"`
	Icon    string      `json:"icon,omitempty"`   // SHA-256 of its favicon
	Away    bool        `json:"away,omitempty"`   // it sends visitors to the organisation that it imitates
	Served  bool        `json:"served,omitempty"` // it shows visitors a form of its own
	Outer   string      `json:"outer,omitempty"`  // public name that its HTTPS record gives for encrypted hellos
}

type nameAddr struct {
	Addr        netip.Addr `json:"addr"`
	First, Last int64
}

// certificate is what a server showed for a name.
type certificate struct {
	Print     string   `json:"print,omitempty"`
	Issuer    string   `json:"issuer,omitempty"`
	NotBefore int64    `json:"not_before,omitempty"`
	SANs      []string `json:"sans,omitempty"`
}

// addrInfo is what is known of an address that a suspicious name has.
type addrInfo struct {
	Names []string `json:"names"`
}

// clientInfo is what a victim did lately.
type clientInfo struct {
	Bank      string    `json:"bank,omitempty"` // organisation that keeps money, visited on its own name
	BankAt    time.Time `json:"bank_at,omitzero"`
	Tool      string    `json:"tool,omitempty"` // program of remote control
	ToolAt    time.Time `json:"tool_at,omitzero"`
	Shortener string    `json:"shortener,omitempty"`
	ShortAt   time.Time `json:"short_at,omitzero"`
}

type contactKey struct {
	capture        string
	client, server netip.Addr
}

// NewMemory returns an empty memory, or what SaveTo has written to the folder of cfg.
func NewMemory(cfg MemoryConfig) (*Memory, error) {
	if cfg.NameBytes <= 0 {
		cfg.NameBytes = 32 << 20
	}
	m := &Memory{cfg: cfg, names: window.New[string, *nameInfo](maxNamesKnown, 0), addrs: window.New[netip.Addr, *addrInfo](maxAddrsKnown, 0),
		clients: window.New[heldKey, *clientInfo](maxClientsKnown, 0), contacts: window.New[contactKey, string](maxContacts, 0),
		pending:   window.New[string, []*detector.Finding](maxWaitingNames, 0),
		icons:     window.New[string, string](maxIcons, 0),
		campaigns: newCampaigns(), reports: make(map[string]Report)}
	if cfg.Dir == "" {
		m.firsts = window.NewFirsts(cfg.NameBytes)
		return m, nil
	}
	return m, m.load()
}

// Remember makes the findings of n use m. It has to be called before a Detector has n.
func (n *Names) Remember(m *Memory) { n.seen.mem.Store(m) }

// memory returns the memory of the findings; one that nobody set is made when it is first needed.
func (s *sightings) memory() *Memory {
	m := s.mem.Load()
	if m == nil {
		var err error
		m, err = NewMemory(MemoryConfig{})
		if err != nil {
			panic("BUG: " + err.Error()) // only a folder can fail
		}
		s.mem.Store(m)
	}
	return m
}

// see notes that a client asked for a name, and when.
func (m *Memory) see(name string, client netip.Addr, at int64) window.Seen {
	if m.began == 0 || at < m.began {
		m.began = at
	}
	return m.firsts.See(nameKey(name), addrHash(client), at)
}

func nameKey(name string) []byte { return append([]byte{'n'}, name...) }

func addrKey(a netip.Addr) []byte {
	b := a.As16()
	return append([]byte{'a'}, b[:]...)
}

func addrHash(a netip.Addr) uint64 {
	b := a.As16()
	return xxhash.Sum64(b[:])
}

// name returns what is known of a suspicious name, which is new when nothing is.
func (m *Memory) name(name string) *nameInfo {
	if x, ok := m.names.Get(name); ok {
		return x
	}
	x := &nameInfo{}
	m.names.Set(name, x)
	return x
}

func (m *Memory) client(k heldKey) *clientInfo {
	if x, ok := m.clients.Get(k); ok {
		return x
	}
	x := &clientInfo{}
	m.clients.Set(k, x)
	return x
}

// atAddr notes that a suspicious name has an address.
func (m *Memory) atAddr(a netip.Addr, name string) {
	x, ok := m.addrs.Get(a)
	if !ok {
		x = &addrInfo{}
		m.addrs.Set(a, x)
	}
	if len(x.Names) < maxAddrNames {
		x.Names = appendHost(x.Names, name)
	}
}

// addr notes an address of a name.
func (x *nameInfo) addr(a netip.Addr, at int64) {
	for i := range x.Addrs {
		if x.Addrs[i].Addr == a {
			x.Addrs[i].Last = max(x.Addrs[i].Last, at)
			return
		}
	}
	if len(x.Addrs) > 0 && at > x.Addrs[0].First {
		x.Changes++
	}
	if len(x.Addrs) < maxNameAddrs {
		x.Addrs = append(x.Addrs, nameAddr{a, at, at})
	}
}

// massHosts are networks whose addresses stand before anybody's sites (Cloudflare publishes its own at
// https://www.cloudflare.com/ips/).
var massHosts = [...]netip.Prefix{
	netip.MustParsePrefix("173.245.48.0/20"), netip.MustParsePrefix("103.21.244.0/22"), netip.MustParsePrefix("103.22.200.0/22"),
	netip.MustParsePrefix("103.31.4.0/22"), netip.MustParsePrefix("141.101.64.0/18"), netip.MustParsePrefix("108.162.192.0/18"),
	netip.MustParsePrefix("190.93.240.0/20"), netip.MustParsePrefix("188.114.96.0/20"), netip.MustParsePrefix("197.234.240.0/22"),
	netip.MustParsePrefix("198.41.128.0/17"), netip.MustParsePrefix("162.158.0.0/15"), netip.MustParsePrefix("104.16.0.0/13"),
	netip.MustParsePrefix("104.24.0.0/14"), netip.MustParsePrefix("172.64.0.0/13"), netip.MustParsePrefix("131.0.72.0/22"),
	netip.MustParsePrefix("2606:4700::/32"), netip.MustParsePrefix("2400:cb00::/32"), netip.MustParsePrefix("2a06:98c0::/29"),
}

// shared reports whether an address serves so many names that sharing it says nothing: a content network, a mass hoster.
func (m *Memory) shared(a netip.Addr) bool {
	for i := range massHosts {
		if massHosts[i].Contains(a) {
			return true
		}
	}
	s, ok := m.firsts.Lookup(addrKey(a))
	return ok && s.Peers == window.MaxPeers
}
