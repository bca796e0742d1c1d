package gate

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"khien/console/hook"
	"khien/console/hook/push"
	"khien/console/hook/render"
	"khien/console/hook/serve"
)

// kind is a kind of consumer: what it gets unless its configuration says otherwise, and how it is connected.
type kind struct {
	name   string
	secret bool // it needs one
	values []hook.Kind
	build  func(g *Gate, b *builder) error
}

// builder is what a kind is connected with.
type builder struct {
	*hook.Consumer
	sel    hook.Selection
	secret string
	allow  []netip.Prefix
}

// fieldError is a mistake in a field of a consumer.
type fieldError struct{ field, what string }

func (e *fieldError) Error() string { return e.field + ": " + e.what }

// kinds lists the kinds of consumers.
func kinds() []kind {
	addresses := []hook.Kind{hook.IP, hook.CIDR}
	return []kind{
		{"edl", true, nil, buildList},
		{"crowdsec", true, addresses, buildBouncer},
		{"rpz", false, []hook.Kind{hook.Domain, hook.SNI}, buildZone},
		{"nftables", false, addresses, buildNftables},
		{"openc2", false, nil, buildOpenC2},
		{"webhook", true, nil, buildWebhook},
		{"syslog", false, nil, buildSyslog},
		{"thehive", true, nil, buildTheHive},
		{"smtp", false, nil, buildMail},
		{"zalo", true, nil, buildZalo},
		{"telegram", true, nil, buildTelegram},
	}
}

// build connects all consumers. An error has its place in the file.
func (g *Gate) build() error {
	all := kinds()
	for i := range g.conf.Consumers {
		c, field := &g.conf.Consumers[i], fmt.Sprintf("consumers[%d]", i)
		at := slices.IndexFunc(all, func(k kind) bool { return k.name == c.Kind })
		if at < 0 {
			var names []string
			for _, k := range all {
				names = append(names, k.name)
			}
			return g.conf.Errorf(field+".kind", "no kind %q: %s", c.Kind, strings.Join(names, ", "))
		}
		k := all[at]
		b := &builder{Consumer: c, sel: hook.Selection{Kinds: c.Values, Scopes: c.Units, Max: c.MaxEntries, Canary: c.Canary}}
		if len(b.sel.Kinds) == 0 {
			b.sel.Kinds = k.values
		}
		for _, s := range c.Allow {
			p, err := netip.ParsePrefix(s)
			if a, aErr := netip.ParseAddr(s); aErr == nil {
				p, err = netip.PrefixFrom(a, a.BitLen()), nil
			}
			if err != nil {
				return g.conf.Errorf(field+".allow", "%v", err)
			}
			b.allow = append(b.allow, p.Masked())
		}
		var err error
		if b.secret, err = g.secret(c); err != nil {
			return g.conf.Errorf(field+".secret_file", "%v", err)
		}
		if k.secret && b.secret == "" {
			return g.conf.Errorf(field, "%s needs a secret: secret_file or secret_env", c.Kind)
		}
		if err := k.build(g, b); err != nil {
			if f, ok := err.(*fieldError); ok {
				return g.conf.Errorf(field+"."+f.field, "%s", f.what)
			}
			return g.conf.Errorf(field, "%v", err)
		}
		g.Consumers.Update(c.Name, func(s *hook.ConsumerStatus) { s.Kind, s.Canary, s.Since = c.Kind, c.Canary, g.cfg.Now() })
	}
	return nil
}

// secret reads a consumer's secret. Files are relative to the data folder.
func (g *Gate) secret(c *hook.Consumer) (string, error) {
	if c.SecretEnv != "" {
		s := os.Getenv(c.SecretEnv)
		if s == "" {
			return "", fmt.Errorf("the environment variable %s is empty", c.SecretEnv)
		}
		return s, nil
	}
	if c.SecretFile == "" {
		return "", nil
	}
	b, err := os.ReadFile(g.secretPath(c))
	return strings.TrimSpace(string(b)), err
}

