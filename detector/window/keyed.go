package window

// Get returns the value of a key and keeps it remembered; ok is false for a key that is not.
func (m *Map[K, V]) Get(key K) (v V, ok bool) {
	e := m.now[key]
	if e == nil {
		if e = m.before[key]; e == nil {
			return v, false
		}
		m.At(key, e.last)
	}
	return e.Value, true
}

// Set gives a key a value, at no time: it is for maps that keep their values whatever their age.
func (m *Map[K, V]) Set(key K, v V) { m.At(key, 0).Value = v }

// Delete forgets a key.
func (m *Map[K, V]) Delete(key K) {
	delete(m.now, key)
	delete(m.before, key)
}

// All calls f for every key, in no order.
func (m *Map[K, V]) All(f func(K, V)) {
	for _, part := range [...]map[K]*entry[V]{m.before, m.now} {
		for k, e := range part {
			f(k, e.Value)
		}
	}
}
