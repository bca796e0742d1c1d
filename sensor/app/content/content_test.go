package content

import (
	"bytes"
	stdflate "compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

type collect struct{ bytes.Buffer }

func (c *collect) Write(p []byte) { c.Buffer.Write(p) }

func encode(t testing.TB, e Encoding, data []byte, raw bool) []byte {
	var b bytes.Buffer
	var w io.WriteCloser
	switch e {
	case Gzip:
		w = gzip.NewWriter(&b)
	case Deflate:
		if raw {
			w, _ = stdflate.NewWriter(&b, 6)
		} else {
			w = zlib.NewWriter(&b)
		}
	case Brotli:
		w = brotli.NewWriter(&b)
	case Zstd:
		w, _ = zstd.NewWriter(&b)
	default:
		return data
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func decode(p *Pool, list []Encoding, data []byte, cut int) (string, Status) {
	var out collect
	c := p.Chain(list, &out)
	if c == nil {
		return string(data), 0
	}
	for len(data) > 0 {
		n := min(cut, len(data))
		c.Write(data[:n])
		data = data[n:]
	}
	status := c.Close()
	return out.String(), status
}

func text(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	words := strings.Fields("chuyển khoản ngân hàng OTP mật khẩu the quick brown fox 0123456789 <html> </div>")
	var b []byte
	for len(b) < n {
		b = append(b, words[r.IntN(len(words))]...)
		b = append(b, byte(r.IntN(256)), ' ')
	}
	return b[:n]
}

func TestChain(t *testing.T) {
	var p Pool
	for _, size := range []int{1, 100, 5000, 200000} {
		data := text(size)
		for _, e := range []Encoding{Gzip, Deflate, Brotli, Zstd} {
			for _, cut := range []int{1 << 20, 1460, 7} {
				got, status := decode(&p, []Encoding{e}, encode(t, e, data, true), cut)
				if got != string(data) || status != 0 {
					t.Errorf("encoding %d, %d bytes cut by %d: %d bytes, status %b", e, size, cut, len(got), status)
				}
			}
		}
		layered := encode(t, Gzip, encode(t, Brotli, encode(t, Deflate, data, false), false), false)
		if got, status := decode(&p, []Encoding{Deflate, Brotli, Gzip}, layered, 100); got != string(data) || status != 0 {
			t.Errorf("three layers of %d bytes: %d bytes, status %b", size, len(got), status)
		}
	}
}

func TestLenient(t *testing.T) {
	var p Pool
	data := text(3000)
	f := func(name string, list []Encoding, body []byte, want string, wantStatus Status) {
		t.Helper()
		for _, cut := range []int{1 << 20, 1} {
			got, status := decode(&p, list, body, cut)
			if got != want || status != wantStatus {
				t.Errorf("%s cut by %d: %d bytes %.60q, status %b; want %d bytes, status %b", name, cut, len(got), got, status, len(want), wantStatus)
			}
		}
	}
	gz := encode(t, Gzip, data, false)
	f("gzip without trailer", []Encoding{Gzip}, gz[:len(gz)-8], string(data), 0)
	f("gzip with junk behind", []Encoding{Gzip}, append(append([]byte{}, gz...), "junk"...), string(data), 0)
	f("two members", []Encoding{Gzip}, append(append([]byte{}, gz...), gz...), string(data)+string(data), 0)
	f("zlib as gzip", []Encoding{Gzip}, encode(t, Deflate, data, false), string(data), Mislabel)
	f("gzip as deflate", []Encoding{Deflate}, gz, string(data), Mislabel)
	f("plain as gzip", []Encoding{Gzip}, data, string(data), Mislabel)
	f("plain as deflate", []Encoding{Deflate}, data, string(data), Mislabel)
	f("plain as both", []Encoding{Deflate, Gzip}, data, string(data), Mislabel)
	f("plain as br", []Encoding{Brotli}, []byte("%PDF-1.4 and so on, not brotli at all \xff\xff\xff"), "%PDF-1.4 and so on, not brotli at all \xff\xff\xff", Mislabel)
	f("plain as zstd", []Encoding{Zstd}, data, string(data), Mislabel)
	f("one byte as gzip", []Encoding{Gzip}, []byte("x"), "x", 0)
	f("nothing", []Encoding{Gzip}, nil, "", 0)

	flags := append([]byte{}, gz[:10]...)
	flags[3] = 0xff
	flags = append(flags, 2, 0, 'a', 'b', 'n', 0, 'c', 0, 1, 2)
	f("all gzip flags", []Encoding{Gzip}, append(flags, gz[10:]...), string(data), 0)

	got, status := decode(&p, []Encoding{Gzip}, gz[:len(gz)/2], 1460)
	if !strings.HasPrefix(string(data), got) || len(got) < len(data)/4 || status != Truncated {
		t.Errorf("half a gzip: %d bytes, status %b", len(got), status)
	}
	broken := append([]byte{}, gz...)
	for i := len(broken) / 2; i < len(broken); i++ {
		broken[i] = 0xff
	}
	got, status = decode(&p, []Encoding{Gzip}, broken, 1460)
	if !strings.HasPrefix(got, string(data[:len(data)/4])) || status&(Broken|Truncated) == 0 {
		t.Errorf("half a broken gzip: %d bytes, status %b", len(got), status)
	}
}

func TestBomb(t *testing.T) {
	var p Pool
	zeros := make([]byte, 64<<20)
	for _, e := range []Encoding{Brotli, Zstd} { // one layer of deflate cannot reach the ratio
		body := encode(t, e, zeros, false)
		got, status := decode(&p, []Encoding{e}, body, 1460)
		if len(got) > 4<<20 || status&Bomb == 0 {
			t.Errorf("encoding %d: %d bytes from %d, status %b", e, len(got), len(body), status)
		}
	}
}

func TestByName(t *testing.T) {
	f := func(name string, want Encoding) {
		t.Helper()
		if got := ByName([]byte(name)); got != want {
			t.Errorf("ByName(%q) = %d, want %d", name, got, want)
		}
	}
	f("gzip", Gzip)
	f(" X-GZip ;", Gzip)
	f("x_gzip", Gzip)
	f("gz\x00ip", Gzip)
	f("deFLaTe", Deflate)
	f("x-deflate", Deflate)
	f("br", Brotli)
	f("zstd", Zstd)
	f("identity", Identity)
	f("", Identity)
	f("foo", Unknown)
	f(strings.Repeat("gzip", 1000), Unknown)
}

func TestNoAllocation(t *testing.T) {
	var p Pool
	body := encode(t, Gzip, text(20000), false)
	out := discard{}
	list := []Encoding{Gzip}
	run := func() {
		c := p.Chain(list, out)
		c.Write(body)
		c.Close()
	}
	run()
	if n := testing.AllocsPerRun(50, run); n > 1 { // the pool may be emptied by the garbage collector in between
		t.Errorf("%v allocations a body", n)
	}
}

type discard struct{}

func (discard) Write([]byte) {}

// FuzzChain cuts a body anywhere: what comes out must not change. What the standard library decodes without error, we
// must decode to the same.
func FuzzChain(f *testing.F) {
	for _, e := range []Encoding{Gzip, Deflate, Brotli, Zstd} {
		f.Add(encode(f, e, text(300), false), uint8(e), uint8(Identity), uint16(17))
	}
	f.Add(encode(f, Deflate, text(3000), true), uint8(Deflate), uint8(Gzip), uint16(1))
	f.Fuzz(func(t *testing.T, body []byte, a, b uint8, cut uint16) {
		if len(body) > 64<<10 {
			return
		}
		var p Pool
		list := []Encoding{Encoding(a % 5), Encoding(b % 5)}
		whole, s1 := decode(&p, list, body, len(body)+1)
		parts, s2 := decode(&p, list, body, int(cut)%512+1)
		if whole != parts || s1 != s2 {
			t.Fatalf("cut by %d: %d bytes status %b, whole %d bytes status %b", cut%512+1, len(parts), s2, len(whole), s1)
		}
		if list[0] == Gzip && list[1] == Identity {
			if r, err := gzip.NewReader(bytes.NewReader(body)); err == nil {
				if want, err := io.ReadAll(r); err == nil && s1&Bomb == 0 && string(want) != whole {
					t.Fatalf("%d bytes, the standard library has %d", len(whole), len(want))
				}
			}
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	var p Pool
	data := text(200000)
	body := encode(b, Gzip, data, false)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		c := p.Chain([]Encoding{Gzip}, discard{})
		c.Write(body)
		c.Close()
	}
}
