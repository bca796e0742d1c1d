package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// khien runs the program to its end and returns what it prints.
func khien(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.Command("khien", args...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("khien %q: %v: %s", args, err, exit.Stderr)
		}
		t.Fatalf("khien %q: %v", args, err)
	}
	return string(out)
}

// newToken makes a token of a hub; args are the flags and the name.
func newToken(t *testing.T, args ...string) string {
	t.Helper()
	return strings.TrimSpace(khien(t, append([]string{"core", "token"}, args...)...))
}

// launch starts a command, which lives no longer than the test. Its errors are shown where nobody else takes them.
func launch(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	if cmd.Stderr == nil {
		cmd.Stderr = os.Stderr
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			cmd.Process.Kill()
			cmd.Wait()
		}
	})
	return cmd
}

// launchPrinting starts the program; what it prints goes to a file.
func launchPrinting(t *testing.T, file string, args ...string) *exec.Cmd {
	t.Helper()
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command("khien", args...)
	cmd.Stdout = out
	return launch(t, cmd)
}

// kill is SIGKILL. What ip starts takes its place, so that the signal meets khien itself.
func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait() // killed: the error says so
}
