package legal

import "testing"

// FuzzParse: what an administrator types is a whole pack or none, and every duty of a pack that is taken has a time.
func FuzzParse(f *testing.F) {
	for _, id := range Shipped() {
		text, err := Source(id)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte("id: x\nduties: [{id: D, due: {hours: 24}}]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := Parse("fuzz", text, nil)
		if (err == nil) != (p != nil) {
			t.Fatal("an error and a pack")
		}
		if err != nil {
			return
		}
		for _, d := range p.Duties {
			if d.Due.Validate() != nil {
				t.Errorf("%s has no time", d.ID)
			}
		}
	})
}
