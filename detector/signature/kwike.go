package signature

import (
	"fmt"
	"strconv"
	"strings"

	"khien/sensor"
)

// saAttributes are attributes of a security association by their classes (RFC 2409, appendix A).
var saAttributes = map[string][]int{"alg_enc": {1}, "alg_hash": {2}, "alg_auth": {3, sensor.IKEInteg}, "alg_dh": {4}, "sa_group_type": {5},
	"sa_life_type": {11}, "sa_life_duration": {12}, "alg_prf": {13}, "sa_key_length": {14}, "sa_field_size": {15}}

// ikeKeywords are those that are more than a buffer.
func ikeKeywords() []keyword {
	return []keyword{{"ike.chosen_sa_attribute", argNeed, (*builder).chosenSA}}
}

// chosenSA is a value that the responder chose.
type chosenSA struct {
	classes []int
	value   uint64
}

func (c *chosenSA) run(s *scan) bool {
	for _, class := range c.classes {
		if v, ok := s.m.number(s.l.def, class); ok && v == c.value {
			return true
		}
	}
	return false
}

// chosenSA reads ATTRIBUTE=VALUE.
func (b *builder) chosenSA(arg string) error {
	name, value, _ := strings.Cut(arg, "=")
	classes, ok := saAttributes[strings.TrimSpace(name)]
	if !ok {
		return fmt.Errorf("unknown attribute %q", name)
	}
	n, err := strconv.ParseUint(strings.TrimSpace(value), 10, 32)
	if err != nil {
		return fmt.Errorf("bad value %q", value)
	}
	// Many, since that of class 0 is none.
	d := &bufferDef{name: "ike.chosen_sa_attribute", buf: sensor.IKEChosenSA, dirs: toClient, protos: []sensor.Proto{sensor.ProtoIKE},
		stage: stLine, flags: numeric | multi, bits: 32}
	_, err = b.addTo(d, &chosenSA{classes, n})
	return err
}
