package storetest

import (
	"net/netip"
	"testing"

	"khien/detector"
	"khien/detector/store"
)

// testGroupTotal: the total is exact among ten thousand groups, where what estimates distinct values is off by one.
func testGroupTotal(t *testing.T, s store.Store) {
	const groups = 10_000
	list := make([]detector.Finding, groups)
	for i := range list {
		list[i] = finding("many", i, func(f *detector.Finding) { f.SrcIP = netip.AddrFrom4([4]byte{100, 64, byte(i >> 8), byte(i)}) })
	}
	if err := s.Write(t.Context(), list); err != nil {
		t.Fatal(err)
	}
	p, err := s.Groups(t.Context(), store.Query{Rule: []string{"many"}, Limit: 1})
	if err != nil || p.Total != groups || len(p.Groups) != 1 {
		t.Errorf("total %d of %d groups, a page of %d, %v", p.Total, groups, len(p.Groups), err)
	}
}
