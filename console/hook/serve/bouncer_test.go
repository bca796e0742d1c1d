package serve_test

import (
	"bufio"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"khien/console/hook/hooktest"
)

// TestBouncerClient: the library that CrowdSec's bouncers are made of streams decisions and deletions. It is a module of its
// own (testdata/bouncer), so that its fifty dependencies are not ours.
func TestBouncerClient(t *testing.T) {
	if testing.Short() {
		t.Skip("builds another module: run without -short")
	}
	bin := filepath.Join(t.TempDir(), "bouncer")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, ".")
	build.Dir = "testdata/bouncer"
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("the bouncer library cannot be built: cd console/hook/serve/testdata/bouncer && go mod download (needs the network once)\n%s", out)
	}
	d := hooktest.New(t, "four_eyes: []")
	a := d.MustBlock("198.51.100.7", time.Hour)
	s, _ := lists(t, d)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, bin, s.URL, token+"3")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := make(chan string)
	go func() {
		in := bufio.NewScanner(out)
		for in.Scan() {
			lines <- in.Text()
		}
		close(lines)
	}()
	want := func(line string) {
		t.Helper()
		for got := range lines {
			if strings.HasPrefix(got, line) {
				return
			}
		}
		t.Fatalf("the bouncer never said %q", line)
	}
	want("new ban Ip 198.51.100.7 1h0m0s")
	d.MustBlock("203.0.113.0/24", time.Hour)
	want("new ban Range 203.0.113.0/24")
	if _, err := d.Revoke(t.Context(), a.ID, "an", "nhầm"); err != nil {
		t.Fatal(err)
	}
	want("deleted ban Ip 198.51.100.7")
	cancel()
	for range lines {
	}
	cmd.Wait() // killed by us
}
