// Package teststore opens the store that a test works on, so that the same test runs on each implementation. In comes the
// test's own folder; out goes an empty store that is the caller's to close.
package teststore

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strings"

	"khien/detector/store"
	"khien/detector/store/elastic"
	"khien/detector/store/embedded"
)

// Variable names the Elasticsearch that tests run on (http://127.0.0.1:PORT, of deploy/elasticsearch/server). Without it
// they run on the embedded store.
const Variable = "KHIEN_TEST_ELASTIC"

// Open returns an empty store: below dir, or in a namespace of its own on the server that Variable names.
func Open(ctx context.Context, dir string) (store.Store, error) {
	url := os.Getenv(Variable)
	if url == "" {
		return embedded.Open(dir)
	}
	st, err := elastic.Open(ctx, elastic.Config{URLs: []string{url}, Namespace: "test-" + strings.ToLower(rand.Text()), Refresh: true})
	if err != nil {
		return nil, fmt.Errorf("%s: %w (start one with deploy/elasticsearch/server start DIR PORT)", Variable, err)
	}
	return st, nil
}
