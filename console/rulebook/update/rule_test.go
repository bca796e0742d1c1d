package update

import (
	"bytes"
	"testing"
)

// FuzzSplit: what is found holds no line end, and reading what was written finds the same.
func FuzzSplit(f *testing.F) {
	f.Add([]byte("alert udp any any -> any any (msg:\"x\"; \\\n sid:1;)\n#alert tcp any any -> any any (gid:3; sid:2;)\n# word\nnonsense"))
	f.Fuzz(func(t *testing.T, data []byte) {
		write := func(rules []rule) []byte {
			var b bytes.Buffer
			for _, r := range rules {
				if !r.on {
					b.WriteString("# ")
				}
				b.WriteString(r.text + "\n")
			}
			return b.Bytes()
		}
		once := write(split("x", data))
		twice := write(split("x", once))
		if !bytes.Equal(once, twice) {
			t.Fatalf("%q becomes %q", once, twice)
		}
	})
}
