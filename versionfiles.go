package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"khien/detector/bus/release"
	"khien/detector/cli"
)

// versionFile are the files of a kind: those that a flag names, how another is added, and what ends their names.
type versionFile struct {
	kind, end string
	named     []string
	add       func(name string)
}

// versionFiles lists the kinds of files that a version holds.
func (o *detectionOptions) versionFiles() []versionFile {
	list := func(kind, end string, l *cli.List) versionFile {
		return versionFile{kind, end, *l, func(name string) { *l = append(slices.Clip(*l), name) }} // that of the flags stays as it is
	}
	categories := versionFile{release.Categories, "", nil, func(name string) { o.categories = name }}
	if o.categories != "" {
		categories.named = []string{o.categories}
	}
	return []versionFile{list(release.Rules, ".rules", &o.rules), list(release.YARA, ".yar", &o.yara), list(release.Brands, ".yaml", &o.brands),
		list(release.Blocklists, "", &o.blocklists), list(release.NewNames, "", &o.newNames), list(release.Places, "", &o.places),
		list(release.Reputation, "", &o.reputation), categories}
}

// named reports whether a flag says anything about what is to be loaded.
func (o *detectionOptions) named() bool {
	return o.noDefault || o.skipBad || slices.ContainsFunc(o.versionFiles(), func(f versionFile) bool { return len(f.named) > 0 })
}

// files reads everything that the flags name and the folder holds, as the files of a version.
func (o *detectionOptions) files() ([]release.File, error) {
	var out []release.File
	add := func(name, as string) error {
		data, err := cli.ReadFile(name, cli.RulesMax)
		if err == nil {
			out = append(out, release.File{Name: as, Data: data})
		}
		return err
	}
	kinds := o.versionFiles()
	for _, k := range kinds {
		for _, name := range k.named {
			base := filepath.Base(name)
			if !strings.HasSuffix(base, k.end) {
				base += k.end
			}
			if err := add(name, k.kind+"/"+base); err != nil {
				return nil, err
			}
		}
	}
	entries, err := os.ReadDir(o.folder)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || strings.HasPrefix(e.Name(), ".") { // what khien rules update keeps of its sources
			continue
		}
		kind := release.Rules // lists that rules name stand beside them
		for _, k := range kinds {
			if k.end != "" && strings.HasSuffix(e.Name(), k.end) {
				kind = k.kind
			}
		}
		if err := add(filepath.Join(o.folder, e.Name()), kind+"/"+e.Name()); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// with adds the files of a version that was unpacked to dir, and its settings.
func (o detectionOptions) with(h release.Head, dir string) (detectionOptions, error) {
	o.noDefault = o.noDefault || h.NoDefault
	o.skipBad = o.skipBad || h.SkipBad
	for _, k := range o.versionFiles() {
		names, err := filepath.Glob(filepath.Join(dir, k.kind, "*"+k.end))
		if err != nil {
			return o, fmt.Errorf("%s: %w", dir, err)
		}
		for _, name := range names {
			k.add(name)
		}
	}
	o.offs = append(slices.Clip(o.offs), filepath.Join(dir, release.Rules))
	return o, nil
}

// check loads a version as a sensor without rules of its own does.
func checkVersion(h release.Head, files []release.File, dir string, errs io.Writer) (det *detection, ok bool, err error) {
	tmp, err := os.MkdirTemp(dir, "check-")
	if err != nil {
		return nil, false, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(tmp)) }()
	if err := release.Write(tmp, files); err != nil {
		return nil, false, err
	}
	o, err := detectionOptions{}.with(h, tmp)
	if err != nil {
		return nil, false, err
	}
	det, ok = loadDetection(o, &trimmer{errs, tmp + "/"})
	return det, ok, nil
}

// trimmer leaves out a folder of what is written, so that files have the names that people gave them.
type trimmer struct {
	w      io.Writer
	folder string
}

func (t *trimmer) Write(b []byte) (int, error) {
	if _, err := io.WriteString(t.w, strings.ReplaceAll(string(b), t.folder, "")); err != nil {
		return 0, err
	}
	return len(b), nil
}
