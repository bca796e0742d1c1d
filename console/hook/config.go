package hook

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"khien/detector/strictyaml"
)

// Mode says how far a policy goes by itself in an organisation unit.
type Mode string

// Modes, each including what the ones before it do.
const (
	Off        Mode = "off"     // findings propose nothing
	ModeDryRun Mode = "dry-run" // decisions are made and counted, nobody is asked and nothing is blocked
	Suggest    Mode = "suggest" // people are asked
	Auto       Mode = "auto"    // what a policy may approve is blocked at once
)

var modes = []Mode{Off, ModeDryRun, Suggest, Auto}

// Config is hooks.yaml. The zero Config with Validate's defaults blocks nothing by itself: it suggests.
type Config struct {
	Mode      Mode          `yaml:"mode"`     // of units not named; default suggest
	Units     []Unit        `yaml:"units"`    // the first that holds the victim's address counts
	Policies  []Policy      `yaml:"policies"` // default DefaultPolicies
	Never     []Protected   `yaml:"never"`
	FourEyes  []Kind        `yaml:"four_eyes"` // kinds that need two people; default ip and cidr
	Brakes    Brakes        `yaml:"brakes"`
	Listen    string        `yaml:"listen"` // address of the lists over HTTP; "" for none
	TLSCert   string        `yaml:"tls_cert"`
	TLSKey    string        `yaml:"tls_key"`
	DNS       string        `yaml:"dns"`           // address of the zone server, UDP and TCP; "" for none
	Unblock   time.Duration `yaml:"unblock_after"` // time to answer a request to unblock; default 24 h
	Appeal    *Appeal       `yaml:"appeal"`        // the page on which people ask to be unblocked; nil for none
	Probes    *Probes       `yaml:"probes"`        // what must stay reachable; nil for none
	Consumers []Consumer    `yaml:"consumers"`

	places places
}

// Unit is a part of the organisation.
type Unit struct {
	Name     string   `yaml:"name"`
	Prefixes []string `yaml:"prefixes"`
	Mode     Mode     `yaml:"mode"`

	prefixes []netip.Prefix
}

// Brakes bound what can happen at once. Zero fields mean the defaults.
type Brakes struct {
	Automatic int           `yaml:"automatic"` // blocks that policies approve within Window; default 50
	Window    time.Duration `yaml:"window"`    // default 10 min
	Names     int           `yaml:"names"`     // an address that serves more needs two people; default 10
	Shrink    float64       `yaml:"shrink"`    // share of a list that may go without intent; default 0.3
	Canary    time.Duration `yaml:"canary"`    // entries reach canary consumers so much earlier; default 0
	PrefixV4  int           `yaml:"prefix_v4"` // the widest prefix; default 24, at least 16
	PrefixV6  int           `yaml:"prefix_v6"` // default 48, at least 32
}

// Consumer is a firewall, resolver, bouncer or receiver of messages. Which fields a kind uses is documented in
// deploy/BLOCKING.md.
type Consumer struct {
	Name       string        `yaml:"name"`
	Kind       string        `yaml:"kind"`
	Values     []Kind        `yaml:"values"`      // default: what the kind can enforce
	Units      []string      `yaml:"units"`       // scopes; default all
	Format     string        `yaml:"format"`      // of kinds with several
	MaxEntries int           `yaml:"max_entries"` // 0 for no limit
	Canary     bool          `yaml:"canary"`
	SecretFile string        `yaml:"secret_file"` // token, key, password: never in this file
	SecretEnv  string        `yaml:"secret_env"`
	URL        string        `yaml:"url"`
	TokenURL   string        `yaml:"token_url"` // where Zalo's tokens are renewed; default Zalo's own
	Address    string        `yaml:"address"`   // of the consumer: to notify, to send to, and never to block
	Allow      []string      `yaml:"allow"`     // private prefixes that it may be sent to
	Zone       string        `yaml:"zone"`
	Key        string        `yaml:"key"`       // name of a TSIG key
	Page       string        `yaml:"page"`      // name to which sinkholed names lead
	Heartbeat  time.Duration `yaml:"heartbeat"` // silence after which an alarm is raised; default 5 min for consumers that pull
	From       string        `yaml:"from"`
	To         []string      `yaml:"to"`
	User       string        `yaml:"user"`
	Table      string        `yaml:"table"`
	Netns      string        `yaml:"netns"`
	Events     []string      `yaml:"events"` // types that are sent; default all that the kind is for
}

const configMax = 4 << 20

// ParseConfig reads hooks.yaml and fills in the defaults. An error is one line that begins with the file's name, line and
// column.
func ParseConfig(data []byte, name string) (*Config, error) {
	c := &Config{}
	if err := strictyaml.Decode(data, name, configMax, c); err != nil {
		return nil, err
	}
	c.places = newPlaces(data, name)
	if err := c.Validate(); err != nil {
		var f *fieldError
		if errors.As(err, &f) {
			return nil, c.Errorf(f.field, "%s", f.what)
		}
		return nil, err
	}
	return c, nil
}

// Errorf is a mistake in a field of the configuration, with its place in the file.
func (c *Config) Errorf(field, format string, args ...any) error {
	return c.places.errorf(field, format, args...)
}

