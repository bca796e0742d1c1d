package fraud

import "bytes"

// seriesTails are what campaigns write behind the number of a name: shop, shopping, Vietnam.
var seriesTails = [...]string{"p", "s", "vn", "shp", "sp", "shop"}

// series adds signs of names that are made by number, and of names that carry Vietnam at an edge.
func (v *Verdict) series(n *Names, text []byte) {
	letters, digits, tail, ok := numbered(text)
	if ok && len(digits) >= 4 && len(letters) >= 2 && len(letters) <= 4 {
		for _, t := range seriesTails {
			if string(tail) == t && !v.private {
				v.add(featSeries)
			}
		}
		if len(tail) <= 4 && (bytes.HasPrefix(letters, []byte("vn")) || string(letters) == "sp" || string(letters) == "shp" || bytes.HasSuffix(letters, []byte("vn"))) {
			v.add(featSeriesVN)
		}
	}
	front, back := bytes.HasPrefix(text, []byte("vn")), bytes.HasSuffix(text, []byte("vn"))
	if len(text) < 5 || front == back || v.private {
		return
	}
	zone := n.zones.class(v.host[v.suffix:])
	if zone == zoneVN || zone == zoneCountry {
		return
	}
	v.add(featCountryEdge)
	if zone == zoneCheap || zone == zoneFree {
		v.add(featCountryCheap)
	}
}

// numbered takes a label of letters, digits and perhaps letters again apart.
func numbered(text []byte) (letters, digits, tail []byte, ok bool) {
	i := 0
	for i < len(text) && text[i] >= 'a' && text[i] <= 'z' {
		i++
	}
	j := i
	for j < len(text) && text[j] >= '0' && text[j] <= '9' {
		j++
	}
	for _, c := range text[j:] {
		if c < 'a' || c > 'z' {
			return nil, nil, nil, false
		}
	}
	return text[:i], text[i:j], text[j:], true
}
