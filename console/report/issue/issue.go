package issue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"khien/console/report"
	"khien/console/report/document"
	"khien/console/report/evidence"
	"khien/console/report/exchange"
	"khien/console/report/form"
	"khien/console/report/legal"
	"khien/console/report/misp"
	"khien/console/report/stix"
	"khien/console/report/xarf"
	"khien/detector/store"
)

// Request is what to make.
type Request struct {
	Incident *report.Incident
	Pack     *legal.Pack
	Profile  *report.Profile
	Form     string
	Version  string // of the form; "" takes the pack's
	User     string
	Evidence []evidence.File // packets, logs, screenshots
	TSA      func(ctx context.Context, manifest []byte) ([]byte, error)
	final    bool
}

// Set is everything that belongs to one report.
type Set struct {
	Name     string       `json:"name"` // SC-2026-0001-initial-1
	Filled   *form.Filled `json:"-"`
	Files    []Out        `json:"files"` // in the order of their names
	Warnings []string     `json:"warnings,omitempty"`
	Manifest string       `json:"manifest"` // SHA-256 of the evidence pack's manifest
}

// Out is a file of a set.
type Out struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	Size   int64  `json:"size"`
	Data   []byte `json:"-"`
}

// Issued is the record of a report that was issued. It never changes.
type Issued struct {
	ID      string           `json:"id"`
	Case    string           `json:"case"`
	Form    string           `json:"form"`
	Version string           `json:"form_version"`
	Pack    string           `json:"pack"`
	Title   string           `json:"title"`
	Number  int              `json:"number"`
	Printed string           `json:"printed_number"`
	Edition int              `json:"edition"`
	By      string           `json:"by"`
	At      time.Time        `json:"at"`
	Set     Set              `json:"set"`
	TLP     string           `json:"tlp"`
	Shared  *report.Incident `json:"shared"` // what machine formats were made of, without what people typed
}

// packName is the evidence pack among the files of a set.
const packName = "evidence.zip"

// setMax is how large the evidence of one report may be.
const setMax = 1 << 30

// Draft makes a set that is marked as a draft; what is missing is listed and stays blank.
func (d *Desk) Draft(ctx context.Context, r Request) (*Set, error) {
	set, err := d.make(ctx, r, 0, 0, "")
	if err != nil {
		return nil, err
	}
	set.Name = r.Incident.Case + "-" + r.Form + "-draft"
	return set, nil
}

// Issue makes the set, keeps every file and then the record. An error, or a crash at any moment before the record is
// written, leaves nothing issued.
func (d *Desk) Issue(ctx context.Context, r Request) (*Issued, error) {
	r.final = true
	f, err := form.Find(r.Pack, r.Form, r.Version)
	if err != nil {
		return nil, err
	}
	filled, err := form.Fill(f, r.Pack, r.Incident)
	if err != nil {
		return nil, err
	}
	if len(filled.Missing) > 0 {
		return nil, missing(filled)
	}
	if _, ok := r.Incident.Confirmed["severity"]; !ok && slices.ContainsFunc(filled.Parts, func(p form.Part) bool {
		return slices.ContainsFunc(p.Data, func(v form.Value) bool { return v.Map == "incident.severity" })
	}) {
		return nil, ErrUnconfirmed
	}
	earlier, err := d.IssuedOf(ctx, r.Incident.Case)
	if err != nil {
		return nil, err
	}
	edition, previous := 1, ""
	for _, e := range earlier {
		if e.Form == r.Form {
			edition++
		}
		previous = e.Set.Manifest // they come in the order of their times
	}
	number, err := d.number(ctx, f.Symbol)
	if err != nil {
		return nil, err
	}
	set, err := d.make(ctx, r, number, edition, previous)
	if err != nil {
		return nil, err
	}
	for _, o := range set.Files {
		if _, err := d.objects().Put(o.Data); err != nil {
			return nil, err
		}
	}
	out := &Issued{ID: fmt.Sprintf("%s.%s.%d", r.Incident.Case, r.Form, edition), Case: r.Incident.Case, Form: r.Form, Version: f.Version,
		Pack: r.Pack.ID, Title: f.Title, Number: number, Printed: set.Filled.Number, Edition: edition, By: r.User, At: d.Now().UTC(), Set: *set,
		TLP: r.Profile.TLP, Shared: shared(r.Incident)}
	body, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("issue: %w", err)
	}
	if _, err := (evidence.Custody{Store: d.Store, Case: out.Case}).Append(ctx, evidence.Event{Evidence: set.Manifest, Action: evidence.Sealed, At: out.At,
		From: evidence.Person{Name: r.User, Unit: r.Profile.Agency}, Purpose: "phát hành " + out.ID}); err != nil {
		return nil, err
	}
	_, err = d.Store.PutDocument(ctx, store.Document{Kind: issuedKind, ID: out.ID, Updated: out.At, Body: body,
		Tags: []string{"case:" + out.Case, "form:" + out.Form, "tlp:" + out.TLP}})
	if err != nil {
		return nil, conflict(err)
	}
	return out, nil
}

