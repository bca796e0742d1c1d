package smb

// table is a map that forgets its oldest entry when it is full.
type table[K comparable, V any] struct {
	m     map[K]V
	order []K
}

func (t *table[K, V]) get(k K) (V, bool) {
	v, ok := t.m[k]
	return v, ok
}

// put sets an entry and returns the one that it pushed out or replaced.
func (t *table[K, V]) put(k K, v V, limit int) (old V, dropped bool) {
	if t.m == nil {
		t.m = map[K]V{}
	}
	if old, dropped = t.m[k]; dropped {
		t.m[k] = v
		return old, true
	}
	for len(t.m) >= limit {
		first := t.order[0]
		t.order = t.order[1:]
		if o, ok := t.m[first]; ok {
			old, dropped = o, true
			delete(t.m, first)
		}
	}
	t.m[k] = v
	t.order = append(t.order, k)
	return old, dropped
}

func (t *table[K, V]) drop(k K) {
	if _, ok := t.m[k]; !ok {
		return
	}
	delete(t.m, k)
	for i, x := range t.order {
		if x == k {
			t.order = append(t.order[:i], t.order[i+1:]...)
			return
		}
	}
}