// Validate fills in the defaults and checks the configuration; the error names the field.
func (c *Config) Validate() error {
	wrong := func(field, format string, args ...any) error { return &fieldError{field, fmt.Sprintf(format, args...)} }
	if c.Mode == "" {
		c.Mode = Suggest
	}
	if !slices.Contains(modes, c.Mode) {
		return wrong("mode", "no mode %q: off, dry-run, suggest or auto", c.Mode)
	}
	units := map[string]bool{}
	for i := range c.Units {
		u, field := &c.Units[i], fmt.Sprintf("units[%d]", i)
		switch {
		case u.Name == "" || units[u.Name]:
			return wrong(field+".name", "a unit needs a name of its own")
		case !slices.Contains(modes, u.Mode):
			return wrong(field+".mode", "no mode %q: off, dry-run, suggest or auto", u.Mode)
		case len(u.Prefixes) == 0:
			return wrong(field+".prefixes", "a unit needs prefixes")
		}
		units[u.Name] = true
		u.prefixes = nil
		for j, s := range u.Prefixes {
			p, ok := parsePrefix(s)
			if !ok {
				return wrong(fmt.Sprintf("%s.prefixes[%d]", field, j), "%q is neither an address nor a prefix", s)
			}
			u.prefixes = append(u.prefixes, p)
		}
	}
	if c.Policies == nil {
		c.Policies = DefaultPolicies()
	}
	if err := validatePolicies(c.Policies); err != nil {
		return err
	}
	if c.FourEyes == nil {
		c.FourEyes = []Kind{IP, CIDR}
	}
	for i, k := range c.FourEyes {
		if !slices.Contains(Kinds, k) {
			return wrong(fmt.Sprintf("four_eyes[%d]", i), "no kind %q", k)
		}
	}
	if c.Unblock == 0 {
		c.Unblock = 24 * time.Hour
	}
	if c.Unblock < time.Minute {
		return wrong("unblock_after", "%v is less than a minute", c.Unblock)
	}
	if err := c.Appeal.validate(c); err != nil {
		return err
	}
	if err := c.Probes.validate(); err != nil {
		return err
	}
	if err := c.Brakes.validate(); err != nil {
		return err
	}
	names := map[string]bool{}
	for i := range c.Consumers {
		k, field := &c.Consumers[i], fmt.Sprintf("consumers[%d]", i)
		switch {
		case !validName(k.Name) || names[k.Name]:
			return wrong(field+".name", "a consumer needs a name of its own: 1 to 64 letters, digits, dots, dashes")
		case k.Kind == "":
			return wrong(field+".kind", "a consumer needs a kind")
		case k.MaxEntries < 0:
			return wrong(field+".max_entries", "is negative")
		}
		names[k.Name] = true
		for j, v := range k.Values {
			if !slices.Contains(Kinds, v) {
				return wrong(fmt.Sprintf("%s.values[%d]", field, j), "no kind %q: ip, cidr, domain, url, sha256, ja3, ja4 or sni", v)
			}
		}
		for j, s := range k.Allow {
			if _, ok := parsePrefix(s); !ok {
				return wrong(fmt.Sprintf("%s.allow[%d]", field, j), "%q is neither an address nor a prefix", s)
			}
		}
		for j, u := range k.Units {
			if !units[u] {
				return wrong(fmt.Sprintf("%s.units[%d]", field, j), "there is no unit %q", u)
			}
		}
	}
	return nil
}

func (b *Brakes) validate() error {
	set := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	set(&b.Automatic, 50)
	set(&b.Names, 10)
	set(&b.PrefixV4, 24)
	set(&b.PrefixV6, 48)
	if b.Window == 0 {
		b.Window = 10 * time.Minute
	}
	if b.Shrink == 0 {
		b.Shrink = 0.3
	}
	switch {
	case b.Automatic < 0 || b.Automatic > 10_000:
		return &fieldError{"brakes.automatic", "from 1 to 10000"}
	case b.Window < time.Second:
		return &fieldError{"brakes.window", "at least a second"}
	case b.Names < 1:
		return &fieldError{"brakes.names", "at least 1"}
	case b.Shrink < 0 || b.Shrink > 1:
		return &fieldError{"brakes.shrink", "from 0 to 1"}
	case b.Canary < 0 || b.Canary > time.Hour:
		return &fieldError{"brakes.canary", "from 0 to 1 h"}
	case b.PrefixV4 < 16 || b.PrefixV4 > 32:
		return &fieldError{"brakes.prefix_v4", "from 16 to 32"}
	case b.PrefixV6 < 32 || b.PrefixV6 > 128:
		return &fieldError{"brakes.prefix_v6", "from 32 to 128"}
	}
	return nil
}

func validName(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") == ""
}

// unit returns the name and mode of the unit that an address belongs to.
func (c *Config) unit(a netip.Addr) (name string, mode Mode) {
	for i := range c.Units {
		for _, p := range c.Units[i].prefixes {
			if p.Contains(a) {
				return c.Units[i].Name, c.Units[i].Mode
			}
		}
	}
	return "", c.Mode
}
