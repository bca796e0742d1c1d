package stream

import "fmt"

// Policy says whose bytes count where two segments overlap that have not been delivered yet.
type Policy uint8

// Policies, named after the systems that follow them (Novak and Sturges, "Target-Based TCP Stream Reassembly", 2007).
const (
	PolicyBSD      Policy = iota // the segment that begins first; the earlier one when both begin together
	PolicyLinux                  // the same, but a later one that begins at the same place and ends behind it wins
	PolicyOldLinux               // the same, and it wins too when both end together
	PolicyFirst                  // the segment that came first
	PolicyLast                   // the segment that came last
	PolicyWindows                // the one that came first, unless the other reaches beyond it on both sides
	PolicySolaris                // the same, but both may end together
)

var policyNames = [...]string{"bsd", "linux", "old-linux", "first", "last", "windows", "solaris"}

// String returns the name that ParsePolicy reads.
func (p Policy) String() string { return policyNames[p] }

// ParsePolicy reads the name of a policy.
func ParsePolicy(name string) (Policy, error) {
	for i, n := range policyNames {
		if n == name {
			return Policy(i), nil
		}
	}
	return 0, fmt.Errorf("stream: policy %q is not known", name)
}

// keepsOld reports whether the segment that was there, [oldSeq, oldEnd), keeps its bytes against a new one.
func (p Policy) keepsOld(oldSeq, oldEnd, newSeq, newEnd uint32) bool {
	begins := int32(newSeq - oldSeq)
	ends := int32(newEnd - oldEnd)
	switch p {
	case PolicyFirst:
		return true
	case PolicyLast:
		return false
	case PolicyLinux:
		return !(begins < 0 || begins == 0 && ends > 0)
	case PolicyOldLinux:
		return !(begins < 0 || begins == 0 && ends >= 0)
	case PolicyWindows:
		return !(begins < 0 && ends > 0)
	case PolicySolaris:
		return !(begins < 0 && ends >= 0)
	}
	return begins >= 0
}
