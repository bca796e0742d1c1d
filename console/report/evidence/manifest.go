// Package evidence makes and checks evidence packs. Files and what is known of them come in; a pack goes out: a ZIP archive
// whose manifest names every file with its SHA-256, is canonical JSON, carries a Merkle root and the hash of the pack before
// it, and is signed with minisign and, where a time-stamping authority is at hand, stamped (RFC 3161). Verify needs nothing
// but the pack and a public key and names what was changed. The package also carves packets, keeps the custody log and seals
// packs for a recipient.
package evidence

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// Names of the files of a pack that are not items.
const (
	ManifestName  = "manifest.json"
	SignatureName = "manifest.json.minisig"
	StampName     = "manifest.json.tsr"
	StampSigned   = "manifest.json.tsr.minisig"
)

// Limits of a pack.
const (
	ItemsMax    = 10_000
	ItemMax     = 4 << 30 // bytes
	manifestMax = 64 << 20
	pathMax     = 200
)

// Item is one file with what is known of it.
type Item struct {
	Path        string    `json:"path"` // in the pack, with slashes
	SHA256      string    `json:"sha256"`
	Size        int64     `json:"size"`
	MediaType   string    `json:"media_type"`
	Type        string    `json:"type"` // pcap, log, screenshot, html, eml, apk, cert, dns, document, custody
	Description string    `json:"description"`
	Source      string    `json:"source"` // sensor, store or person that it came from
	Method      string    `json:"method"` // live, copy, export
	Tool        string    `json:"tool"`   // program, version and filter
	Collector   string    `json:"collector"`
	Acquired    time.Time `json:"acquired_at"`
	First       string    `json:"first_packet,omitempty"`
	Last        string    `json:"last_packet,omitempty"`
	Parent      string    `json:"parent_sha256,omitempty"` // of what it was cut from
	Personal    bool      `json:"personal_data"`
}

// Manifest names what is in a pack.
type Manifest struct {
	Format   string    `json:"format"` // "khien-evidence-1"
	Case     string    `json:"case"`
	Created  time.Time `json:"created_at"`
	Tool     string    `json:"tool"`
	TLP      string    `json:"tlp"`
	Items    []Item    `json:"items"` // in the order of their paths
	Root     string    `json:"merkle_root"`
	Previous string    `json:"previous_manifest"` // SHA-256 of the case's manifest before; "" for the first
}

// format is the version of the layout of packs.
const format = "khien-evidence-1"

var errManifest = errors.New("evidence: not a valid manifest")

// prepare sorts the items, checks them and sets Root.
func (m *Manifest) prepare() error {
	m.Format = format
	slices.SortFunc(m.Items, func(a, b Item) int { return strings.Compare(a.Path, b.Path) })
	if err := m.validate(); err != nil {
		return err
	}
	root, err := merkle(m.Items)
	m.Root = root
	return err
}

func (m *Manifest) validate() error {
	switch {
	case m.Format != format:
		return fmt.Errorf("%w: format %q, this program reads %s", errManifest, m.Format, format)
	case m.Case == "":
		return fmt.Errorf("%w: it names no case", errManifest)
	case len(m.Items) > ItemsMax:
		return fmt.Errorf("%w: %d items, at most %d", errManifest, len(m.Items), ItemsMax)
	}
	for i, it := range m.Items {
		if !validPath(it.Path) {
			return fmt.Errorf("%w: path %.60q", errManifest, it.Path)
		}
		if i > 0 && m.Items[i-1].Path >= it.Path {
			return fmt.Errorf("%w: %q is there twice or out of order", errManifest, it.Path)
		}
		if b, err := hex.DecodeString(it.SHA256); err != nil || len(b) != sha256.Size || strings.ToLower(it.SHA256) != it.SHA256 {
			return fmt.Errorf("%w: %s: %.80q is not a SHA-256", errManifest, it.Path, it.SHA256)
		}
		if it.Size < 0 || it.Size > ItemMax {
			return fmt.Errorf("%w: %s: a size of %d", errManifest, it.Path, it.Size)
		}
	}
	return nil
}

// validPath reports whether a path stays in the pack and on every system means the same.
func validPath(p string) bool {
	if p == "" || len(p) > pathMax || p != path.Clean(p) || path.IsAbs(p) || strings.HasPrefix(p, "..") ||
		p == ManifestName || p == SignatureName || p == StampName || p == StampSigned {
		return false
	}
	for _, c := range []byte(p) {
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("._-/", c) >= 0
		if !ok {
			return false
		}
	}
	return true
}

// PathName makes a file name of any text: letters, digits, dot, dash and underscore.
func PathName(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_':
			b.WriteRune(r)
		default:
			b.WriteByte('_')
		}
		if b.Len() >= pathMax/2 {
			break
		}
	}
	out := strings.TrimLeft(b.String(), ".")
	if out == "" {
		return "file"
	}
	return out
}

// merkle returns the root of a tree over the items: a leaf is the hash of 0 and the item's canonical JSON, a node the hash
// of 1 and its two children (as in RFC 6962); a child without a sibling goes up as it is.
func merkle(items []Item) (string, error) {
	var level [][32]byte
	for _, it := range items {
		b, err := Canonical(it)
		if err != nil {
			return "", err
		}
		level = append(level, sha256.Sum256(append([]byte{0}, b...)))
	}
	if len(level) == 0 {
		level = append(level, sha256.Sum256(nil))
	}
	for len(level) > 1 {
		var up [][32]byte
		for i := 0; i+1 < len(level); i += 2 {
			up = append(up, sha256.Sum256(append(append([]byte{1}, level[i][:]...), level[i+1][:]...)))
		}
		if len(level)%2 == 1 {
			up = append(up, level[len(level)-1])
		}
		level = up
	}
	return hex.EncodeToString(level[0][:]), nil
}
