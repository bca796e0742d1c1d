package fraud

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/net/publicsuffix"
)

const brandsFile = "../../rules/fraud/brands.yaml"

func testNames(t testing.TB) *Names {
	t.Helper()
	data, err := os.ReadFile(brandsFile)
	if err != nil {
		t.Fatal(err)
	}
	b, err := LoadBrands(data, "brands.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return NewNames(b)
}

func TestScore(t *testing.T) {
	n := testNames(t)
	var v Verdict
	f := func(name string, level Level, brand string) {
		t.Helper()
		n.Score([]byte(name), &v)
		if v.Level != level || brand != "" && v.Brand != brand {
			t.Errorf("%s: %v %q (score %.3f, kind %q), want %v %q", name, v.Level, v.Brand, v.Score, v.Kind, level, brand)
		}
		if v.Level == Fraud && len(v.Reasons()) == 0 {
			t.Errorf("%s: fraud without reasons", name)
		}
	}
	// A brand joined with what lures, under many endings.
	f("vietcombank-uudai.top", Fraud, "Vietcombank")
	f("nang-han-muc-vpbank.com", Fraud, "VPBank")
	f("techcombank.khachhang-uutien.com", Fraud, "Techcombank")
	f("sacombank.vn-ab.xyz", Fraud, "Sacombank")
	f("bidv.com.vn-hk.info", Fraud, "BIDV")
	f("shopee-tuyendung-ctv.com", Fraud, "Shopee")
	f("vneid-dinhdanh.online", Fraud, "")
	f("vietcornbank.com", Fraud, "Vietcombank")
	f("sacombannk.xyz", Fraud, "Sacombank")
	// False authorities.
	f("dichvucong.xkgov.com", Fraud, "")
	f("dichvucong-govvn.com", Fraud, "")
	// Lures without a brand.
	f("chamsockhachhang-uudaithetindung.com", Fraud, "")
	// Letters repeated, a bank's two letters beside money, names numbered in series.
	f("saccombannk-uudai.top", Fraud, "")
	f("techccombank.vip", Fraud, "Techcombank")
	f("cskh-canhan-mb.com", Fraud, "MB Bank")
	f("vn482913p.com", Fraud, "")
	f("dichvucong.vieetgov.top", Fraud, "")
	// The same signs where they mean nothing: dealers and branches, places, "govt", a word across a hyphen, gambling.
	f("vinfastquangngai.com", Suspicious, "")
	f("mb-online.com", Clean, "")
	f("camera4k2019p.com", Clean, "")
	f("apticket-boxshop.com", Clean, "")
	f("indiagovtnews.com", Clean, "")
	// What belongs to somebody, and what merely sounds alike.
	f("www.vietcombank.com.vn", Clean, "Vietcombank")
	f("VIETCOMBANK.COM.VN.", Clean, "Vietcombank")
	f("mail.google.com", Clean, "")
	f("shopee.co.th", Clean, "")
	f("dichvucong.gov.vn", Clean, "")
	f("thuedientu.gdt.gov.vn", Clean, "")
	f("hcmut.edu.vn", Clean, "")
	f("vibrations.com", Clean, "")
	f("wikipedia.org", Clean, "")
	f("scbeautyshop.com", Clean, "")
	f("localhost", Clean, "")
	f("192.168.1.1", Clean, "")
	f("", Clean, "")
	f(".", Clean, "")
	f("vn", Clean, "")
}

func TestScoreOtherAlphabets(t *testing.T) {
	n := testNames(t)
	var v Verdict
	for _, name := range []string{"vietcоmbank.com", "xn--vietcmbank-qch.com", "ѕacombank.vn"} { // Cyrillic letters
		n.Score([]byte(name), &v)
		if v.Official || v.Level == Clean {
			t.Errorf("%s: official %v, %v (%.3f)", name, v.Official, v.Level, v.Score)
		}
	}
	// Punycode that cannot be decoded is judged as it stands.
	n.Score([]byte("xn--\xff.xn--99999999999.com"), &v)
}

func TestOfficialPatterns(t *testing.T) {
	b, err := LoadBrands([]byte("brands:\n  - name: A\n    type: bank\n    domains: [alpha.vn, \"alpha-*.com\", \"alpha.{cc}\", \"alphaone.*\"]\n    tokens: [alphabank]\n"), "x")
	if err != nil {
		t.Fatal(err)
	}
	n := NewNames(b)
	var v Verdict
	f := func(name string, want bool) {
		t.Helper()
		if n.Score([]byte(name), &v); v.Official != want {
			t.Errorf("%s: official %v", name, v.Official)
		}
	}
	f("alpha.vn", true)
	f("a.b.alpha.vn", true)
	f("xalpha.vn", false)
	f("alpha-shop.com", true)
	f("alpha-shop.net", false)
	f("alpha.de", true)
	f("alpha.com.br", true)
	f("alpha.cc", false) // anybody may have it
	f("alpha.top", false)
	f("alphaone.top", true)
}

func TestLoadBrandsErrors(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		_, err := LoadBrands([]byte(text), "my.yaml")
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: error %v, want %s…", text, err, want)
		}
	}
	f("brands:\n  - name: A\n    type: bakery\n", "my.yaml:3:11: unknown type")
	f("brands:\n  - name: A\n    type: bank\n    tokens: [ok, \"Not OK\"]\n", "my.yaml:4:18: ")
	f("brands:\n  - name: A\n    type: bank\n    domains: [nodot]\n", "my.yaml:4:15: ")
	f("brands:\n  - name: A\n    type: bank\n  - name: A\n    type: bank\n", "my.yaml:4:11: \"A\" is already on line 2")
	f("brands:\n  - name: A\n    typ: bank\n", "my.yaml:3:5: ")
	f("brands:\n  - name: A\n    type: bank\n    certs: [abc]\n", "my.yaml:4:13: ")
	f("brands:\n  - name: A\n    type: bank\n    favicons: [0123, x]\n", "my.yaml:4:16: ")
	f("brands:\n  - name: A\n    type: bank\n    packages: [com.good.app, \"com..bad\"]\n", "my.yaml:4:30: ")
	f("brands:\n  - name: A\n    type: bank\n    unrelated:\n      - \"*.com\"\n", "my.yaml:5:9: ")
	f("brands:\n  - name: A\n    type: bank\n    short: [a]\n", "my.yaml:4:13: ")
	f("brands:\n  - type: bank\n", "my.yaml:2:11: a brand needs a name")
	f("brands: [", "my.yaml:1:")
}

