package krb5

import "khien/sensor/app/ber"

// parse reads a message.
func (tx *Tx) parse(b []byte) bool {
	tag, body, _, ok := ber.Next(b)
	if !ok || !isMessage(int(tag)-0x60) {
		return false
	}
	tx.kind = int(tag) - 0x60
	fields, _, ok := ber.Expect(body, ber.TagSequence)
	if !ok {
		return false
	}
	switch tx.kind {
	case asReq, tgsReq:
		each(fields, func(n byte, v []byte) {
			if n == 4 {
				tx.requestBody(v)
			}
		})
	case asRep, tgsRep:
		each(fields, tx.replyField)
	case errMsg:
		each(fields, tx.errorField)
	case apReq:
		each(fields, func(n byte, v []byte) {
			switch n {
			case 3:
				tx.ticket(v)
			case 4:
				tx.encryption, tx.encrypted = etype(v)
			}
		})
	}
	return true
}

// each calls f with the number and content of the fields of a sequence.
func each(b []byte, f func(n byte, v []byte)) {
	for len(b) > 0 {
		tag, v, rest, ok := ber.Next(b)
		if !ok {
			return
		}
		if tag&0xe0 == 0xa0 {
			f(tag&0x1f, v)
		}
		b = rest
	}
}

// requestBody reads KDC-REQ-BODY (RFC 4120, 5.4.1).
func (tx *Tx) requestBody(b []byte) {
	fields, _, ok := ber.Expect(b, ber.TagSequence)
	if !ok {
		return
	}
	each(fields, func(n byte, v []byte) {
		switch n {
		case 1:
			tx.cname = principal(v)
		case 2:
			tx.realm = text(v)
		case 3:
			tx.sname = principal(v)
		}
	})
}

// replyField reads a field of KDC-REP (RFC 4120, 5.4.2).
func (tx *Tx) replyField(n byte, v []byte) {
	switch n {
	case 3:
		tx.realm = text(v)
	case 4:
		tx.cname = principal(v)
	case 5:
		tx.ticket(v)
	case 6:
		tx.encryption, tx.encrypted = etype(v)
	}
}

// errorField reads a field of KRB-ERROR (RFC 4120, 5.9.1).
func (tx *Tx) errorField(n byte, v []byte) {
	switch n {
	case 6:
		tx.code, _, tx.hasCode = ber.ExpectInt(v, ber.TagInteger)
	case 7:
		tx.crealm = text(v)
	case 8:
		tx.cname = principal(v)
	case 9:
		tx.serverRealm = text(v)
	case 10:
		tx.sname = principal(v)
	}
}

// ticket reads the server's name and the encryption of a ticket (RFC 4120, 5.3).
func (tx *Tx) ticket(b []byte) {
	body, _, ok := ber.Expect(b, 0x61)
	fields, _, ok2 := ber.Expect(body, ber.TagSequence)
	if !ok || !ok2 {
		return
	}
	each(fields, func(n byte, v []byte) {
		switch n {
		case 2:
			tx.sname = principal(v)
		case 3:
			tx.ticketEnc, tx.hasTicket = etype(v)
		}
	})
}

// etype returns the encryption type of EncryptedData (RFC 4120, 5.2.9).
func etype(b []byte) (e int64, ok bool) {
	fields, _, ok := ber.Expect(b, ber.TagSequence)
	if !ok {
		return 0, false
	}
	field, _, ok := ber.Expect(fields, 0xa0)
	if !ok {
		return 0, false
	}
	e, _, ok = ber.ExpectInt(field, ber.TagInteger)
	return e, ok
}

// principal returns the parts of a name (RFC 4120, 5.2.2).
func principal(b []byte) [][]byte {
	fields, _, ok := ber.Expect(b, ber.TagSequence)
	if !ok {
		return nil
	}
	parts := [][]byte{}
	each(fields, func(n byte, v []byte) {
		list, _, ok := ber.Expect(v, ber.TagSequence)
		if n != 1 || !ok {
			return
		}
		for len(list) > 0 && len(parts) < partsMax {
			tag, s, rest, ok := ber.Next(list)
			if !ok || tag != tagGeneralString {
				return
			}
			parts = append(parts, append([]byte{}, s[:min(len(s), nameMax)]...))
			list = rest
		}
	})
	return parts
}

const tagGeneralString = 0x1b

func text(b []byte) []byte {
	s, _, ok := ber.Expect(b, tagGeneralString)
	if !ok {
		return nil
	}
	return append([]byte{}, s[:min(len(s), nameMax)]...)
}