// shared returns what machine formats may show later, without what people typed.
func shared(in *report.Incident) *report.Incident {
	out := *in
	out.Facts, out.History, out.Confirmed, out.Sent = map[string]report.Fact{}, nil, nil, nil
	for _, key := range []string{"incident.summary", "incident.kind", "incident.measures"} {
		if v := in.Public(key); v != nil {
			out.Facts[key] = in.Facts[key]
		}
	}
	out.Title = in.PublicTitle()
	out.Indicators = in.Hostile("")
	return &out
}

func missing(f *form.Filled) error {
	var b strings.Builder
	for _, m := range f.Missing {
		fmt.Fprintf(&b, "\n  %s (%s): %s", m.Map, m.EN, m.Label)
	}
	return fmt.Errorf("%w: %s%s", ErrMissing, f.ID, b.String())
}

// number takes the next number of the year for a kind of document. A number that was taken for a report that then failed
// stays unused, as in a register on paper.
func (d *Desk) number(ctx context.Context, symbol string) (int, error) {
	id := fmt.Sprintf("%d.%s", d.Now().In(report.Zone).Year(), symbol)
	for {
		doc, err := d.Store.Document(ctx, numberKind, id)
		if errors.Is(err, store.ErrNotFound) {
			doc, err = store.Document{Kind: numberKind, ID: id, Body: json.RawMessage("0")}, nil
		}
		n := 0
		if err == nil {
			err = json.Unmarshal(doc.Body, &n)
		}
		if err != nil {
			return 0, fmt.Errorf("issue: number %s: %w", id, err)
		}
		doc.Body, doc.Updated = json.RawMessage(fmt.Sprint(n+1)), d.Now()
		if _, err = d.Store.PutDocument(ctx, doc); err == nil {
			return n + 1, nil
		}
		if !errors.Is(err, store.ErrConflict) {
			return 0, fmt.Errorf("issue: number %s: %w", id, err)
		}
	}
}

// make writes every file of a set into memory.
func (d *Desk) make(ctx context.Context, r Request, number, edition int, previous string) (*Set, error) {
	f, err := form.Find(r.Pack, r.Form, r.Version)
	if err != nil {
		return nil, err
	}
	if r.Evidence, err = load(r.Evidence); err != nil {
		return nil, err
	}
	in := *r.Incident
	in.Facts = map[string]report.Fact{}
	for k, v := range r.Incident.Facts {
		in.Facts[k] = v
	}
	if err := attach(&in, r.Evidence); err != nil {
		return nil, err
	}
	filled, err := form.Fill(f, r.Pack, &in)
	if err != nil {
		return nil, err
	}
	now := d.Now().UTC().Truncate(time.Second)
	set := &Set{Filled: filled, Name: fmt.Sprintf("%s-%s-%d", in.Case, r.Form, edition)}
	options := document.Options{Number: number, Draft: number == 0}
	if number > 0 {
		options.Date = now
	}
	doc := document.New(filled, r.Profile, r.Pack, options)
	filled.Number = doc.Number
	if err := set.documents(doc, filled, now); err != nil {
		return nil, err
	}
	if err := set.formats(&in, r, now); err != nil {
		return nil, err
	}
	if err := d.seal(ctx, set, &in, r, previous, now); err != nil {
		return nil, err
	}
	slices.SortFunc(set.Files, func(a, b Out) int { return strings.Compare(a.Name, b.Name) })
	return set, nil
}

// load reads evidence that lies in files.
func load(files []evidence.File) ([]evidence.File, error) {
	out := slices.Clone(files)
	total := 0
	for i := range out {
		if f := &out[i]; f.Name != "" {
			b, err := os.ReadFile(f.Name)
			if err != nil {
				return nil, fmt.Errorf("issue: %w", err)
			}
			f.Data, f.Name = b, ""
		}
		if total += len(out[i].Data); total > setMax {
			return nil, fmt.Errorf("issue: more than %d bytes of evidence", setMax)
		}
	}
	return out, nil
}

