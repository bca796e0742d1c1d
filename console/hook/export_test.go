package hook

// LoseActive forgets active entries as no code of ours does, so that the last brake can be tested.
func (b *Book) LoseActive(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id := range b.active {
		if n == 0 {
			return
		}
		delete(b.active, id)
		b.dirty[id] = struct{}{}
		n--
	}
}
