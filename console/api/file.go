package api

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"

	"khien/console/account"
	"khien/detector"
	"khien/detector/store"
)

// filePassword opens the zips in which files leave the console. It is no secret: it keeps mail filters, previews and double
// clicks from opening a sample, and is what those who exchange samples expect.
const filePassword = "infected"

const matchesMax = 50 // findings about a file that are looked at for its matches

// Files are the transferred files that are kept here.
type Files interface {
	Open(sha256 string) (*os.File, error) // fs.ErrNotExist, wrapped, when it is not kept
	Export(w io.Writer, sha256, password string) error
}

// fileView is what is known of a finding's file.
type fileView struct {
	Name     string      `json:"name"`
	Type     string      `json:"type"`
	Size     uint64      `json:"size"` // as the sensor saw it
	SHA256   string      `json:"sha256"`
	Kept     string      `json:"kept"`     // yes, no, or off: no files are kept here
	Password string      `json:"password"` // of the zip
	Matches  []fileMatch `json:"matches"`  // YARA rules that matched this content, here or in other transfers
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

func (a *API) kept(sha256 string) (string, error) {
	if a.cfg.Files == nil {
		return "off", nil
	}
	f, err := a.cfg.Files.Open(sha256)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "no", nil
	case err != nil:
		return "", err
	}
	return "yes", f.Close()
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
	if v.Kept, err = a.kept(f.SHA256); err != nil {
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
	kept, err := a.kept(f.SHA256)
	if err != nil {
		return err
	}
	if kept != "yes" {
		return &problem{Status: http.StatusNotFound, Code: "file_none", Title: "This file is not kept"}
	}
	if err := a.log(r, who.Name, "file.download", f.SHA256, f.ID); err != nil {
		return err
	}
	attachment(w, "application/zip", "khien-"+f.SHA256+".zip")
	out := &started{ResponseWriter: w}
	err = a.cfg.Files.Export(out, f.SHA256, filePassword)
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
