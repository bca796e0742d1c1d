package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"khien/console/reveal"
	"khien/detector/store"
	"khien/detector/store/elastic"
	"khien/detector/store/embedded"
	"khien/detector/store/sealed"
)

// openStore opens the store that a flag names. Where the policy in a data folder says so, it holds addresses sealed; with ""
// in place of the folder, what is sealed stays so.
func openStore(spec, data string, c embedded.Config, stderr io.Writer) (store.Store, error) {
	var policy *reveal.Policy
	if data != "" {
		var err error
		if policy, err = reveal.Read(data); err != nil {
			return nil, err
		}
	}
	st, err := openBare(spec, c, stderr)
	if err != nil || policy == nil || !policy.Stored {
		return st, err
	}
	s, err := sealed.New(st, policy.Names())
	if err != nil {
		return nil, errors.Join(err, st.Close())
	}
	ctx, cancel := context.WithTimeout(context.Background(), keyCheck)
	defer cancel()
	if err := s.Check(ctx, time.Now()); errors.Is(err, sealed.ErrKey) {
		return nil, errors.Join(fmt.Errorf("%w (copy %s of who wrote it to %s)", err, policy.KeyFile, data), s.Close())
	} else if err != nil { // it may be away
		fmt.Fprintf(stderr, "khien: cannot see yet with which key the store is sealed: %v\n", err)
	}
	return s, nil
}

// keyCheck is how long a store may take to tell with which key it is sealed.
const keyCheck = 10 * time.Second

// openSealed is openStore for commands that work without a data folder: one that is named must say that addresses are sealed.
func openSealed(spec, data string, c embedded.Config, stderr io.Writer) (store.Store, error) {
	if data != "" {
		policy, err := reveal.Read(data)
		if err != nil {
			return nil, err
		}
		if policy == nil || !policy.Stored {
			return nil, fmt.Errorf("--data %s: no %s there says that addresses are stored sealed (stored: true)", data, reveal.FileName)
		}
	}
	return openStore(spec, data, c, stderr)
}

// openBare opens a store as it is, and says what its server lacks. Secrets of a cluster come from the environment.
func openBare(spec string, c embedded.Config, stderr io.Writer) (store.Store, error) {
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
