package signature

import (
	"slices"
	"strings"
	"testing"
)

func TestExplain(t *testing.T) {
	const rules = `alert http any any -> any any (msg:"a"; http.uri; content:"/upload-panel"; pcre:"/x+/"; http.method; content:"POST"; sid:1;)
alert tcp any any -> any any (msg:"b"; flags:S; sid:2;)
alert tcp any any -> any any (msg:"c"; content:"ab"; sid:3;)
alert http any any -> any any (msg:"d"; http.uri; pcre:"/a[0-9]+b/"; sid:4;)
alert http any any -> any any (msg:"e"; http.header; content:"User-Agent: "; sid:5;)
`
	set, errs := Load(Options{}, []File{{Name: "x.rules", Data: []byte(rules)}})
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	f := func(sid uint32, looksAt, slow string) {
		t.Helper()
		e, ok := set.Explain(sid)
		if !ok {
			t.Fatalf("no sid %d", sid)
		}
		if looksAt != "" && !slices.Contains(e.LooksAt, looksAt) {
			t.Errorf("sid %d looks at %q, want %q", sid, e.LooksAt, looksAt)
		}
		if all := strings.Join(e.Slow, "; "); slow == "" && all != "" || !strings.Contains(all, slow) {
			t.Errorf("sid %d is slow: %q, want %q", sid, all, slow)
		}
	}
	f(1, "http.uri: 1 content, 1 expression", "")
	f(2, "packet and flow: 1 condition", "every packet that the header selects")
	f(3, "payload: 1 content", "2 bytes and occurs by chance")
	f(4, "http.uri: 1 expression", "its expressions run without a content")
	f(5, "http.header: 1 content", "most messages of its protocol")
	if _, ok := set.Explain(9); ok {
		t.Error("explains a rule that there is not")
	}
}