// What a user's file may say of an organisation, beside what ships.
func TestUserBrands(t *testing.T) {
	const digest = "AA:11" + "22222222222222222222222222222222222222222222222222222222" + "BBcc"
	mine, err := LoadBrands([]byte("brands:\n  - name: Quỹ Sao Biển\n    type: finance\n    domains: [saobien.vn, \"saobien-*.com\"]\n    tokens: [quysaobien]\n"+
		"    packages: [vn.saobien.app]\n    certs: [\""+digest+"\"]\n    favicons: [\""+digest+"\"]\n  - name: Vietcombank\n    type: bank\n    domains: [vcb-noibo.com]\n"), "mine.yaml")
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(brandsFile)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := LoadBrands(data, "brands.yaml")
	if err != nil {
		t.Fatal(err)
	}
	all := ours.Merge(mine)
	b := all.WithFavicon("aa11" + strings.Repeat("2", 56) + "bbcc")
	if b == nil || b.Name != "Quỹ Sao Biển" || len(b.Certs) != 1 || len(b.Packages) != 1 || all.WithFavicon("00") != nil {
		t.Errorf("by favicon: %+v", b)
	}
	n := NewNames(all)
	var v Verdict
	f := func(name string, official bool, level Level) {
		t.Helper()
		if n.Score([]byte(name), &v); v.Official != official || v.Level != level {
			t.Errorf("%s: official %v, %v (%.3f)", name, v.Official, v.Level, v.Score)
		}
	}
	f("app.saobien.vn", true, Clean)
	f("saobien-uudai.com", true, Clean)
	f("quysaobien-vaytien.top", false, Fraud)
	f("vcb-noibo.com", true, Clean)
	f("vietcombank.com.vn", true, Clean)
}

func TestMerge(t *testing.T) {
	one, err := LoadBrands([]byte("brands:\n  - {name: A, type: bank, tokens: [aaaa]}\n"), "1")
	if err != nil {
		t.Fatal(err)
	}
	two, err := LoadBrands([]byte("brands:\n  - {name: A, type: bank, tokens: [aaaa, bbbb]}\n  - {name: B, type: gov}\n"), "2")
	if err != nil {
		t.Fatal(err)
	}
	m := one.Merge(two).All()
	if len(m) != 2 || strings.Join(m[0].Tokens, " ") != "aaaa bbbb" || len(one.All()) != 1 {
		t.Errorf("merged: %+v", m)
	}
}

// A plain name costs no allocation; one with letters of other alphabets is decoded into new memory.
func TestScoreAllocations(t *testing.T) {
	n := testNames(t)
	var v Verdict
	names := [][]byte{[]byte("www.example.com"), []byte("vietcombank-uudai.top"), []byte("dichvucong.xkgov.com"), []byte("m.shopee.vn"), []byte("a.very-long-name-with-many-words-online247.com")}
	if got := testing.AllocsPerRun(200, func() {
		for _, s := range names {
			n.Score(s, &v)
		}
	}); got > 0 {
		t.Errorf("%v allocations for %d names", got, len(names))
	}
}

