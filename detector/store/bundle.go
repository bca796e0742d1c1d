package store

import (
	"time"

	"khien/detector"
)

// BundlesMax is how many bundles are told: as many as a query may have areas, AreasMax, and what lies outside them.
const (
	AreasMax   = 256
	BundlesMax = AreasMax + 1
)

// BundleFields are the fields by which findings can be bundled.
// By ByUnit each area of the query is a bundle, and what touches none of them is the bundle Outside.
func BundleFields() []string { return []string{"chain", "campaign", "brand", "sensor", ByUnit} }

// ByUnit is the field of BundleFields whose values are the areas of the query.
const ByUnit = "unit"

// Outside is the value of the bundle by ByUnit that touches no area. Without areas there is none.
const Outside = ""

// Bundle is the findings of a query that share a value: of one story, campaign, brand, sensor or area. Those without any are in
// no bundle, except for Outside, and what holds several values is in several.
type Bundle struct {
	Value       string
	Severity    detector.Severity // highest
	Score       float64           // highest
	Findings    int
	Groups      int // that the findings belong to
	First, Last time.Time
	Latest      detector.Finding // by time
}

// BundleList is an answer.
type BundleList struct {
	Bundles []Bundle
	More    bool // there are more than BundlesMax
}
