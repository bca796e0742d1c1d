package push

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/google/nftables"
	"github.com/google/nftables/expr"

	"khien/console/hook"
	"khien/console/hook/render"
)

// Nftables enforces addresses on this host, in a table of its own in the network namespace that a file names ("" for the
// own). Elements end by themselves should Khiên die.
type Nftables struct {
	table, netns string

	mu   sync.Mutex
	want map[netip.Prefix]time.Duration
}

// NewNftables returns an enforcer. table is the name of its table, default khien.
func NewNftables(table, netns string) *Nftables {
	return &Nftables{table: render.Options{Table: table}.Name(), netns: netns}
}

// conn opens a connection in the namespace; close ends it.
func (n *Nftables) conn() (c *nftables.Conn, close func(), err error) {
	if n.netns == "" {
		c, err = nftables.New()
		return c, func() {}, err
	}
	f, err := os.Open(n.netns)
	if err != nil {
		return nil, nil, fmt.Errorf("push: nftables: %w", err)
	}
	c, err = nftables.New(nftables.WithNetNSFd(int(f.Fd())))
	return c, func() { f.Close() }, err
}

// chunk is how many elements a message carries: netlink attributes are bounded by 64 KiB.
const chunk = 400

// Enforce implements Enforcer: the whole table is replaced in one transaction, so that nothing is let through meanwhile and
// an error changes nothing.
func (n *Nftables) Enforce(_ context.Context, v hook.View) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	c, end, err := n.conn()
	if err != nil {
		return fmt.Errorf("push: nftables: %w", err)
	}
	defer end()
	t := &nftables.Table{Family: nftables.TableFamilyINet, Name: n.table}
	c.AddTable(t)
	c.DelTable(t)
	c.AddTable(t)
	prefixes, left := render.Addresses(v)
	want := map[netip.Prefix]time.Duration{}
	sets := map[bool]*nftables.Set{}
	for _, v4 := range []bool{true, false} {
		s := &nftables.Set{Table: t, Name: "block6", KeyType: nftables.TypeIP6Addr, Interval: true, HasTimeout: true}
		if v4 {
			s.Name, s.KeyType = "block4", nftables.TypeIPAddr
		}
		if err := c.AddSet(s, nil); err != nil {
			return fmt.Errorf("push: nftables: %w", err)
		}
		sets[v4] = s
		var elements []nftables.SetElement
		for i, p := range prefixes {
			if p.Addr().Is4() != v4 {
				continue
			}
			want[p] = left[i]
			elements = append(elements, nftables.SetElement{Key: p.Addr().AsSlice(), Timeout: left[i].Truncate(time.Second)})
			if last := after(p); last.IsValid() {
				elements = append(elements, nftables.SetElement{Key: last.AsSlice(), IntervalEnd: true})
			}
			if len(elements) >= chunk {
				if err := c.SetAddElements(s, elements); err != nil {
					return fmt.Errorf("push: nftables: %w", err)
				}
				elements = nil
			}
		}
		if len(elements) > 0 {
			if err := c.SetAddElements(s, elements); err != nil {
				return fmt.Errorf("push: nftables: %w", err)
			}
		}
	}
	accept := nftables.ChainPolicyAccept
	for name, at := range map[string]*nftables.ChainHook{"input": nftables.ChainHookInput, "forward": nftables.ChainHookForward, "output": nftables.ChainHookOutput} {
		chain := c.AddChain(&nftables.Chain{Name: name, Table: t, Type: nftables.ChainTypeFilter, Hooknum: at, Priority: nftables.ChainPriorityRef(-10), Policy: &accept})
		for _, v4 := range []bool{true, false} {
			for _, source := range []bool{true, false} {
				c.AddRule(&nftables.Rule{Table: t, Chain: chain, Exprs: drop(sets[v4], v4, source)})
			}
		}
	}
	if err := c.Flush(); err != nil {
		return fmt.Errorf("push: nftables: %w (it needs CAP_NET_ADMIN)", err)
	}
	n.want = want
	return nil
}

// after returns the first address behind a prefix; invalid for the last of all.
func after(p netip.Prefix) netip.Addr {
	b := p.Addr().AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	last, _ := netip.AddrFromSlice(b)
	return last.Next()
}

// drop counts and drops packets whose source or destination is in a set.
func drop(s *nftables.Set, v4, source bool) []expr.Any {
	family, offset, size := byte(10), uint32(24), uint32(16) // NFPROTO_IPV6; RFC 8200, 3
	if v4 {
		family, offset, size = 2, 16, 4 // NFPROTO_IPV4; RFC 791, 3.1
	}
	if source {
		offset -= size
	}
	return []expr.Any{
		&expr.Meta{Key: expr.MetaKeyNFPROTO, Register: 1},
		&expr.Cmp{Op: expr.CmpOpEq, Register: 1, Data: []byte{family}},
		&expr.Payload{DestRegister: 1, Base: expr.PayloadBaseNetworkHeader, Offset: offset, Len: size},
		&expr.Lookup{SourceRegister: 1, SetName: s.Name, SetID: s.ID},
		&expr.Counter{},
		&expr.Verdict{Kind: expr.VerdictDrop},
	}
}

// ReadBack implements Enforcer: it reads the sets of the kernel.
func (n *Nftables) ReadBack(context.Context) (enforced, missing, extra int, known bool, err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	c, end, err := n.conn()
	if err != nil {
		return 0, 0, 0, false, fmt.Errorf("push: nftables: %w", err)
	}
	defer end()
	t := &nftables.Table{Family: nftables.TableFamilyINet, Name: n.table}
	have := map[netip.Addr]bool{}
	for _, name := range []string{"block4", "block6"} {
		s, err := c.GetSetByName(t, name)
		if err != nil {
			return 0, len(n.want), 0, true, fmt.Errorf("push: nftables: set %s: %w", name, err)
		}
		elements, err := c.GetSetElements(s)
		if err != nil {
			return 0, 0, 0, false, fmt.Errorf("push: nftables: set %s: %w", name, err)
		}
		for _, e := range elements {
			if a, ok := netip.AddrFromSlice(e.Key); ok && !e.IntervalEnd {
				have[a] = true
			}
		}
	}
	for p := range n.want {
		if have[p.Addr()] {
			enforced++
			delete(have, p.Addr())
		} else {
			missing++
		}
	}
	return enforced, missing, len(have), true, nil
}
