package sensor

// Alert is the match of a rule of another sensor, as that sensor tells it.
type Alert struct {
	Engine     string // what matched: "Suricata", "Zeek"
	Host       string // the name that the other sensor gives itself, "" when it gives none
	Interface  string // that it captured from, "" when it does not tell
	ID         string // sid of a signature, name of a notice
	GID, Rev   int
	Priority   int // 1 is the most urgent; 0 when there is none
	Name       string
	Category   string
	Message    string // what it says of this match, "" when that is Name
	Action     string // "allowed" or "blocked"
	Text       string // the rule as written, "" when it is not told
	References []string
	Metadata   map[string][]string
}
