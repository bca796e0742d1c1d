package hooktest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Tool returns the path of a program, or skips the test.
func Tool(t testing.TB, name, pkg string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is missing: apt-get install %s", name, pkg)
	}
	return path
}

// NS is a network namespace of a test. It goes with the test.
type NS struct {
	Name string
	t    testing.TB
}

// Namespace makes a network namespace with its loopback up, or skips the test.
func Namespace(t testing.TB) *NS {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("a network namespace needs root: run the tests as root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		t.Skip("ip is missing: apt-get install iproute2")
	}
	ns := &NS{Name: fmt.Sprintf("khien-%d-%x", os.Getpid(), time.Now().UnixNano()&0xffffff), t: t}
	if out, err := exec.Command("ip", "netns", "add", ns.Name).CombinedOutput(); err != nil {
		t.Skipf("no network namespace here (%v: %s): give the container CAP_SYS_ADMIN", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("ip", "netns", "del", ns.Name).CombinedOutput(); err != nil {
			t.Errorf("ip netns del: %v: %s", err, out)
		}
	})
	if out, err := ns.Run("", "ip", "link", "set", "lo", "up"); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return ns
}

// Run runs a program in the namespace and returns what it wrote.
func (n *NS) Run(stdin, name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ip", append([]string{"netns", "exec", n.Name, name}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
