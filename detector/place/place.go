// Package place tells where addresses of the Internet belong, from databases in MaxMind's format that the user provides
// (GeoLite2, DB-IP, IPinfo). In go files and addresses, out go detector.Place values. The files are held in memory, so that
// replacing them on disk changes nothing until they are loaded again.
package place

import (
	"fmt"
	"io"
	"iter"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"

	"khien/detector"
)

// fileMax bounds a database, in bytes. The largest that are common have 150 MB.
const fileMax = 512 << 20

// textMax bounds the name of an organisation, in bytes.
const textMax = 200

// Data are databases that are asked one after the other until everything is known. A nil *Data knows nothing. Safe for
// concurrent use.
type Data struct{ readers []*maxminddb.Reader }

// Open reads databases. An error names the file.
func Open(files ...string) (*Data, error) {
	if len(files) == 0 {
		return nil, nil
	}
	d := &Data{}
	for _, name := range files {
		r, err := open(name)
		if err != nil {
			return nil, fmt.Errorf("place: %s: %w", name, err)
		}
		d.readers = append(d.readers, r)
	}
	return d, nil
}

func open(name string) (*maxminddb.Reader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, fileMax+1))
	if err != nil {
		return nil, err
	}
	if len(data) > fileMax {
		return nil, fmt.Errorf("more than %d MiB", fileMax>>20)
	}
	return maxminddb.OpenBytes(data) // looks for the description at the end, so that a file that was cut is refused
}

// results are what the databases say of an address, in their order. Addresses that the Internet does not route have no place.
func (d *Data) results(a netip.Addr) iter.Seq[maxminddb.Result] {
	return func(yield func(maxminddb.Result) bool) {
		if a = a.Unmap(); d == nil || !a.IsGlobalUnicast() || a.IsPrivate() {
			return
		}
		for _, r := range d.readers {
			if res := r.Lookup(a); res.Err() == nil && res.Found() && !yield(res) {
				return
			}
		}
	}
}

// Find returns what is known of an address.
func (d *Data) Find(a netip.Addr) (p detector.Place) {
	for res := range d.results(a) {
		if p.AS == 0 {
			p.AS = number(res)
		}
		if p.Org == "" {
			p.Org = text(res, "autonomous_system_organization", "as_name")
		}
		if p.Country == "" {
			p.Country = country(res)
		}
	}
	return p
}

// Country returns the country of an address alone; empty when it is not known.
func (d *Data) Country(a netip.Addr) string {
	for res := range d.results(a) {
		if c := country(res); c != "" {
			return c
		}
	}
	return ""
}

// Describe fills the places of a finding's ends.
func (d *Data) Describe(f *detector.Finding) {
	if d != nil {
		f.SrcPlace, f.DstPlace = d.Find(f.SrcIP), d.Find(f.DstIP)
	}
}

// number reads the number of the system: MaxMind and DB-IP have it as a number, IPinfo as "AS15169".
func number(res maxminddb.Result) uint32 {
	var n uint32
	if res.DecodePath(&n, "autonomous_system_number") == nil && n != 0 {
		return n
	}
	v, err := strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(text(res, "asn")), "AS"), 10, 32)
	if err != nil {
		return 0
	}
	return uint32(v)
}

// country reads the country of use, or where that is missing the one of registration.
func country(res maxminddb.Result) string {
	for _, path := range [][]any{{"country", "iso_code"}, {"country_code"}, {"country"}, {"registered_country", "iso_code"}} {
		var s string
		if res.DecodePath(&s, path...) == nil && len(s) == 2 {
			return strings.ToUpper(s)
		}
	}
	return ""
}

// text returns the first of some fields that holds text. What does not is of another maker's database.
func text(res maxminddb.Result, fields ...string) string {
	for _, f := range fields {
		var s string
		if res.DecodePath(&s, f) == nil && s != "" {
			return strings.ToValidUTF8(s[:min(len(s), textMax)], "")
		}
	}
	return ""
}
