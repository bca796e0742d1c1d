package reveal

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"networks: []", "networks: name at least one"},
		{"networks: [10.0.0.0]", `networks: "10.0.0.0": want a network`},
		{"networks: [10.0.0.1/8]", "networks: pseudonym: network 10.0.0.1/8: want an address with zeros"},
		{"networks: [10.0.0.0/8]\nrole: viewer", `role: "viewer"`},
		{"networks: [10.0.0.0/8]\nhours: 0", "hours: 0: want 1 to 168"},
		{"networks: [10.0.0.0/8]\nhour: 1", "unknown field"},
		{"networks: [10.0.0.0/8]\nkey_file: short", "key_file: "},
		{"networks: [", "sequence"},
		{"networks: [2001:db8::/32, fd00:1::/48]\nstored: true", "stored: pseudonym: network fd00:1::/48: all networks of IPv6 must lie in one /32"},
		{"networks: [10.0.0.0/8]\nstored: some", "stored"},
	} {
		dir := t.TempDir()
		for name, text := range map[string]string{FileName: c.text, "short": "abcd"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if p, err := Read(dir); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), FileName) {
			t.Errorf("%q: %v, %v; want %q", c.text, p, err, c.want)
		}
	}
	if p, err := Read(t.TempDir()); p != nil || err != nil {
		t.Errorf("without a policy: %v, %v", p, err)
	}
}

// TestKeyStays: the key is made once, for nobody else to read, and pseudonyms are the same at each start.
func TestKeyStays(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, FileName), []byte("networks: [10.0.0.0/8, 2001:db8::/32]"), 0o600); err != nil {
		t.Fatal(err)
	}
	one, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "pseudonyms.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	two, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	const s = "10.20.3.14 2001:db8::5"
	if one.Names().Text(s, nil) != two.Names().Text(s, nil) || one.Names().Text(s, nil) == s {
		t.Errorf("%q, then %q", one.Names().Text(s, nil), two.Names().Text(s, nil))
	}
}
