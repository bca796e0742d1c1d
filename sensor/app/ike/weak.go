package ike

// protocolAH is the protocol of a proposal without encryption (RFC 7296, 3.3.1).
const protocolAH = 2

// proposal2 is a proposal of version 2.
type proposal2 struct {
	protocol   byte
	unknown    bool // it has transforms of types that nobody knows
	transforms []attribute
}

// note adds an anomaly, each once.
func (tx *Tx) note(name string) {
	for _, n := range tx.Anomalies[tx.dir] {
		if n == name {
			return
		}
	}
	tx.Anomalies[tx.dir] = append(tx.Anomalies[tx.dir], name)
}

// judge notes what is weak in a proposal of version 2, by IANA's numbers of transforms. Integrity may be missing only where
// the encryption has it (RFC 5282, 8).
func (tx *Tx) judge(p *proposal2) {
	group, whole := false, false
	for _, a := range p.transforms {
		if !a.v2 {
			continue
		}
		switch a.class {
		case 1: // encryption
			switch {
			case a.value >= 1 && a.value <= 9, a.value == 11:
				tx.note(WeakEncryption)
			case a.value >= 14 && a.value <= 20 && a.value != 17, a.value >= 25 && a.value <= 28:
				whole = true
			}
		case 13: // pseudo-random function
			switch a.value {
			case 0:
				tx.note(InvalidProposal)
			case 1, 2:
				tx.note(WeakPRF)
			}
		case classInteg:
			if a.value >= 1 && a.value <= 7 {
				tx.note(WeakAuth)
			}
			whole = whole || a.value != 0
		case 4: // group of the key exchange
			group = true
			switch a.value {
			case 0:
				tx.note(InvalidProposal)
			case 1, 2, 5, 22:
				tx.note(WeakDH)
			}
		}
	}
	if p.unknown {
		tx.note(UnknownProposal)
	}
	if !group {
		tx.note(WeakNoDH)
	}
	if p.protocol == protocolAH {
		tx.note(NoEncryption)
	}
	if !whole {
		tx.note(WeakNoAuth)
	}
}
