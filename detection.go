package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"sync/atomic"
	"time"

	"khien/console/rulebook"
	"khien/detector"
	"khien/detector/behaviour"
	"khien/detector/behaviour/abuse"
	"khien/detector/cli"
	"khien/detector/fraud"
	"khien/detector/place"
	"khien/detector/signature"
	"khien/detector/yara"
	"khien/rules"
	"khien/sensor"
)

// detectionOptions say which rules to load.
type detectionOptions struct {
	rules  cli.List
	yara   cli.List
	brands cli.List
	// Names of fraud, and names that are new.
	blocklists, newNames cli.List
	places               cli.List // databases of networks and countries
	reputation           cli.List
	categories           string   // of reputation
	folder               string   // its rule files are loaded too; empty for none
	offs                 cli.List // folders whose lists of rules that are off hold as well
	noDefault            bool
	skipBad              bool
}

func (o *detectionOptions) flags(fs *flag.FlagSet) {
	fs.Var(&o.rules, "rules", "add a `file` of Suricata-language rules; may be repeated")
	fs.Var(&o.yara, "yara", "add a `file` of YARA rules; may be repeated")
	fs.Var(&o.brands, "brands", "add a `file` of protected brands; may be repeated")
	fs.Var(&o.blocklists, "blocklist", "add a `file` of names that are fraud, one a line, as hosts file or CSV; may be repeated")
	fs.Var(&o.newNames, "new-names", "add a `file` of newly registered names or certificate transparency lines; may be repeated")
	fs.Var(&o.places, "places", "tell networks and countries of addresses from this `file` in MaxMind's format (.mmdb); may be repeated")
	fs.StringVar(&o.categories, "reputation-categories", "", "`file` of the categories of --reputation, one a line: number,name,description")
	fs.Var(&o.reputation, "reputation", "add a `file` of addresses for the keyword iprep, one a line: address,category,score; may be repeated")
	fs.BoolVar(&o.noDefault, "no-default-rules", false, "load nothing but the files named here")
	fs.BoolVar(&o.skipBad, "skip-bad-rules", false, "load the rest when a rule cannot be loaded")
}

// detection is everything that was loaded to detect with. It is shared by all workers and does not change.
type detection struct {
	signatures *signature.Set
	yara       *yara.Set
	names      *fraud.Names
	stories    *fraud.Stories
	feeds      *fraud.Feeds
	memory     *fraud.Memory // nil: each set of names has its own
	places     *atlas
	abuses     *abuse.Memory       // nil with --no-default-rules
	behaviours *behaviour.Patterns // nil with --no-default-rules
	loaded     int
	rejected   int
	since      time.Time         // when it was loaded
	language   signature.Options // what rules can ask for beside their text
	files      []rulebook.File
	faults     []rulebook.Fault
}

// loadDetection loads the rules and says what is wrong with those that it cannot load. False means: do not go on.
func loadDetection(o detectionOptions, stderr io.Writer) (*detection, bool) {
	d := &detection{since: time.Now()}
	if !o.noDefault {
		d.behaviours = behaviour.New()
		m, err := abuse.NewMemory("")
		if err != nil {
			panic("BUG: " + err.Error()) // only a folder can fail
		}
		d.abuses = m
	}
	ok := d.loadPlaces(o, stderr) && d.loadSignatures(o, stderr) && d.loadYARA(o, stderr) && d.loadFraud(o, stderr) && d.loadFeeds(o, stderr)
	if ok && d.rejected > 0 {
		fmt.Fprintf(stderr, "khien: %d rules loaded, %d rejected\n", d.loaded, d.rejected)
		ok = o.skipBad
	}
	// What reading left behind would otherwise be counted as in use when the collector decides how far the heap may grow.
	runtime.GC()
	return d, ok
}

// source is a rule file: built in, or the user's.
type source struct {
	name string
	data []byte
}

// sources reads the built-in files of a folder and those that the user named.
func sources(o detectionOptions, pattern string, named []string, stderr io.Writer) ([]source, bool) {
	var out []source
	if !o.noDefault {
		names, err := fs.Glob(rules.FS, pattern)
		if err != nil {
			panic("BUG: " + err.Error())
		}
		for _, n := range names {
			data, err := rules.FS.ReadFile(n)
			if err != nil {
				panic("BUG: " + err.Error())
			}
			out = append(out, source{path.Join("rules", n), data})
		}
	}
	if o.folder != "" {
		names, err := filepath.Glob(filepath.Join(o.folder, path.Base(pattern)))
		if err != nil {
			fmt.Fprintf(stderr, "khien: %s: %v\n", o.folder, err)
			return nil, false
		}
		named = slices.Concat(names, named)
	}
	ok := true
	for _, n := range named {
		data, err := cli.ReadFile(n, cli.RulesMax)
		if err != nil {
			fmt.Fprintf(stderr, "khien: %v\n", err)
			ok = false
			continue
		}
		out = append(out, source{n, data})
	}
	return out, ok
}

