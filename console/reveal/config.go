package reveal

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"khien/console/account"
	"khien/detector/pseudonym"
	"khien/detector/strictyaml"
	"khien/detector/wholefile"
)

// FileName is the policy's name in the data folder. Without the file no address is hidden.
const FileName = "pseudonyms.yaml"

const (
	fileMax      = 64 << 10
	defaultHours = 8
	longestHours = 7 * 24
)

// Policy says whose addresses are hidden and who may see one.
type Policy struct {
	// Networks are those whose addresses stand as pseudonyms wherever the console tells them.
	Networks []string `yaml:"networks"`
	// KeyFile holds the key, 64 hexadecimal digits; relative to the folder of the policy. It is made when there is none. Who
	// has it can tell every address from its pseudonym; without it no pseudonym can be opened again.
	KeyFile string `yaml:"key_file"`
	// Role may ask to see an address. Default lead.
	Role account.Role `yaml:"role"`
	// Second says that another person of that role must agree.
	Second bool `yaml:"second_person"`
	// Hours is how long an address is shown to who asked. Default 8, at most a week.
	Hours int `yaml:"hours"`
	// Stored says that the store holds the addresses sealed, whatever it is told (package sealed of detector/store).
	Stored bool `yaml:"stored"`

	names *pseudonym.Book
}

// Read reads the policy in a folder; nil when there is none.
func Read(dir string) (*Policy, error) {
	name := filepath.Join(dir, FileName)
	p := &Policy{KeyFile: "pseudonyms.key", Role: account.Lead, Hours: defaultHours}
	err := strictyaml.Read(name, fileMax, p)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reveal: %w", err)
	}
	if err := p.check(dir); err != nil {
		return nil, fmt.Errorf("reveal: %s: %w", name, err)
	}
	return p, nil
}

// check says which field is wrong, and reads the key.
func (p *Policy) check(dir string) error {
	if !p.Role.May(account.Analyst) {
		return fmt.Errorf("role: %q: want analyst, lead or admin", p.Role)
	}
	if p.Hours < 1 || p.Hours > longestHours {
		return fmt.Errorf("hours: %d: want 1 to %d", p.Hours, longestHours)
	}
	var networks []netip.Prefix
	for _, s := range p.Networks {
		n, err := netip.ParsePrefix(s)
		if err != nil {
			return fmt.Errorf("networks: %q: want a network such as 10.0.0.0/8", s)
		}
		networks = append(networks, n)
	}
	if len(networks) == 0 {
		return errors.New("networks: name at least one")
	}
	name := p.KeyFile
	if !filepath.IsAbs(name) {
		name = filepath.Join(dir, name)
	}
	key, err := readKey(name)
	if err != nil {
		return fmt.Errorf("key_file: %w", err)
	}
	if p.names, err = pseudonym.New(key, networks); err != nil {
		return fmt.Errorf("networks: %w", err)
	}
	if p.Stored {
		if _, err := pseudonym.NewSeal(p.names); err != nil {
			return fmt.Errorf("stored: %w", err)
		}
	}
	return nil
}

// readKey reads a key, or makes one.
func readKey(name string) ([]byte, error) {
	text, err := wholefile.Once(name, 0o600, func() ([]byte, error) {
		key := make([]byte, pseudonym.KeySize)
		rand.Read(key) // never fails
		return fmt.Appendf(nil, "%x\n", key), nil
	})
	if err != nil {
		return nil, err
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != pseudonym.KeySize {
		return nil, fmt.Errorf("%s: want %d hexadecimal digits", name, 2*pseudonym.KeySize)
	}
	return key, nil
}

// Names are the pseudonyms of the policy.
func (p *Policy) Names() *pseudonym.Book { return p.names }

// Duration is how long an address is shown.
func (p *Policy) Duration() time.Duration { return time.Duration(p.Hours) * time.Hour }