func (g *Gate) secretPath(c *hook.Consumer) string {
	if filepath.IsAbs(c.SecretFile) {
		return c.SecretFile
	}
	return filepath.Join(g.cfg.DataDir, c.SecretFile)
}

// pull makes silence of a consumer an alarm.
func (g *Gate) pull(b *builder, usual time.Duration) {
	if b.Heartbeat == 0 {
		b.Heartbeat = usual
	}
	g.pulls[b.Name] = b.Heartbeat
}

func (b *builder) token() error {
	if len(b.secret) < serve.TokenMin {
		return &fieldError{"secret_file", fmt.Sprintf("a token has at least %d characters: head -c 24 /dev/urandom | base64", serve.TokenMin)}
	}
	return nil
}

func buildList(g *Gate, b *builder) error {
	f, ok := render.Find(b.Format)
	if !ok {
		var names []string
		for _, f := range render.Formats() {
			names = append(names, f.Name)
		}
		return &fieldError{"format", fmt.Sprintf("no format %q: %s", b.Format, strings.Join(names, ", "))}
	}
	if err := b.token(); err != nil {
		return err
	}
	if g.conf.Listen == "" {
		return fmt.Errorf("lists need an address: listen")
	}
	g.lists = append(g.lists, serve.Client{Name: b.Name, Token: b.secret, Format: f, Select: b.sel,
		Options: render.Options{Zone: b.Zone, Page: b.Page, Table: b.Table}})
	g.pull(b, 15*time.Minute)
	return nil
}

func buildBouncer(g *Gate, b *builder) error {
	if err := b.token(); err != nil {
		return err
	}
	if g.conf.Listen == "" {
		return fmt.Errorf("bouncers need an address: listen")
	}
	g.lists = append(g.lists, serve.Client{Name: b.Name, Token: b.secret, Select: b.sel})
	g.pull(b, 2*time.Minute)
	return nil
}

// zoneMax is how long a zone's name may be, so that the longest blocked name fits before it.
const zoneMax = 50

func buildZone(g *Gate, b *builder) error {
	switch {
	case g.conf.DNS == "":
		return fmt.Errorf("zones need an address: dns")
	case b.Key == "" && len(b.allow) == 0:
		return &fieldError{"key", "a zone needs a TSIG key (key and secret_file), or the addresses of a resolver that cannot sign (allow)"}
	case b.Key != "" && b.secret == "":
		return &fieldError{"secret_file", "a key needs its secret in base64: tsig-keygen NAME"}
	}
	z := serve.Zone{Name: b.Name, Options: render.Options{Zone: b.Zone, Page: b.Page}, Select: b.sel, Key: b.Key, Secret: b.secret, Allow: b.allow}
	if b.Key == "" {
		z.Secret = ""
	}
	if len(z.Options.ZoneName()) > zoneMax {
		return &fieldError{"zone", fmt.Sprintf("at most %d characters: blocked names stand before it", zoneMax)}
	}
	if b.Address != "" {
		at := b.Address
		if _, err := netip.ParseAddr(at); err == nil {
			at = netip.AddrPortFrom(netip.MustParseAddr(at), 53).String()
		}
		z.Notify, z.Probe = at, at
	}
	for _, other := range g.zones {
		if other.Options.ZoneName() == z.Options.ZoneName() {
			return &fieldError{"zone", "each zone needs a name of its own"}
		}
		if z.Secret != "" && other.Key == z.Key && other.Secret != z.Secret {
			return &fieldError{"key", "another zone has a key of this name with another secret"}
		}
	}
	g.zones = append(g.zones, z)
	g.pull(b, 5*time.Minute)
	return nil
}

func buildNftables(g *Gate, b *builder) error {
	g.enforcers = append(g.enforcers, enforcer{b.Name, b.sel, push.NewNftables(b.Table, b.Netns)})
	return nil
}