// hashes reports whether anybody looks at the hashes of files: the findings of the detectors that scan files, or a rule.
// Nobody pays for them otherwise; Suricata's default is the same.
func (d *detection) hashes() bool {
	return d.yara != nil || d.names != nil || d.signatures.Wants(sensor.FileMD5) || d.signatures.Wants(sensor.FileSHA1) ||
		d.signatures.Wants(sensor.FileSHA256)
}

// cacheDir is where compiled patterns are kept between starts; empty where the user has no folder for that.
func cacheDir() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "khien")
}

// atlas is the databases of places in force, nil when there are none. All sets of rules that follow each other share it,
// since engines outlive them.
type atlas struct{ atomic.Pointer[place.Data] }

func (d *detection) loadPlaces(o detectionOptions, stderr io.Writer) bool {
	data, err := place.Open(o.places...)
	if err != nil {
		fmt.Fprintln(stderr, err)
	}
	d.places = &atlas{}
	d.places.Store(data)
	return err == nil
}

func (d *detection) loadSignatures(o detectionOptions, stderr io.Writer) bool {
	src, ok := sources(o, "signatures/*.rules", o.rules, stderr)
	if !ok {
		return false
	}
	var files []signature.File
	for _, s := range src {
		files = append(files, signature.File{Name: s.name, Data: s.data})
	}
	reputation, err := signature.LoadReputation(o.categories, o.reputation...)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return false
	}
	off, ok := o.off(stderr)
	if !ok {
		return false
	}
	d.language = signature.Options{Reputation: reputation}
	if data := d.places.Load(); data != nil {
		d.language.Country = data.Country
	}
	opt := d.language
	opt.CacheDir, opt.Off = cacheDir(), off
	set, errs := signature.Load(opt, files)
	for i := range errs {
		fmt.Fprintln(stderr, errs[i].Error())
		d.faults = append(d.faults, rulebook.FaultOf(&errs[i]))
	}
	d.signatures = set
	d.tellSignatures(o, src)
	d.loaded += set.Len()
	d.rejected += len(errs)
	return true
}

func (d *detection) loadYARA(o detectionOptions, stderr io.Writer) bool {
	src, ok := sources(o, "yara/*.yar", o.yara, stderr)
	if !ok || len(src) == 0 {
		return ok
	}
	var files []yara.File
	for _, s := range src {
		files = append(files, yara.File{Name: s.name, Data: s.data})
	}
	set, errs := yara.Load(files)
	for _, err := range errs {
		fmt.Fprintln(stderr, err.Error())
		d.faults = append(d.faults, rulebook.Fault{File: err.File, Line: err.Line, Msg: err.Text})
	}
	d.tellFiles(o, "yara", src)
	d.yara = set
	d.rejected += len(errs)
	if set != nil {
		d.loaded += set.Len()
	}
	return true
}

func (d *detection) loadFraud(o detectionOptions, stderr io.Writer) bool {
	src, ok := sources(o, "fraud/*.yaml", o.brands, stderr)
	if !ok || len(src) == 0 {
		return ok
	}
	brands := &fraud.Brands{}
	for _, s := range src {
		b, err := fraud.LoadBrands(s.data, s.name)
		if err != nil {
			fmt.Fprintln(stderr, err)
			d.rejected++
			d.faults = append(d.faults, rulebook.Fault{File: s.name, Msg: err.Error()})
			continue
		}
		brands = brands.Merge(b)
	}
	d.tellFiles(o, "brands", src)
	d.names = fraud.NewNames(brands)
	d.stories = fraud.NewStories()
	return true
}

// handlers makes the detectors of one worker.
func (d *detection) handlers(rec *detector.Recorder) ([]sensor.Handler, error) {
	var hs []sensor.Handler
	if d.signatures.Len() > 0 {
		hs = append(hs, d.signatures.NewMatcher(rec))
	}
	if d.yara != nil {
		scanner, err := d.yara.NewScanner(rec)
		if err != nil {
			return nil, err
		}
		hs = append(hs, scanner)
	}
	if d.names != nil {
		hs = append(hs, fraud.New(fraud.Config{}, d.names, rec))
	}
	if d.behaviours != nil {
		hs = append(hs, behaviour.NewObserver(rec))
	}
	if d.abuses != nil {
		hs = append(hs, abuse.New(d.abuses, rec))
	}
	return hs, nil
}

// engine makes the engine of n workers; every record goes to out.
func (d *detection) engine(n int, out func(detector.Record)) *detector.Engine {
	var after []func(*detector.Finding) []*detector.Finding
	if d.stories != nil {
		after = append(after, d.stories.Observe)
	}
	e := detector.NewEngine(n, func(r detector.Record) {
		if r.Finding != nil {
			d.places.Load().Describe(r.Finding)
		}
		out(r)
	}, after...)
	e.Watch(fraud.Watch)
	e.Watch(abuse.Watch)
	if d.behaviours != nil {
		e.Watch(d.behaviours.Watch)
	}
	return e
}