// attach lists the evidence in the incident's facts.
func attach(in *report.Incident, files []evidence.File) error {
	from := report.Origin{Kind: report.FromProgram, Ref: "evidence"}
	list, items, kinds := report.Fact{From: from}, report.Fact{From: from}, report.Fact{From: from}
	for i, f := range files {
		hash := evidence.Hash(f.Data)
		list.Rows = append(list.Rows, []string{f.Path, fmt.Sprintf("%d byte", len(f.Data)), hash})
		items.Rows = append(items.Rows, []string{fmt.Sprint(i + 1), f.Path + ": " + f.Description, f.Source,
			f.Acquired.In(report.Zone).Format("02/01/2006 15:04:05"), fmt.Sprint(len(f.Data)), hash})
	}
	if len(files) == 0 {
		return nil
	}
	kinds.Values = []string{"logs"}
	method := report.Fact{From: from, Values: []string{"Sao chép, không thay đổi bản gốc, bằng chương trình Khiên; bộ lọc và phiên bản của từng tệp ghi trong manifest.json."}}
	for key, f := range map[string]report.Fact{"attachments.list": list, "handover.items": items, "attachments.kinds": kinds, "handover.method": method} {
		if in.Facts[key].From.Kind == report.FromPerson {
			continue
		}
		if err := in.Set(key, f); err != nil {
			return err
		}
	}
	return nil
}

func (s *Set) add(name string, data []byte) {
	s.Files = append(s.Files, Out{Name: name, SHA256: evidence.Hash(data), Size: int64(len(data)), Data: data})
}

// documents adds the paper in three forms.
func (s *Set) documents(doc *document.Doc, f *form.Filled, now time.Time) error {
	pdf, err := document.Render(doc, document.Official(), now)
	if err != nil {
		return err
	}
	docx, err := document.DOCX(doc, document.Official(), now)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("issue: %w", err)
	}
	s.add(f.ID+".pdf", pdf)
	s.add(f.ID+".docx", docx)
	s.add(f.ID+".json", append(data, '\n'))
	return nil
}

// formats adds the machine formats.
func (s *Set) formats(in *report.Incident, r Request, now time.Time) error {
	o := exchange.From(r.Profile, now)
	if !o.Sendable() {
		s.Warnings = append(s.Warnings, "the profile has no domain and contact: STIX, MISP and XARF name "+o.Domain+" and cannot be sent")
		if r.final {
			return fmt.Errorf("%w: the profile's domain and contact: machine formats have to name who sends them", ErrMissing)
		}
	}
	type made struct {
		name string
		make func() ([]byte, error)
	}
	rsit := ""
	if k := r.Pack.Kind(in.Text("incident.kind")); k != nil {
		rsit = k.RSIT
	}
	event := misp.New(in, o, rsit)
	list := []made{
		{"stix.json", func() ([]byte, error) { return stix.Bundle(in, o) }},
		{"misp.json", func() ([]byte, error) { return misp.JSON(event) }},
		{"indicators.csv", func() ([]byte, error) { return exchange.CSV(in, o) }},
		{"openc2.json", func() ([]byte, error) { return exchange.OpenC2(in, o) }},
	}
	for i, x := range xarf.New(in, o) {
		list = append(list, made{fmt.Sprintf("xarf-%02d.json", i+1), func() ([]byte, error) { return xarf.JSON(x) }})
	}
	for _, m := range list {
		b, err := m.make()
		if err != nil {
			return err
		}
		s.add(m.name, b)
	}
	return nil
}

// seal writes the evidence pack over everything that the set holds.
func (d *Desk) seal(ctx context.Context, s *Set, in *report.Incident, r Request, previous string, now time.Time) error {
	key, err := evidence.OpenKey(d.Dir)
	if err != nil {
		return err
	}
	files := slices.Clone(r.Evidence)
	item := func(p, kind, media, what string, data []byte) {
		files = append(files, evidence.File{Item: evidence.Item{Path: p, Type: kind, MediaType: media, Description: what, Source: "khien",
			Method: "export", Tool: d.Tool, Collector: r.User, Acquired: now}, Data: data})
	}
	for _, o := range s.Files {
		item("report/"+o.Name, "document", media(o.Name), "", o.Data)
	}
	events, err := (evidence.Custody{Store: d.Store, Case: in.Case}).Events(ctx)
	if err != nil {
		return err
	}
	log, err := evidence.Lines(events)
	if err != nil {
		return err
	}
	item("custody.jsonl", "custody", "application/jsonl", "Nhật ký quản lý chứng cứ", log)
	item("README.txt", "document", "text/plain", "Cách kiểm tra", []byte(readme))
	var stamp evidence.Stamper
	if r.TSA != nil {
		stamp = func(manifest []byte) ([]byte, error) { return d.stamp(ctx, in.Case, r, manifest, s) }
	}
	var b bytes.Buffer
	made, err := evidence.Write(&b, evidence.Manifest{Case: in.Case, Created: now, Tool: d.Tool, TLP: r.Profile.TLP, Previous: previous}, files, key, stamp)
	if err != nil {
		return err
	}
	s.Manifest = made.Hash
	s.add(packName, b.Bytes())
	public, err := os.ReadFile(filepath.Join(d.Dir, evidence.PublicName))
	if err != nil {
		return fmt.Errorf("issue: %w", err)
	}
	s.add(evidence.PublicName, public)
	return nil
}

