package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// stages lists the folders in the order of the data's way. A package imports only from stages before its own; siblings
// on one line do not know each other, except that application protocols may build on one another.
var stages = [][]string{
	{"sensor"},
	{"sensor/evejson"},
	{"sensor/capture"},
	{"sensor/decode"},
	{"sensor/flow"},
	{"sensor/stream"},
	{"sensor/app"},
	{"sensor/file"},
	{"sensor/ring"},
	{"sensor/sensortest"},
	{"sensor/pipeline"},
	{"sensor/follow"},
	{"sensor/record"},
	{"sensor/evelog", "sensor/zeeklog"},
	{"rules"},
	{"detector"},
	{"detector/prefilter", "detector/window", "detector/health", "detector/place", "detector/strictyaml", "detector/wholefile", "detector/cli", "detector/trouble", "detector/metric"},
	{"detector/signature", "detector/yara", "detector/fraud", "detector/behaviour", "detector/eve"},
	{"detector/spool"},
	{"detector/store"},
	{"detector/output"},
	{"detector/sink"},
	{"detector/bus"},
	{"detector/detectortest"},
	{"console"},
	{"", "deploy"}, // package main; tools for development
}

// stdlibOnly are the packages of words, which import nothing from outside.
var stdlibOnly = map[string]bool{"sensor": true, "sensor/evejson": true, "rules": true}

// onlyIn names imports that stay in one folder: C code, and libraries that compile slowly or are to be replaceable.
var onlyIn = map[string][]string{
	"C":                                    {"detector/prefilter", "detector/yara"},
	"github.com/elastic/go-elasticsearch":  {"detector/store/elastic"},
	"modernc.org/sqlite":                   {"detector/store/embedded", "console"},
	"github.com/nats-io/nats-server":       {"detector/bus"},
	"github.com/oschwald/maxminddb-golang": {"detector/place"},
	"github.com/hillu/go-yara":             {"detector/yara"},
	"github.com/coreos/go-oidc":            {"console/oidc"},
	"github.com/go-webauthn/webauthn":      {"console/passkey"},
	"github.com/twmb/franz-go":             {"detector/output/kafka"},
	"github.com/google/renameio":           {"detector/wholefile"}, // whose own WriteFile keeps the mode that a file has
}

// TestImportsPointLeft reads the sources, since what the go command lists may be stale.
func TestImportsPointLeft(t *testing.T) {
	eachSource(t, parser.ImportsOnly, func(path string, f *ast.File) {
		dir := filepath.ToSlash(filepath.Dir(path))
		if dir == "." {
			dir = ""
		}
		for _, spec := range f.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			if why := forbidden(dir, imported); why != "" {
				t.Errorf("%s imports %s: %s", path, imported, why)
			}
		}
	})
}

// eachSource parses every Go file of the module but tests.
func eachSource(t *testing.T, mode parser.Mode, visit func(path string, f *ast.File)) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != "." && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files++
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, mode)
		if err == nil {
			visit(path, f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 50 {
		t.Fatalf("read only %d files: is this the root of the module?", files)
	}
}

// forbidden says why a package in dir must not import a path; "" when it may.
func forbidden(dir, imported string) string {
	for prefix, dirs := range onlyIn {
		if imported == prefix || strings.HasPrefix(imported, prefix+"/") {
			ok := false
			for _, d := range dirs {
				ok = ok || dir == d || strings.HasPrefix(dir, d+"/")
			}
			if !ok {
				return "only in " + strings.Join(dirs, ", ")
			}
		}
	}
	local, isLocal := strings.CutPrefix(imported, "khien/")
	if !isLocal {
		if stdlibOnly[dir] && strings.Contains(strings.Split(imported, "/")[0], ".") {
			return "this package imports the standard library only"
		}
		return ""
	}
	if strings.HasPrefix(dir, "detector/") && strings.HasPrefix(local, "sensor/app/") {
		return "a detector asks a transaction for a buffer and knows no protocol's package"
	}
	from, fromName := stage(dir)
	to, toName := stage(local)
	switch {
	case from < 0:
		return "folder " + dir + " is in no stage"
	case to < 0:
		return "folder " + local + " is in no stage"
	case to > from:
		return toName + " is a later stage than " + fromName
	case to == from && toName != fromName:
		return toName + " and " + fromName + " are siblings"
	}
	return ""
}

// stage returns the place of a folder and the entry that it belongs to: the longest that is a prefix.
func stage(dir string) (place int, name string) {
	place = -1
	for i, names := range stages {
		for _, n := range names {
			if dir == n || n != "" && strings.HasPrefix(dir, n+"/") {
				if place < 0 || len(n) > len(name) {
					place, name = i, n
				}
			}
		}
	}
	return place, name
}

func TestForbidden(t *testing.T) {
	f := func(dir, imported string, want bool) {
		t.Helper()
		if got := forbidden(dir, imported) != ""; got != want {
			t.Errorf("forbidden(%q, %q) = %v, want %v", dir, imported, got, want)
		}
	}
	f("sensor/flow", "khien/sensor/stream", true)
	f("sensor/stream", "khien/sensor/flow", false)
	f("sensor/app/quic", "khien/sensor/app/tls", false)
	f("detector/signature", "khien/detector/fraud", true)
	f("detector/signature", "khien/sensor/app/http", true)
	f("detector", "khien/console", true)
	f("sensor", "golang.org/x/net/idna", true)
	f("sensor/app/http", "C", true)
	f("detector/yara", "C", false)
	f("", "khien/console/api", false)
}
