package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"golang.org/x/text/language"
	printing "golang.org/x/text/message"
)

// contract is what openapi.json says of requests. It is checked before a handler sees one, so that the description and
// what is served cannot differ: JSON's null for a string, a name in other letters or a third parameter of the same name
// never reach a handler.
type contract map[string]operation // by pattern

type operation struct {
	body  *jsonschema.Schema // nil: the operation has no body, or none of JSON
	max   int64              // bytes of the body
	query []parameter
}

type parameter struct {
	name     string
	kind     string // type of the schema: string, integer, boolean, array
	required bool
	schema   *jsonschema.Schema
}

// described is the part of the description that is read.
type described struct {
	Paths map[string]map[string]struct {
		Parameters []struct {
			Ref      string `json:"$ref"`
			Name     string
			In       string
			Required bool
			Schema   struct{ Type any }
		}
		RequestBody *struct {
			Content map[string]struct{}
			Max     int64 `json:"x-max-bytes"` // where it is more than bodyMax
		}
	}
}

const documentURL = "khien:openapi.json"

// readContract reads a description. It is a part of the program: one that is wrong is a mistake of the program.
func readContract(text []byte) (contract, error) {
	var doc described
	if err := json.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("api: description: %w", err)
	}
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("api: description: %w", err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource(documentURL, tree); err != nil {
		return nil, fmt.Errorf("api: description: %w", err)
	}
	out := contract{}
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	for path, methods := range doc.Paths {
		for method, described := range methods {
			at := documentURL + "#/paths/" + url.PathEscape(escape.Replace(path)) + "/" + method
			op := operation{max: bodyMax}
			if b := described.RequestBody; b != nil {
				op.max = max(op.max, b.Max)
				if _, ok := b.Content["application/json"]; !ok {
					out[strings.ToUpper(method)+" "+path] = op
					continue
				}
				if op.body, err = c.Compile(at + "/requestBody/content/application~1json/schema"); err != nil {
					return nil, fmt.Errorf("api: description: %w", err)
				}
			}
			for i, p := range described.Parameters {
				if p.In != "query" {
					continue
				}
				kind, _ := p.Schema.Type.(string)
				s, err := c.Compile(fmt.Sprintf("%s/parameters/%d/schema", at, i))
				if err != nil {
					return nil, fmt.Errorf("api: description: %w", err)
				}
				op.query = append(op.query, parameter{p.Name, kind, p.Required, s})
			}
			out[strings.ToUpper(method)+" "+path] = op
		}
	}
	return out, nil
}

// mustContract reads the description that the program carries, which a test reads as well.
func mustContract(text []byte) contract {
	c, err := readContract(text)
	if err != nil {
		panic(err)
	}
	return c
}

// check compares a request with what is described. The body is read, and put back.
func (c contract) check(w http.ResponseWriter, r *http.Request, pattern string) error {
	op := c[pattern]
	given := r.URL.Query()
	for _, p := range op.query {
		if err := p.check(given[p.name]); err != nil {
			return err
		}
	}
	if op.body == nil {
		return nil
	}
	if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
		return &problem{Status: http.StatusUnsupportedMediaType, Code: "media_type", Title: "Send application/json"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, op.max))
	if err != nil {
		return readProblem(err)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return badRequest("body", "the body is not JSON")
	}
	return contractProblem("body", op.body.Validate(v))
}

func (p *parameter) check(given []string) error {
	switch {
	case len(given) == 0 && p.required:
		return badRequest(p.name, p.name+" is missing")
	case len(given) == 0:
		return nil
	case p.kind == "array":
		list := make([]any, len(given))
		for i, s := range given {
			list[i] = s
		}
		return contractProblem(p.name, p.schema.Validate(list))
	case len(given) > 1:
		return badRequest(p.name, p.name+" is given twice")
	}
	var v any = given[0]
	switch p.kind {
	case "integer":
		if _, err := strconv.ParseInt(given[0], 10, 64); err != nil {
			return badRequest(p.name, p.name+" is not a number")
		}
		v = json.Number(given[0])
	case "boolean":
		if given[0] != "true" && given[0] != "false" {
			return badRequest(p.name, p.name+" is true or false")
		}
		v = given[0] == "true"
	}
	return contractProblem(p.name, p.schema.Validate(v))
}

// contractProblem tells the first thing that is wrong, and where.
func contractProblem(where string, err error) error {
	var v *jsonschema.ValidationError
	if !errors.As(err, &v) {
		return err
	}
	for len(v.Causes) > 0 {
		v = v.Causes[0]
	}
	if len(v.InstanceLocation) > 0 {
		where = strings.Join(v.InstanceLocation, ".")
	}
	return badRequest(where, where+": "+v.ErrorKind.LocalizedString(printing.NewPrinter(language.English)))
}

// readProblem tells what is wrong with a body that cannot be read.
func readProblem(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return err
	}
	return badRequest("body", "the body cannot be read")
}
