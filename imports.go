package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"khien/detector"
	"khien/detector/cli"
	"khien/detector/wholefile"
	"khien/sensor/evelog"
	"khien/sensor/follow"
	"khien/sensor/record"
	"khien/sensor/zeeklog"
)

// importOptions name the logs of other sensors.
type importOptions struct {
	eve  cli.List // files, or unix:PATH
	zeek cli.List // folders or files
}

func (o *importOptions) flags(fs *flag.FlagSet) {
	fs.Var(&o.eve, "eve", "follow Suricata's eve.json, this `file`, or listen on unix:PATH for what it sends; may be repeated")
	fs.Var(&o.zeek, "zeek", "follow the logs of Zeek in this `folder`, or one of them; may be repeated")
}

func (o *importOptions) len() int { return len(o.eve) + len(o.zeek) }

// schemeUnix marks the path of a socket.
const schemeUnix = "unix:"

// origin is what a kind of import cannot show.
type origin struct{ unseen detector.Text }

var (
	originEVE  = &origin{detector.Text{VI: "gói tin và nội dung kết nối: chỉ có bản ghi EVE (Suricata) làm căn cứ", EN: "packets and the content of connections: there are only EVE records (Suricata)"}}
	originZeek = &origin{detector.Text{VI: "gói tin và nội dung kết nối: chỉ có nhật ký của Zeek làm căn cứ", EN: "packets and the content of connections: there are only the logs of Zeek"}}
)

// imported is a log, or the logs of one Zeek, that is read. It counts for the console.
type imported struct {
	name   string
	origin *origin
	stream *record.Stream
	place  string // file of the positions; "" when they are not kept
	mu     sync.Mutex
	shown  record.Stats
}

func (im *imported) stats() record.Stats {
	im.mu.Lock()
	defer im.mu.Unlock()
	return im.shown
}

// open opens the logs to be followed, from where data says that they were read to. What cannot be opened goes to report, and
// the rest goes on; tell hears of what is not as it should be.
func (o *importOptions) open(data string, tell, report func(error)) (list []*imported) {
	add := func(name string, from *origin, open func(map[string]record.Position) ([]record.Lane, error)) {
		im := &imported{name: name, origin: from, place: placeFile(data, name)}
		places, err := readPlaces(im.place)
		var lanes []record.Lane
		if err == nil {
			lanes, err = open(places)
		}
		if err != nil {
			for _, l := range lanes {
				err = errors.Join(err, l.Source.Close())
			}
			report(err)
			return
		}
		im.stream = record.NewStream(lanes)
		list = append(list, im)
	}
	for _, name := range o.eve {
		add(name, originEVE, func(places map[string]record.Position) ([]record.Lane, error) {
			if path, ok := strings.CutPrefix(name, schemeUnix); ok {
				s, err := follow.Listen(path, tell)
				if err != nil {
					return nil, err
				}
				return []record.Lane{{Name: name, Source: s, Decoder: &evelog.Decoder{}}}, nil
			}
			return followed(nil, name, &evelog.Decoder{}, places, tell)
		})
	}
	for _, name := range o.zeek {
		add(name, originZeek, func(places map[string]record.Position) (lanes []record.Lane, err error) {
			joint := zeeklog.NewJoint()
			files := []string{name}
			if s, err := os.Stat(name); err == nil && s.IsDir() {
				files = zeekFiles(name)
			}
			for _, file := range files {
				if lanes, err = followed(lanes, file, zeeklog.NewDecoder(file, joint), places, tell); err != nil {
					break
				}
			}
			return lanes, err
		})
	}
	return list
}

// zeekFiles are the names under which Zeek writes its logs into a folder, whether or not they are there yet.
func zeekFiles(dir string) (files []string) {
	for _, log := range zeeklog.Names() {
		files = append(files, filepath.Join(dir, log+".log"), filepath.Join(dir, "json_streaming_"+log+".log"))
	}
	return files
}

// followed adds a file that is followed to lanes.
func followed(lanes []record.Lane, file string, dec record.Decoder, places map[string]record.Position, tell func(error)) ([]record.Lane, error) {
	var from *follow.Position
	if p, ok := places[file]; ok {
		if err := dec.Restore(p.State); err != nil {
			tell(fmt.Errorf("%s: the header that was kept: %w", file, err))
		}
		from = &p.Position
	}
	f, err := follow.NewFile(file, from, tell)
	if err != nil {
		return lanes, err
	}
	return append(lanes, record.Lane{Name: file, Source: f, Decoder: dec}), nil
}