func buildOpenC2(g *Gate, b *builder) error {
	o, err := push.NewOpenC2(b.URL, b.secret, b.allow)
	if err != nil {
		return &fieldError{"url", err.Error()}
	}
	g.enforcers = append(g.enforcers, enforcer{b.Name, b.sel, o})
	return nil
}

// Events that kinds send unless their configuration says otherwise.
var (
	changes = []string{"decision.active", "decision.renewed", "decision.expired", "decision.revoked"}
	people  = []string{"decision.active", "decision.consented", "alarm", "switch.kill", "switch.resume", "list.rollback", "unblock.requested", "policy.changed", hook.Reminded}
)

func (g *Gate) feed(b *builder, to push.Target, batch int, usual []string) {
	f := &push.Feed{Name: b.Name, Target: to, Batch: batch, Types: map[string]bool{}, Book: g.Book, History: g.history, Cursors: g.cursors, Consumers: g.Consumers}
	if len(b.Events) > 0 {
		usual = b.Events
	}
	for _, t := range usual {
		f.Types[t] = true
	}
	g.feeds = append(g.feeds, f)
}

func buildWebhook(g *Gate, b *builder) error {
	w, err := push.NewWebhook(b.URL, b.secret, b.allow, g.cfg.Now)
	if err == nil {
		g.feed(b, w, 1, slices.Concat(changes, []string{"alarm", "switch.kill", "switch.resume"}))
	}
	return err
}

func buildSyslog(g *Gate, b *builder) error {
	s, err := push.NewSyslog(b.URL, b.Format, b.allow)
	if err == nil {
		g.feed(b, s, 100, nil)
	}
	return err
}

func buildTheHive(g *Gate, b *builder) error {
	h, err := push.NewTheHive(b.URL, b.secret, b.allow)
	if err == nil {
		g.feed(b, h, 1, []string{"decision.active", "alarm"})
	}
	return err
}

func buildMail(g *Gate, b *builder) error {
	m, err := push.NewMail(b.Address, b.User, b.secret, b.From, b.To, b.allow)
	if err == nil {
		g.feed(b, m, 50, people)
	}
	return err
}

// token gives the secret of a consumer as it is now.
type token = func(context.Context) (string, error)

func (g *Gate) tokenOf(b *builder) token {
	return func(context.Context) (string, error) { return g.secret(b.Consumer) }
}

// buildZalo takes an access token that somebody renews, or the secrets of an official account, with which it is renewed here.
func buildZalo(g *Gate, b *builder) error {
	if !push.ZaloSecret(b.secret) {
		return buildChat(g, b, g.tokenOf(b), push.NewZalo)
	}
	if b.SecretFile == "" || b.SecretEnv != "" {
		return &fieldError{"secret_env", "the tokens of an official account change: they need a file, secret_file"}
	}
	if b.TokenURL != "" {
		if err := push.CheckURL(b.TokenURL, b.allow); err != nil {
			return &fieldError{"token_url", err.Error()}
		}
	}
	path := g.secretPath(b.Consumer)
	z := g.zalo[path]
	if z == nil {
		var err error
		if z, err = push.NewZaloToken(path, b.TokenURL, b.allow, g.cfg.Now); err != nil {
			return &fieldError{"secret_file", err.Error()}
		}
		g.zalo[path] = z
	}
	return buildChat(g, b, z.Token, push.NewZalo)
}

func buildTelegram(g *Gate, b *builder) error {
	return buildChat(g, b, g.tokenOf(b), push.NewTelegram)
}

func buildChat(g *Gate, b *builder, t token, make func(string, string, token, []netip.Prefix) (*push.Chat, error)) error {
	if len(b.To) != 1 {
		return &fieldError{"to", "one receiver is expected"}
	}
	c, err := make(b.URL, b.To[0], t, b.allow)
	if err == nil {
		g.feed(b, c, 1, people)
	}
	return err
}
