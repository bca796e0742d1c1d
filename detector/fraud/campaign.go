package fraud

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"khien/detector"
	"khien/detector/window"
)

// Limits of campaigns.
const (
	maxCampaigns = 1 << 12 // traits are eight times as many
	maxMembers   = 200     // names of a campaign; two that would be larger together stay apart: what they share is not theirs
	maxVictims   = 200
	minSeries    = 6 // letters that a numbered name has at least beside its number
)

// campaigns puts what shares a trait together: the pattern of numbered names, an address, a certificate, a favicon, the
// structure of a page, the key of an application. It is a union-find over traits; each trait points to a campaign.
type campaigns struct {
	traits *window.Map[string, *campaign]
}

// campaign is a set of names that belong together. One that was merged points to what it has become.
type campaign struct {
	Into    *campaign    `json:"-"`
	ID      string       `json:"id"`
	Brand   string       `json:"brand,omitempty"`
	First   time.Time    `json:"first"`
	Last    time.Time    `json:"last"`
	Members []member     `json:"members"`
	Victims []netip.Addr `json:"victims,omitempty"`
	Traits  []string     `json:"traits"`
	told    int          // members and victims when it was last told
}

// member is a name of a campaign.
type member struct {
	Name        string `json:"name"`
	First, Last time.Time
	Victims     int    `json:"victims"`
	How         string `json:"how"` // seen, certificate, feed, series
}

func newCampaigns() *campaigns {
	return &campaigns{traits: window.New[string, *campaign](8*maxCampaigns, 0)}
}

// root follows merges to the campaign that holds now.
func (c *campaign) root() *campaign {
	for c.Into != nil {
		if c.Into.Into != nil {
			c.Into = c.Into.Into
		}
		c = c.Into
	}
	return c
}

// seriesOf returns the pattern of a numbered name, "vay-nhanh#" for vay-nhanh24.example, "" for one without a number or
// with too few letters to tell.
func seriesOf(name string) string {
	reg := registrable(name)
	label, _, ok := strings.Cut(reg, ".")
	if !ok {
		return ""
	}
	var b strings.Builder
	letters, numbers := 0, 0
	for i := range len(label) {
		switch c := label[i]; {
		case c >= '0' && c <= '9':
			if i == 0 || label[i-1] < '0' || label[i-1] > '9' {
				b.WriteByte('#')
				numbers++
			}
		default:
			letters++
			b.WriteByte(c)
		}
	}
	if letters < minSeries || numbers == 0 || numbers > 2 {
		return ""
	}
	return b.String()
}

// series returns the pattern that a name shares with a campaign, "" for none.
func (cs *campaigns) series(name string) string {
	p := seriesOf(name)
	if p == "" {
		return ""
	}
	c, ok := cs.traits.Get("series " + p)
	if !ok {
		return ""
	}
	for _, m := range c.root().Members {
		if m.Name != name && seriesOf(m.Name) == p {
			return p
		}
	}
	return ""
}

func (cs *campaigns) brand(pattern string) string {
	if c, ok := cs.traits.Get("series " + pattern); ok {
		return c.root().Brand
	}
	return ""
}

// join puts a finding about a name into the campaign that its traits belong to and returns it; campaigns that the traits
// join become one. nil means that the finding has nothing to share.
func (cs *campaigns) join(name, brand string, v netip.Addr, at time.Time, traits []string) *campaign {
	if name == "" || len(traits) == 0 {
		return nil
	}
	var c *campaign
	for _, t := range traits {
		if o, ok := cs.traits.Get(t); ok {
			if o = o.root(); c == nil {
				c = o
			} else if o != c {
				c = merge(c, o)
			}
		}
	}
	if c == nil {
		sum := sha256.Sum256(fmt.Appendf(nil, "campaign\x00%s\x00%d", name, at.UnixNano()))
		c = &campaign{ID: hex.EncodeToString(sum[:16]), First: at}
	}
	c.Brand = cmp.Or(c.Brand, brand)
	if at.After(c.Last) {
		c.Last = at
	}
	c.add(name, v, at, "seen")
	for _, t := range traits {
		if _, ok := cs.traits.Get(t); !ok {
			cs.traits.Set(t, c)
			if len(c.Traits) < maxMembers && !slices.Contains(c.Traits, t) {
				c.Traits = append(c.Traits, t)
			}
		}
	}
	return c
}

// merge makes one campaign of two and returns it: the one that began first. Two that are too large to be one stay.
func merge(a, b *campaign) *campaign {
	if len(a.Members)+len(b.Members) > maxMembers {
		return a
	}
	if b.First.Before(a.First) || b.First.Equal(a.First) && b.ID < a.ID {
		a, b = b, a
	}
	b.Into = a
	for _, m := range b.Members {
		if i := a.find(m.Name); i >= 0 {
			x := &a.Members[i]
			x.Victims += m.Victims
			if m.Last.After(x.Last) {
				x.Last = m.Last
			}
		} else {
			a.Members = append(a.Members, m)
		}
	}
	for _, v := range b.Victims {
		a.victim(v)
	}
	for _, t := range b.Traits {
		if len(a.Traits) < maxMembers && !slices.Contains(a.Traits, t) {
			a.Traits = append(a.Traits, t)
		}
	}
	if b.Last.After(a.Last) {
		a.Last = b.Last
	}
	a.Brand = cmp.Or(a.Brand, b.Brand)
	return a
}

