package store

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Limits of Counts.
const (
	PartsMax = 240 // parts of a histogram
	TopMax   = 12  // values of a field
)

// Counts tell about the findings that a query selects.
type Counts struct {
	Total    int
	From, To time.Time // of Parts: the query's ends, where it is open the first finding and behind the last one
	Parts    []int     // findings in equal parts of From…To; nil without findings
	// Top are the values that occur most often, by field: severity, rule, source, src, dst, host, brand and those of Fields.
	// The most frequent stands first, then the lower one; which of those that occur as often are left out is the store's
	// affair. A store may look at the newest findings only: Counted says at how many.
	Top     map[string][]ValueCount
	Counted int
}

// ValueCount is how many findings hold a value.
type ValueCount struct {
	Value string
	Count int
}

// TopOf puts values into order, at most TopMax.
func TopOf(list []ValueCount) []ValueCount {
	slices.SortFunc(list, func(a, b ValueCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Value, b.Value))
	})
	return list[:min(len(list), TopMax)]
}
