package fraud

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"khien/detector/window"
)

// keptVersion changes when what is kept changes its meaning; what another version wrote is not read.
const keptVersion = 1

// kept is what Save writes beside the first sightings.
type kept struct {
	Version   int                  `json:"version"`
	Began     int64                `json:"began"`
	Names     map[string]*nameInfo `json:"names"`
	Addrs     map[netip.Addr]*addrInfo
	Icons     map[string]string `json:"icons"`
	Contacts  []Visitor         `json:"contacts"`
	Campaigns []*campaign       `json:"campaigns"`
}

// Save writes the memory to its folder, each part whole or not at all. Without a folder it does nothing.
func (m *Memory) Save() error {
	if m.cfg.Dir == "" {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := os.MkdirAll(m.cfg.Dir, 0o750); err != nil {
		return fmt.Errorf("fraud: save memory: %w", err)
	}
	k := kept{Version: keptVersion, Began: m.began, Names: map[string]*nameInfo{}, Addrs: map[netip.Addr]*addrInfo{}}
	m.names.All(func(n string, x *nameInfo) { k.Names[n] = x })
	m.addrs.All(func(a netip.Addr, x *addrInfo) { k.Addrs[a] = x })
	k.Icons = map[string]string{}
	m.icons.All(func(i, brand string) { k.Icons[i] = brand })
	m.contacts.All(func(c contactKey, n string) {
		k.Contacts = append(k.Contacts, Visitor{c.client, n, c.server, c.capture})
	})
	listed := map[*campaign]bool{}
	m.campaigns.traits.All(func(_ string, c *campaign) {
		if c = c.root(); !listed[c] {
			listed[c] = true
			k.Campaigns = append(k.Campaigns, c)
		}
	})
	slices.SortFunc(k.Campaigns, func(a, b *campaign) int { return strings.Compare(a.ID, b.ID) })
	b, err := json.Marshal(&k)
	if err != nil {
		return fmt.Errorf("fraud: save memory: %w", err)
	}
	file := filepath.Join(m.cfg.Dir, "memory.json")
	if err := os.WriteFile(file+".new", b, 0o600); err != nil {
		return fmt.Errorf("fraud: save memory: %w", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("fraud: save memory: %w", err)
	}
	if err := m.firsts.Save(filepath.Join(m.cfg.Dir, "firsts")); err != nil {
		return fmt.Errorf("fraud: save memory: %w", err)
	}
	return nil
}

// load reads what Save has written; an empty or missing folder is an empty memory.
func (m *Memory) load() error {
	m.firsts = window.OpenFirsts(filepath.Join(m.cfg.Dir, "firsts"), m.cfg.NameBytes)
	b, err := os.ReadFile(filepath.Join(m.cfg.Dir, "memory.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("fraud: read memory: %w", err)
	}
	var k kept
	if err := json.Unmarshal(b, &k); err != nil {
		return fmt.Errorf("fraud: read memory: %s: %w", filepath.Join(m.cfg.Dir, "memory.json"), err)
	}
	if k.Version != keptVersion {
		return nil
	}
	m.began = k.Began
	for n, x := range k.Names {
		if x != nil {
			m.names.Set(n, x)
		}
	}
	for a, x := range k.Addrs {
		if x != nil {
			m.addrs.Set(a, x)
		}
	}
	for i, brand := range k.Icons {
		m.icons.Set(i, brand)
	}
	for _, v := range k.Contacts {
		m.contacts.Set(contactKey{v.Capture, v.Client, v.Server}, v.Name)
	}
	for _, c := range k.Campaigns {
		if c == nil || len(c.Members) == 0 {
			continue
		}
		c.told = len(c.Members) + len(c.Victims)
		for _, t := range c.Traits {
			m.campaigns.traits.Set(t, c)
		}
	}
	return nil
}

// Close saves the memory and gives it back.
func (m *Memory) Close() error {
	err := m.Save()
	m.firsts.Close()
	return err
}
