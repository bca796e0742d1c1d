// Package rules embeds the rules that ship with the program: signatures in the Suricata language, YARA rules, and the
// brands that fraud detection protects. Beside each file of rules stands a .txtar with traffic that must fire and a
// look-alike that must stay silent.
package rules

import "embed"

// FS holds signatures/*.rules, yara/*.yar and fraud/*.yaml.
//
//go:embed signatures/*.rules yara/*.yar fraud/*.yaml
var FS embed.FS
