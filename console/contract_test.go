package console

import (
	"bytes"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const documentURL = "khien:openapi.json"

// answers checks what the console answers against its description.
type answers struct {
	compiler *jsonschema.Compiler
	paths    map[string]any
	mu       sync.Mutex
}

var document = sync.OnceValues(func() (*answers, error) {
	text, err := os.ReadFile("api/openapi.json")
	if err != nil {
		return nil, err
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(documentURL, tree); err != nil {
		return nil, err
	}
	return &answers{compiler: c, paths: tree.(map[string]any)["paths"].(map[string]any)}, nil
})

// template finds the described path of a request's: the one with the fewest parameters.
func (a *answers) template(path string) (found string) {
	given := strings.Split(path, "/")
	for t := range a.paths {
		parts := strings.Split(t, "/")
		same := len(parts) == len(given)
		for i := 0; same && i < len(parts); i++ {
			same = parts[i] == given[i] || strings.HasPrefix(parts[i], "{")
		}
		if same && (found == "" || strings.Count(t, "{") < strings.Count(found, "{")) {
			found = t
		}
	}
	return found
}

// check fails when an answer is not one that openapi.json describes: its status, its content type, its content.
func (a *answers) check(t *testing.T, r *http.Request, status int, head http.Header, body []byte) {
	t.Helper()
	path := a.template(r.URL.EscapedPath())
	methods, _ := a.paths[path].(map[string]any)
	op, _ := methods[strings.ToLower(r.Method)].(map[string]any)
	if op == nil {
		return // nothing is served there
	}
	responses := op["responses"].(map[string]any)
	escape := func(s string) string { return url.PathEscape(strings.NewReplacer("~", "~0", "/", "~1").Replace(s)) }
	as := strconv.Itoa(status)
	if responses[as] == nil {
		as = "default"
	}
	at := "#/paths/" + escape(path) + "/" + strings.ToLower(r.Method) + "/responses/" + as
	response, ok := responses[as].(map[string]any)
	if !ok {
		t.Errorf("%s %s: status %d is not described", r.Method, path, status)
		return
	}
	if ref, ok := response["$ref"].(string); ok {
		at, response = ref, map[string]any{"content": map[string]any{"application/problem+json": nil}}
	}
	kind, _, _ := strings.Cut(head.Get("Content-Type"), ";")
	if _, ok := response["content"].(map[string]any)[kind]; !ok {
		t.Errorf("%s %s: %d of content type %q is not described", r.Method, path, status, kind)
		return
	}
	if !strings.Contains(kind, "json") {
		return
	}
	a.mu.Lock()
	s, err := a.compiler.Compile(documentURL + at + "/content/" + escape(kind) + "/schema")
	a.mu.Unlock()
	if err != nil {
		t.Errorf("%s %s: %v", r.Method, path, err)
		return
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err == nil {
		err = s.Validate(v)
	}
	if err != nil {
		t.Errorf("%s %s: %d is not as described: %v", r.Method, path, status, err)
	}
}