func TestDomainCommand(t *testing.T) {
	o := CommandOptions{Names: testNames(t)}
	in := "vietcombank.com.vn\n\nvietcombank-uudai.top\r\n"
	var out bytes.Buffer
	if err := DomainCommand(strings.NewReader(in), &out, nil, o); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(out.String()) {
		var a struct {
			Name, Verdict string
			Score         float64
			Reasons       []any
		}
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatal(err)
		}
		if a.Score < 0 || a.Score > 1 || a.Reasons == nil {
			t.Errorf("%+v", a)
		}
		got = append(got, a.Name+" "+a.Verdict)
	}
	if s := strings.Join(got, ","); s != "vietcombank.com.vn clean, clean,vietcombank-uudai.top fraud" {
		t.Error(s)
	}
	out.Reset()
	if err := DomainCommand(strings.NewReader("unused"), &out, []string{"example.com"}, o); err != nil || !strings.Contains(out.String(), `"name":"example.com"`) {
		t.Errorf("%v %s", err, &out)
	}
}

// The line is what encoding/json would write of the same values.
func TestAnswerJSON(t *testing.T) {
	n := testNames(t)
	var v Verdict
	for _, name := range []string{"", "example.com", "a\"b\\c.com", "vietcоmbank.com", "\xff\x00.com", "vietcombank-uudai.top", "www.vietcombank.com.vn", "<&>.vn"} {
		n.Score([]byte(name), &v)
		line, err := v.appendAnswer(nil, []byte(name))
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(line, &got); err != nil || bytes.Count(line, []byte("\n")) != 1 {
			t.Fatalf("%q: %s: %v", name, line, err)
		}
		if got["name"] != strings.ToValidUTF8(name, "\ufffd") || got["verdict"] != v.Level.String() || math.Abs(got["score"].(float64)-v.Score) > 6e-7 {
			t.Errorf("%q: %s", name, line)
		}
	}
	for _, x := range []float64{0, 1e-9, 0.000001, 0.00001, 0.1, 0.5, 0.123456, 0.999999, 0.9999999, 1} {
		if got, err := strconv.ParseFloat(string(appendScore(nil, x)), 64); err != nil || math.Abs(got-x) > 5.1e-7 {
			t.Errorf("%v is written %s", x, appendScore(nil, x))
		}
	}
}

// What --explain shows adds up to the score, and fraud begins at 0.5.
func TestExplain(t *testing.T) {
	n := testNames(t)
	var v Verdict
	for _, name := range []string{"vietcombank-uudai.top", "example.com", "vn482913p.com", "dichvucong.xkgov.com", "cskh-canhan-mb.com", "k3j4h5g6.xyz", "telegram.weebly.com"} {
		n.Score([]byte(name), &v)
		list := v.Contributions()
		sum := 0.0
		for _, c := range list {
			if c.VI == "" || c.EN == "" {
				t.Errorf("%s: a contribution of %.2f has no name", name, c.Weight)
			}
			sum += c.Weight
		}
		if want := 1 / (1 + math.Exp(-sum)); len(list) < 4 || math.Abs(want-v.Score) > 1e-9 {
			t.Errorf("%s: contributions add up to %.6f, the score is %.6f", name, want, v.Score)
		}
		if (v.Level == Fraud) != (v.Score >= 0.5) {
			t.Errorf("%s: %v with score %.3f", name, v.Level, v.Score)
		}
	}
	f := func(name string, english bool, want string) {
		t.Helper()
		var out bytes.Buffer
		n.Score([]byte(name), &v)
		if err := v.Explain(&out, []byte(name), english); err != nil || !strings.Contains(out.String(), want) {
			t.Errorf("%s: %v\n%s", name, err, &out)
		}
	}
	f("vietcombank-uudai.top", false, "vietcombank-uudai.top: lừa đảo, nhắc tới Vietcombank\n")
	f("vietcombank-uudai.top", true, "vietcombank-uudai.top: fraud, means Vietcombank\n")
	f("www.vietcombank.com.vn", false, "tên miền chính thức của Vietcombank")
	f("10.0.0.1", true, "not scored")
	f("a\x1b[31m.com", true, "a\\x1b[31m.com: clean\n")
}

func TestFeatureTexts(t *testing.T) {
	for f := range featCount {
		if s := f.text(); s[0] == "" || s[1] == "" {
			t.Errorf("feature %d has no text", f)
		}
		if f < featLure0 && featText[f][0] != "" && silentText[f][0] != "" {
			t.Errorf("feature %d has two texts", f)
		}
	}
}

