package decode

import "fmt"

// Policy says whose bytes count where two fragments overlap. Hosts differ, and an attacker picks the reading that the
// monitor does not share, so it is set to what the protected hosts run.
type Policy uint8

// Policies, named after the systems that follow them (Novak, "Target-Based Fragmentation Reassembly", 2005).
const (
	PolicyBSD     Policy = iota // the fragment that begins first; the earlier one when both begin together
	PolicyLinux                 // the same, but the later one when both begin together
	PolicyFirst                 // the fragment that came first
	PolicyLast                  // the fragment that came last
	PolicyWindows               // the one that came first, unless the other reaches beyond it on both sides
	PolicySolaris               // the same, but both may end together
)

var policyNames = [...]string{"bsd", "linux", "first", "last", "windows", "solaris"}

// String returns the name that ParsePolicy reads.
func (p Policy) String() string { return policyNames[p] }

// ParsePolicy reads the name of a policy as Suricata's host-os-policy has them.
func ParsePolicy(name string) (Policy, error) {
	for i, n := range policyNames {
		if n == name {
			return Policy(i), nil
		}
	}
	switch name {
	case "bsd-right":
		return PolicyLast, nil
	case "old-linux":
		return PolicyLinux, nil
	}
	return 0, fmt.Errorf("decode: fragment policy %q is not known", name)
}

// keepsOld reports whether a fragment that was there, [oldOff, oldEnd), keeps its bytes against a new one.
func (p Policy) keepsOld(oldOff, oldEnd, newOff, newEnd int) bool {
	switch p {
	case PolicyLinux:
		return oldOff < newOff
	case PolicyFirst:
		return true
	case PolicyLast:
		return false
	case PolicyWindows:
		return !(newOff < oldOff && newEnd > oldEnd)
	case PolicySolaris:
		return !(newOff < oldOff && newEnd >= oldEnd)
	}
	return oldOff <= newOff
}
