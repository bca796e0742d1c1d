package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"time"

	"khien/console/account"
	"khien/detector"
	"khien/detector/store"
	transfer "khien/sensor/file"
)

// filePassword opens the zips in which files leave the console. It is no secret: it keeps mail filters, previews and double
// clicks from opening a sample, and is what those who exchange samples expect.
const filePassword = "infected"

const matchesMax = 50 // findings about a file that are looked at for its matches

// Files are the transferred files that are kept, here or where a finding's sensor is. Their errors are fs.ErrNotExist, wrapped,
// when the file is not there, ErrNotKept, and *Unavailable.
type Files interface {
	Kept(ctx context.Context, f *detector.Finding) error
	// Open opens a file whose content is what its name says.
	Open(ctx context.Context, f *detector.Finding) (*os.File, error)
}

// LocalFiles are those of a store of this process.
type LocalFiles struct{ Store *transfer.Store }

// Kept implements Files.
func (l LocalFiles) Kept(ctx context.Context, f *detector.Finding) error {
	x, err := l.Open(ctx, f)
	if err != nil {
		return err
	}
	return x.Close()
}

// Open implements Files.
func (l LocalFiles) Open(_ context.Context, f *detector.Finding) (*os.File, error) {
	return l.Store.Open(f.SHA256)
}

// fileView is what is known of a finding's file.
type fileView struct {
	Name     string      `json:"name"`
	Type     string      `json:"type"`
	Size     uint64      `json:"size"` // as the sensor saw it
	SHA256   string      `json:"sha256"`
	Kept     string      `json:"kept"`           // yes, no, off: no files are kept, or why that is not known
	Sensor   string      `json:"sensor"`         // that keeps it, or would
	Since    time.Time   `json:"since,omitzero"` // when a sensor that is away was heard of last
	Password string      `json:"password"`       // of the zip
	Matches  []fileMatch `json:"matches"`        // YARA rules that matched this content, here or in other transfers
}

type fileMatch struct {
	Rule     string        `json:"rule"`
	Summary  detector.Text `json:"summary"`
	Severity int           `json:"severity"`
	ID       string        `json:"id"` // of the newest finding
}

// fileOf returns the finding that a request names, which must be about a file with a hash.
func (a *API) fileOf(r *http.Request) (detector.Finding, error) {
	f, err := a.cfg.Store.Get(r.Context(), r.PathValue("id"))
	if err == nil && f.SHA256 == "" {
		err = store.ErrNotFound
	}
	return f, storeProblem(err)
}

// kept says whether a finding's file is kept, in v.
func (a *API) kept(ctx context.Context, f *detector.Finding, v *fileView) error {
	v.Kept, v.Sensor = "off", f.Sensor
	if a.cfg.Files == nil {
		return nil
	}
	var p *problem
	err := a.unavailable(ctx, f, a.cfg.Files.Kept(ctx, f))
	switch {
	case err == nil:
		v.Kept = "yes"
	case errors.As(err, &p):
		v.Kept, v.Since = p.Code, p.Since
	case errors.Is(err, fs.ErrNotExist):
		v.Kept = "no"
	case errors.Is(err, context.Canceled):
		return storeProblem(err)
	case !errors.Is(err, ErrNotKept):
		return err
	}
	return nil
}

func (a *API) getFile(w http.ResponseWriter, r *http.Request, who account.Account) error {
	f, err := a.fileOf(r)
	if err != nil {
		return err
	}
	if err := a.log(r, who.Name, "file.view", f.SHA256, f.ID); err != nil {
		return err
	}
	v := fileView{Name: f.FileName, Type: f.FileMIME, Size: f.FileSize, SHA256: f.SHA256, Password: filePassword, Matches: []fileMatch{}}
	if err = a.kept(r.Context(), &f, &v); err != nil {
		return err
	}
	p, err := a.cfg.Store.Find(r.Context(), store.Query{SHA256: []string{f.SHA256}, Source: []string{string(detector.FromYARA)}, Descending: true, Limit: matchesMax})
	if err != nil {
		return storeProblem(err)
	}
	seen := map[string]bool{}
	for i := range p.Findings {
		if m := &p.Findings[i]; !seen[m.Rule.ID] {
			seen[m.Rule.ID] = true
			v.Matches = append(v.Matches, fileMatch{m.Rule.ID, m.Summary, int(m.Severity), m.ID})
		}
	}
	return answer(w, v)
}

func (a *API) fileZip(w http.ResponseWriter, r *http.Request, who account.Account) error {
	f, err := a.fileOf(r)
	if err != nil {
		return err
	}
	none := &problem{Status: http.StatusNotFound, Code: "file_none", Title: "This file is not kept"}
	if a.cfg.Files == nil {
		return none
	}
	if err := a.log(r, who.Name, "file.download", f.SHA256, f.ID); err != nil {
		return err
	}
	kept, err := a.cfg.Files.Open(r.Context(), &f)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrNotKept):
		return none
	case errors.Is(err, context.Canceled):
		return storeProblem(err)
	case err != nil:
		return a.unavailable(r.Context(), &f, err)
	}
	defer kept.Close() // was only read
	info, err := kept.Stat()
	if err != nil {
		return fmt.Errorf("api: file: %w", err)
	}
	attachment(w, "application/zip", "khien-"+f.SHA256+".zip")
	out := &started{ResponseWriter: w}
	err = transfer.Encrypt(out, f.SHA256, kept, info.Size(), info.ModTime(), filePassword)
	if err != nil && out.begun {
		panic(http.ErrAbortHandler) // half a zip must not look like a whole one
	}
	if err != nil {
		w.Header().Del("Content-Disposition")
	}
	return err
}

// started knows whether the answer has begun.
type started struct {
	http.ResponseWriter
	begun bool
}

func (s *started) Write(b []byte) (int, error) {
	s.begun = true
	return s.ResponseWriter.Write(b)
}