func (c *campaign) find(name string) int {
	return slices.IndexFunc(c.Members, func(m member) bool { return m.Name == name })
}

func (c *campaign) victim(v netip.Addr) (isNew bool) {
	if !v.IsValid() || slices.Contains(c.Victims, v) {
		return false
	}
	if len(c.Victims) < maxVictims {
		c.Victims = append(c.Victims, v)
	}
	return true
}

// add notes a member, with the victim that met it, if any.
func (c *campaign) add(name string, v netip.Addr, at time.Time, how string) {
	met := c.victim(v)
	i := c.find(name)
	if i < 0 {
		if len(c.Members) >= maxMembers {
			return
		}
		c.Members = append(c.Members, member{Name: name, First: at, Last: at, How: how})
		i = len(c.Members) - 1
		met = v.IsValid()
	}
	m := &c.Members[i]
	if at.After(m.Last) {
		m.Last = at
	}
	if v.IsValid() {
		m.How = "seen"
		if met {
			m.Victims++
		}
	}
}

// finding tells of the campaign when it has grown, nil otherwise. One name alone is none.
func (c *campaign) finding(capture string, post detector.Post) *detector.Finding {
	if c.told >= len(c.Members)+len(c.Victims) {
		return nil
	}
	first := registrable(c.Members[0].Name)
	if !slices.ContainsFunc(c.Members, func(m member) bool { return registrable(m.Name) != first }) {
		return nil
	}
	c.told = len(c.Members) + len(c.Victims)
	f := &detector.Finding{Source: detector.FromFraud, Rule: detector.Rule{ID: "fraud.campaign", Name: "Fraud campaign", Category: "Phishing",
		Ruleset: "khien-fraud", Action: "allowed"}, Severity: detector.High, Score: 0.9, Time: c.First, First: c.First, Last: c.Last,
		Capture: capture, ID: c.ID, CampaignID: c.ID, Count: len(c.Members), Direction: "to_server", Post: post}
	if len(c.Victims) > 0 {
		f.SrcIP = c.Victims[0]
	}
	early := 0
	for _, m := range c.Members {
		f.RelatedHosts = appendHost(f.RelatedHosts, m.Name)
		switch {
		case m.How != "seen":
			early++
			f.Steps = append(f.Steps, detector.Step{Time: m.First, Stage: "member", Visibility: "inferred", Evidence: m.How,
				What: detector.Text{VI: m.Name + ": chưa có nạn nhân, biết qua " + howVI(m.How), EN: m.Name + ": no victim yet, known by its " + m.How}})
		default:
			f.Steps = append(f.Steps, detector.Step{Time: m.First, Stage: "member", Visibility: "seen",
				What: detector.Text{VI: fmt.Sprintf("%s: %d nạn nhân, lần cuối %s", m.Name, m.Victims, m.Last.Format(time.RFC3339)),
					EN: fmt.Sprintf("%s: victims: %d, last seen %s", m.Name, m.Victims, m.Last.Format(time.RFC3339))}})
		}
	}
	slices.SortStableFunc(f.Steps, func(a, b detector.Step) int { return a.Time.Compare(b.Time) })
	for _, v := range c.Victims {
		f.RelatedIPs = append(f.RelatedIPs, v.String())
	}
	f.Domain = c.Members[0].Name
	f.Fraud = &detector.Fraud{Kind: "campaign", Brand: c.Brand, Visibility: "seen", Score: f.Score}
	f.Reasons = c.reasons()
	f.Summary = detector.Text{
		VI: fmt.Sprintf("Chiến dịch lừa đảo%s: %d tên miền, %d nạn nhân", as(c.Brand, " giả mạo "), len(c.Members), len(c.Victims)),
		EN: fmt.Sprintf("Fraud campaign%s: names: %d, victims: %d", as(c.Brand, " that imitates "), len(c.Members), len(c.Victims))}
	if early > 0 {
		f.Summary.VI += fmt.Sprintf(", trong đó %d tên miền chưa có nạn nhân", early)
		f.Summary.EN += fmt.Sprintf(", of which without a victim so far: %d", early)
	}
	f.Techniques = phishing
	return f
}

func howVI(how string) string {
	switch how {
	case "certificate":
		return "chứng thư số dùng chung"
	case "feed":
		return "danh sách tên miền mới"
	}
	return "dãy tên"
}

var traitTexts = map[string]detector.Text{
	"series": {VI: "tên đánh số theo cùng một mẫu", EN: "names numbered after one pattern"},
	"addr":   {VI: "dùng chung địa chỉ", EN: "they share an address"},
	"cert":   {VI: "dùng chung chứng thư số", EN: "they share a certificate"},
	"icon":   {VI: "dùng chung biểu tượng trang", EN: "they share a favicon"},
	"page":   {VI: "trang có cùng cấu trúc", EN: "their pages have the same structure"},
	"signer": {VI: "ứng dụng ký bằng cùng một khóa", EN: "their applications are signed with one key"},
}

// reasons tells the kinds of traits that hold the campaign together.
func (c *campaign) reasons() []detector.Reason {
	var kinds []string
	for _, t := range c.Traits {
		kind, _, _ := strings.Cut(t, " ")
		kinds = appendHost(kinds, kind)
	}
	slices.Sort(kinds)
	var out []detector.Reason
	for _, k := range kinds {
		if t, ok := traitTexts[k]; ok {
			out = append(out, detector.Reason{Text: t, Weight: thousandths(1 / float64(len(kinds))), Buffer: "memory"})
		}
	}
	return out
}
