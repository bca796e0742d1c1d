package signature

import (
	"bytes"
	"fmt"
	"strings"
)

// sshKeywords are those that take an argument, from before there were sticky buffers.
func sshKeywords() []keyword {
	return []keyword{
		{"ssh.protoversion", argNeed, (*builder).sshVersion},
		{"ssh.softwareversion", argNeed, oldText("ssh.software")},
	}
}

// sshVersion is a version of SSH, or 2_compat: what can speak version 2 (RFC 4253, 5.1).
type sshVersion struct {
	version string
	compat  bool
}

func (c *sshVersion) run(s *scan) bool {
	if c.compat {
		return bytes.HasPrefix(s.buf, []byte("2")) || bytes.HasPrefix(s.buf, []byte("1.99"))
	}
	return string(s.buf) == c.version
}

func (b *builder) sshVersion(arg string) error {
	c := &sshVersion{version: strings.TrimSpace(unquote(strings.TrimSpace(arg)))}
	if c.version == "2_compat" {
		c.compat = true
	} else if c.version == "" || strings.Trim(c.version, "0123456789.-") != "" || c.version[0] == '.' || c.version[0] == '-' {
		return fmt.Errorf("bad version %q: expected 2_compat or a number such as 1.99", arg)
	}
	_, err := b.addTo(b.ld.buffers["ssh.proto"], c)
	return err
}
