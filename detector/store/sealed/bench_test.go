package sealed

import (
	"encoding/binary"
	"net/netip"
	"testing"

	"khien/detector"
	"khien/detector/store"
	"khien/detector/store/embedded"
)

// BenchmarkWrite compares what a finding costs with and without a seal, in batches as the program writes them.
func BenchmarkWrite(bench *testing.B) {
	const batch = 1000
	for _, name := range []string{"plain", "sealed"} {
		bench.Run(name, func(bench *testing.B) {
			inner, err := embedded.Open(bench.TempDir())
			if err != nil {
				bench.Fatal(err)
			}
			var st store.Store = inner
			if name == "sealed" {
				if st, err = New(inner, book(bench, people...)); err != nil {
					bench.Fatal(err)
				}
			}
			defer st.Close()
			n := uint32(0)
			list := make([]detector.Finding, batch)
			bench.ReportAllocs()
			for bench.Loop() {
				bench.StopTimer()
				for i := range list {
					n++
					list[i] = benchFinding(n)
				}
				bench.StartTimer()
				if err := st.Write(bench.Context(), list); err != nil {
					bench.Fatal(err)
				}
			}
			bench.ReportMetric(float64(bench.Elapsed().Nanoseconds())/float64(bench.N)/batch, "ns/finding")
		})
	}
}

// BenchmarkFinding is the seal alone.
func BenchmarkFinding(bench *testing.B) {
	s, err := New(nil, book(bench, people...))
	if err != nil {
		bench.Fatal(err)
	}
	n := uint32(0)
	bench.ReportAllocs()
	for bench.Loop() {
		n++
		f := benchFinding(n)
		s.sealing().finding(f)
	}
}

// benchFinding is one of 200,000 hosts, each of which tells of its address in nine places.
func benchFinding(n uint32) detector.Finding {
	return finding(int(n), func(f *detector.Finding) {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], 10<<24|n*2654435761%200_000)
		f.SrcIP = netip.AddrFrom4(a)
		ip := f.SrcIP.String()
		f.Summary = detector.Text{VI: "Máy " + ip + " gửi mật khẩu tới 203.0.113.9", EN: ip + " sent a password to 203.0.113.9"}
		f.Reasons[0].VI, f.Reasons[0].EN, f.Reasons[0].Excerpt = "Từ "+ip, "From "+ip, []byte("X-Forwarded-For: "+ip)
		f.URL, f.RelatedHosts = "http://vneid-gov.example/?from="+ip, []string{ip}
		f.RelatedIPs = f.RelatedIPs[:1]
		f.Context = []byte(`{"hosts":["` + ip + `"]}`)
	})
}
