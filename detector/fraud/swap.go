package fraud

// Follow makes n remember what old was asked to hold back, so that no victim is reported with the same twice because the
// brands were loaded anew. It has to be called before a Detector has n.
func (n *Names) Follow(old *Names) { n.seen = old.seen }

// Swap goes on with other names. It may be called between packets, by the goroutine that owns the Detector. Names found
// clean are judged anew; pages that asked for secrets stay with their brand where the brand stays.
func (d *Detector) Swap(n *Names) {
	if n == d.names {
		return
	}
	at := make(map[string]int32, len(n.brands))
	for i := range n.brands {
		at[n.brands[i].Name] = int32(i)
	}
	for k, i := range d.pages {
		if i < 0 {
			continue // a page in nobody's name
		}
		if j, ok := at[d.names.brands[i].Name]; ok {
			d.pages[k] = j
		} else {
			delete(d.pages, k)
		}
	}
	d.names, d.v = n, Verdict{}
	d.clean.reset()
	clear(d.told[:])
}
