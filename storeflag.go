package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"khien/detector/store"
	"khien/detector/store/elastic"
	"khien/detector/store/embedded"
)

// openStore opens the store that a flag names, and says what its server lacks. Secrets of a cluster come from the
// environment.
func openStore(spec string, c embedded.Config, stderr io.Writer) (store.Store, error) {
	switch kind, where, _ := strings.Cut(spec, ":"); {
	case where == "":
	case kind == "embedded":
		return embedded.OpenWith(where, c)
	case kind == "elastic":
		s, err := openElastic(where)
		if err != nil {
			return nil, err
		}
		for _, m := range s.Missing() {
			fmt.Fprintf(stderr, "khien: the server lacks %s\n", m)
		}
		return s, nil
	}
	return nil, fmt.Errorf("--store %q: want embedded:DIR or elastic:URL", spec)
}

// openElastic opens a store on the nodes that are listed. It does so while they are away too: what is written waits in the
// spool until they are back.
func openElastic(urls string) (*elastic.Store, error) {
	return elastic.Open(context.Background(), elastic.Config{URLs: strings.Split(urls, ","), Patient: true,
		APIKey: os.Getenv("KHIEN_ELASTIC_API_KEY"), User: os.Getenv("KHIEN_ELASTIC_USER"), Password: os.Getenv("KHIEN_ELASTIC_PASSWORD"),
		CAFile: os.Getenv("KHIEN_ELASTIC_CA"), Fingerprint: os.Getenv("KHIEN_ELASTIC_FINGERPRINT"), Namespace: os.Getenv("KHIEN_ELASTIC_NAMESPACE")})
}