func media(name string) string {
	switch filepath.Ext(name) {
	case ".pdf":
		return "application/pdf"
	case ".docx":
		return "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
	case ".csv":
		return "text/csv"
	}
	return "application/json"
}

const readme = `Gói chứng cứ điện tử. Kiểm tra bằng một trong hai cách:
  khien report verify --key signing.pub evidence.zip
  unzip evidence.zip && minisign -V -p signing.pub -m manifest.json   (rồi đối chiếu SHA-256 của từng tệp trong manifest.json)
Khóa công khai phải nhận bằng đường khác với gói này.

Evidence pack. Check it in one of two ways:
  khien report verify --key signing.pub evidence.zip
  unzip evidence.zip && minisign -V -p signing.pub -m manifest.json   (then compare each file's SHA-256 with manifest.json)
The public key has to come by another way than this pack.
`

// Export writes a set into a folder of its own below dir, as a whole or not at all, and returns the folder.
func Export(dir string, s *Set) (string, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("issue: %w", err)
	}
	tmp, err := os.MkdirTemp(dir, ".new-*")
	if err != nil {
		return "", fmt.Errorf("issue: %w", err)
	}
	for _, o := range s.Files {
		if err := evidence.WriteOnce(filepath.Join(tmp, o.Name), o.Data, 0o640); err != nil {
			return "", errors.Join(err, os.RemoveAll(tmp))
		}
	}
	if err := os.Chmod(tmp, 0o750); err != nil {
		return "", errors.Join(fmt.Errorf("issue: %w", err), os.RemoveAll(tmp))
	}
	for n := 1; ; n++ {
		out := filepath.Join(dir, s.Name)
		if n > 1 {
			out += fmt.Sprintf("-%d", n)
		}
		err := os.Rename(tmp, out)
		if err == nil {
			return out, nil
		}
		if _, statErr := os.Stat(out); statErr != nil || n >= 1000 {
			return "", errors.Join(fmt.Errorf("issue: %w", err), os.RemoveAll(tmp))
		}
	}
}

// IssuedOf returns what was issued for a case, or for all cases when it is "", in the order of their times.
func (d *Desk) IssuedOf(ctx context.Context, id string) ([]Issued, error) {
	q := store.DocumentQuery{Kind: issuedKind, Limit: store.PageMax}
	if id != "" {
		q.Tags = []string{"case:" + id}
	}
	var out []Issued
	for {
		p, err := d.Store.Documents(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("issue: list: %w", err)
		}
		for _, doc := range p.Documents {
			var i Issued
			if err := json.Unmarshal(doc.Body, &i); err != nil {
				return nil, fmt.Errorf("issue: %s: %w", doc.ID, err)
			}
			out = append(out, i)
		}
		if q.Cursor = p.Next; p.Next == "" {
			break
		}
	}
	slices.SortStableFunc(out, func(a, b Issued) int { return a.At.Compare(b.At) })
	return out, nil
}

// Files returns the files of an issued report, each checked against its hash. Reading evidence is an act: it goes into the
// custody log.
func (d *Desk) Files(ctx context.Context, i *Issued, user, purpose string) (*Set, error) {
	set := i.Set
	set.Files = slices.Clone(set.Files)
	for k := range set.Files {
		b, err := d.objects().Get(set.Files[k].SHA256)
		if err != nil {
			return nil, err
		}
		set.Files[k].Data = b
	}
	_, err := (evidence.Custody{Store: d.Store, Case: i.Case}).Append(ctx, evidence.Event{Evidence: set.Manifest, Action: evidence.Accessed, At: d.Now(),
		To: evidence.Person{Name: user}, Purpose: purpose})
	return &set, err
}