// A line is bounded in what it costs however long it is, and the next one is read as if it had not been there.
func TestLongNames(t *testing.T) {
	n := testNames(t)
	long := strings.Repeat("vietcombank-uudai.", 64<<10/18)
	in := strings.Repeat("a", 64<<10) + ".com\n" + long + strings.Repeat("x", 5<<20) + ".com\n" + long + "top\nxn--" + strings.Repeat("9", 60) + ".com\nexample.com\n"
	var out bytes.Buffer
	if err := DomainCommand(strings.NewReader(in), &out, nil, CommandOptions{Names: n}); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(lines) != 5 || out.Len() > 4*maxLine || !strings.Contains(lines[2], `"verdict":"fraud"`) || !strings.HasPrefix(lines[4], `{"name":"example.com"`) {
		t.Fatalf("%d lines, %d bytes", len(lines), out.Len())
	}
	var v Verdict
	if got := testing.AllocsPerRun(20, func() { n.Score([]byte(long), &v) }); got > 1 {
		t.Errorf("%v allocations", got)
	}
}

func TestOneEdit(t *testing.T) {
	f := func(a, b string, want bool) {
		t.Helper()
		if oneEdit([]byte(a), b) != want {
			t.Errorf("oneEdit(%q, %q) is not %v", a, b, want)
		}
	}
	f("abc", "abc", false)
	f("abd", "abc", true)
	f("acb", "abc", true)
	f("ab", "abc", true)
	f("abcd", "abc", true)
	f("abcc", "abc", true)
	f("bac", "abc", true)
	f("axx", "abc", false)
	f("", "ab", false)
	f("a", "", true)
}

func FuzzScore(f *testing.F) {
	for _, s := range []string{"www.vietcombank.com.vn", "vietcоmbank.com", "xn--vietcmbank-qch.com", "a..b", "-.-", "VN-hc.info", strings.Repeat("a.", 200) + "com"} {
		f.Add([]byte(s))
	}
	n := testNames(f)
	f.Fuzz(func(t *testing.T, name []byte) {
		var fresh, used Verdict
		n.Score([]byte("sacombank.vn-ab.xyz"), &used)
		n.Score(name, &fresh)
		n.Score(name, &used)
		// A verdict depends on the name alone, not on what was judged before.
		if fresh.Score != used.Score || fresh.Level != used.Level || fresh.Brand != used.Brand || fresh.Kind != used.Kind {
			t.Fatalf("%q: %v and %v", name, fresh.Score, used.Score)
		}
		if !(fresh.Score >= 0 && fresh.Score <= 1) || fresh.Level == Fraud && fresh.Kind == "spelling" || fresh.Official && fresh.Level != Clean {
			t.Fatalf("%q: %+v %v", name, fresh.Score, fresh.Kind)
		}
		// What explains the score adds up to it, and can be written to a terminal.
		if list := fresh.Contributions(); list != nil {
			sum := 0.0
			for _, c := range list {
				sum += c.Weight
			}
			if math.Abs(1/(1+math.Exp(-sum))-fresh.Score) > 1e-9 {
				t.Fatalf("%q: contributions of %v, score %v", name, sum, fresh.Score)
			}
		}
		var text bytes.Buffer
		if err := fresh.Explain(&text, name, true); err != nil || strings.ContainsFunc(strings.ReplaceAll(text.String(), "\n", ""), unicode.IsControl) {
			t.Fatalf("%q: %v: %q", name, err, &text)
		}
		line, err := fresh.appendAnswer(nil, name)
		if err != nil || !json.Valid(line) {
			t.Fatalf("%q: %v: %s", name, err, line)
		}
		// Case and the dot of the root change nothing.
		if plain := bytes.ToUpper(name); isASCII(name) && len(name) < maxName {
			n.Score(append(plain, '.'), &used)
			if fresh.Score != used.Score {
				t.Fatalf("%q: upper case scores %v, not %v", name, used.Score, fresh.Score)
			}
		}
	})
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// The library whose table suffixes.txt is made of is the oracle: for every rule, what is below it, and what is not.
func TestPublicSuffix(t *testing.T) {
	f := func(host string) {
		want, icann := publicsuffix.PublicSuffix(host)
		at, got := publicSuffix([]byte(host))
		if host[at:] != want || got != icann {
			t.Fatalf("%s: %q %v, want %q %v; after a new golang.org/x/net run deploy/train/suffixes", host, host[at:], got, want, icann)
		}
	}
	n := 0
	for rule := range suffixes() {
		n++
		for _, before := range []string{"", "a.", "b.a.", "www."} {
			f(before + rule)
		}
		_, parent, _ := strings.Cut(rule, ".")
		f("zz." + parent)
		f("x" + rule)
	}
	if n < 9000 {
		t.Errorf("%d rules", n)
	}
	f("localhost")
	f("a.b.unknown")
	f("..")
	f(".vn")
	f("a..com")
}