// openOnce opens the logs to be read once, from their beginning to their end.
func (o *importOptions) openOnce() (list []*imported, err error) {
	read := func(name string, from *origin, files []string, decoder func(file string) record.Decoder) error {
		var lanes []record.Lane
		for _, file := range files {
			f, err := follow.OpenFile(file)
			if err != nil {
				return errors.Join(err, record.NewStream(lanes).Close())
			}
			lanes = append(lanes, record.Lane{Name: file, Source: f, Decoder: decoder(file)})
		}
		list = append(list, &imported{name: name, origin: from, stream: record.NewStream(lanes)})
		return nil
	}
	for _, name := range o.eve {
		err = errors.Join(err, read(name, originEVE, []string{name}, func(string) record.Decoder { return &evelog.Decoder{} }))
	}
	for _, name := range o.zeek {
		joint := zeeklog.NewJoint()
		files := []string{name}
		if s, err := os.Stat(name); err == nil && s.IsDir() {
			files = files[:0]
			for _, file := range zeekFiles(name) {
				if _, err := os.Stat(file); err == nil {
					files = append(files, file)
				}
			}
		}
		if len(files) == 0 {
			err = errors.Join(err, fmt.Errorf("%s: no log of Zeek is there (%s)", name, strings.Join(zeeklog.Names(), ".log, ")+".log"))
			continue
		}
		err = errors.Join(err, read(name, originZeek, files, func(file string) record.Decoder { return zeeklog.NewDecoder(file, joint) }))
	}
	return list, err
}

// placeFile is where the positions of a source are kept below the data folder.
func placeFile(data, name string) string {
	h := fnv.New64a()
	io.WriteString(h, name) // a hash takes everything
	return filepath.Join(data, "imports", fmt.Sprintf("%016x.json", h.Sum64()))
}

// places are the positions of a source as they are kept.
type places struct {
	Source string                     `json:"source"`
	Logs   map[string]record.Position `json:"logs"`
}

func readPlaces(file string) (map[string]record.Position, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var p places
	if err := json.Unmarshal(text, &p); err != nil {
		return nil, fmt.Errorf("%s: %w (remove the file to read the logs from their beginning)", file, err)
	}
	return p.Logs, nil
}

// keepPlaces keeps the positions behind what was handed on.
func (im *imported) keepPlaces() error {
	if im.place == "" {
		return nil
	}
	logs := im.stream.Positions()
	if len(logs) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(im.place), 0o700); err != nil {
		return err
	}
	text, err := json.Marshal(places{im.name, logs})
	if err != nil {
		return err
	}
	return wholefile.Write(im.place, append(text, '\n'), 0o600)
}

// Rhythm of an import.
const (
	importRound = 512                    // records that are handed on together at most
	importIdle  = 100 * time.Millisecond // between looks for something new
	importKeep  = time.Second            // between keeping how far it has come
)

// run hands the records of a log to detection until it ends or ctx does. durable, where given, returns when everything that
// was handed on before is on the disk. Lines that cannot be read go to bad, other errors to report.
func (im *imported) run(ctx context.Context, det *recordDetection, durable func(context.Context) error, bad func(*record.BadLine), report func(error)) {
	defer func() {
		im.mu.Lock()
		defer im.mu.Unlock()
		im.shown = im.stream.Stats()
	}()
	n, kept := 0, time.Now()
	dirty, told := false, false
	keep := func() {
		if !dirty || durable == nil {
			return
		}
		kept = time.Now()
		// The process may be told to stop meanwhile: what is not on the disk then is read again.
		err := durable(context.WithoutCancel(ctx))
		if err == nil {
			err = im.keepPlaces()
		}
		if err != nil && !told {
			report(fmt.Errorf("%s: how far it was read is not kept: %w", im.name, err))
		}
		dirty, told = err != nil, err != nil
	}
	round := func() {
		if n > 0 {
			det.roundDone()
			n = 0
		}
		im.mu.Lock()
		im.shown = im.stream.Stats()
		im.mu.Unlock()
		if time.Since(kept) >= importKeep {
			keep()
		}
	}
	for {
		r, err := im.stream.Next()
		var line *record.BadLine
		switch {
		case err == nil:
			det.play(r)
			dirty = true
			if n++; n < importRound {
				continue
			}
		case errors.As(err, &line):
			bad(line)
			dirty = true
			if n++; n < importRound {
				continue
			}
		case err == follow.ErrIdle:
		case err == io.EOF:
			round()
			keep()
			return
		default:
			report(err)
		}
		round()
		if err == follow.ErrIdle {
			det.idle()
			select {
			case <-ctx.Done():
			case <-time.After(importIdle):
			}
		}
		if ctx.Err() != nil {
			keep()
			return
		}
	}
}

// badLines tells the operator of lines that cannot be read: where the first ones are, and how many there are of the rest.
type badLines struct {
	command string
	stderr  io.Writer
	mu      sync.Mutex
	told    int
	since   time.Time
	more    int
}

// badLinesTold is how many lines are named in a minute.
const badLinesTold = 10

func (b *badLines) tell(l *record.BadLine) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now := time.Now(); now.Sub(b.since) >= time.Minute {
		b.rest()
		b.told, b.since = 0, now
	}
	if b.told++; b.told > badLinesTold {
		b.more++
		return
	}
	fmt.Fprintf(b.stderr, "%s: %s\n", b.command, cli.Visible(l.Error()))
}

// end tells how many lines were not named.
func (b *badLines) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rest()
}

// rest tells how many lines were not named. The caller has the lock.
func (b *badLines) rest() {
	if b.more > 0 {
		fmt.Fprintf(b.stderr, "%s: %d more lines cannot be read\n", b.command, b.more)
	}
	b.more = 0
}
