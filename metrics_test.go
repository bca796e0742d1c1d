package main

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"khien/detector"
	"khien/detector/sink"
	"khien/detector/store/embedded"
	"khien/sensor/pipeline"
	"khien/sensor/sensortest"
)

// TestMetricNames reads the sources: a name of a metric is written out where it is used, has the form
// khien_<package>_<what>_<unit>_total, of what goes up and down without _total, and stands in one place.
func TestMetricNames(t *testing.T) {
	form := regexp.MustCompile(`^khien_([a-z0-9]+)((_[a-z0-9]+)+_(packets|bytes|segments|frames|flows|transactions|files|rounds|findings|lines|records)_total|_(waiting|failing|quiet)_(findings|records|seconds))$`)
	metric := regexp.MustCompile(`^khien_[A-Za-z0-9]+_\w+$`)
	folders, where := map[string]bool{}, map[string]string{}
	eachSource(t, 0, func(path string, f *ast.File) {
		for dir := filepath.Dir(path); dir != "."; dir = filepath.Dir(dir) {
			folders[filepath.Base(dir)] = true
		}
		ast.Inspect(f, func(n ast.Node) bool {
			l, ok := n.(*ast.BasicLit)
			if !ok || l.Kind != token.STRING {
				return true
			}
			s, err := strconv.Unquote(l.Value)
			if err != nil || !metric.MatchString(s) {
				return true
			}
			if where[s] != "" {
				t.Errorf("%s: %s stands in %s too", path, s, where[s])
			}
			where[s] = path
			return true
		})
	})
	for name, path := range where {
		if m := form.FindStringSubmatch(name); m == nil || !folders[m[1]] {
			t.Errorf("%s: the metric %s has not the form khien_<package>_<what>_<unit>, and _total if it is a count", path, name)
		}
	}
	if len(where) < 20 {
		t.Errorf("only %d metrics were found", len(where))
	}
}

// emptySink is a sink into a store of its own, in which nothing is.
func emptySink(t *testing.T) *sink.Writer {
	t.Helper()
	st, err := embedded.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { st.Close() })
	into := testSink(t, st, func([]detector.Finding) {})
	t.Cleanup(func() { into.Close() })
	return into
}

func TestMetricsText(t *testing.T) {
	into := emptySink(t)
	script, err := sensortest.Parse("tcp 10.0.0.1 > 10.0.0.2:2222 mss=10 gap=2\n> 0123456789012345678901234567890\n< answer\n")
	if err != nil {
		t.Fatal(err)
	}
	p := pipeline.New(pipeline.Config{})
	defer p.Close()
	if err := p.Run(sensortest.NewReader(script.Packets()), "x"); err != nil {
		t.Fatal(err)
	}
	all := &sensors{}
	all.add("a\"b", p, false)
	var b strings.Builder
	if err := writeMetrics(&b, all, into); err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`^(# (HELP|TYPE) khien_[a-z0-9_]+ .+|khien_[a-z0-9_]+(\{sensor="a\\"b"\})? [0-9]+)$`)
	for l := range strings.Lines(b.String()) {
		if !line.MatchString(strings.TrimSuffix(l, "\n")) {
			t.Errorf("not in the format: %q", l)
		}
	}
	for _, want := range []string{`khien_stream_gap_bytes_total{sensor="a\"b"} 10`, `khien_flow_opened_flows_total{sensor="a\"b"} 1`} {
		if !strings.Contains(b.String(), want+"\n") {
			t.Errorf("%q is missing in\n%s", want, b.String())
		}
	}
}
