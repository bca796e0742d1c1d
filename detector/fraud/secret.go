package fraud

import (
	"bytes"
	"strings"

	"khien/detector"
)

// secret is a kind of secret that a form asks for, as a bit set.
type secret uint16

// Kinds of secrets.
const (
	secretPassword secret = 1 << iota
	secretOTP
	secretPIN
	secretCard
	secretCVV
	secretCitizen
	secretAccount
	secretPhone
	secretUser
)

// graveSecrets open an account by themselves or with one other.
const graveSecrets = secretPassword | secretOTP | secretPIN | secretCard | secretCVV

var secretTexts = [...]struct {
	bit    secret
	vi, en string
}{
	{secretPassword, "mật khẩu", "password"}, {secretOTP, "mã OTP", "one-time code"}, {secretPIN, "mã PIN", "PIN"},
	{secretCard, "số thẻ", "card number"}, {secretCVV, "mã CVV", "CVV"}, {secretCitizen, "số căn cước", "citizen number"},
	{secretAccount, "số tài khoản", "account number"}, {secretPhone, "số điện thoại", "phone number"}, {secretUser, "tên đăng nhập", "user name"},
}

// names of fields, without separators and diacritics; the whole ones are too short to be looked for inside others.
var secretFields = [...]struct {
	bit           secret
	inside, whole string
}{
	{secretOTP, "otp maxacthuc maxacnhan verificationcode verifycode smscode authcode matoken onetimecode onetimepass smartotp codesms", "code2fa 2fa tac"},
	{secretCVV, "cvv cvc securitycode maccv mabaomat", "csc"},
	{secretPIN, "pincode mapin atmpin cardpin pinthe", "pin mpin"},
	{secretPassword, "password passwd matkhau passphrase passwrd loginpass userpass", "pass pwd mk psw pw matma"},
	{secretCitizen, "cccd cmnd cmtnd socancuoc sodinhdanh citizenid identitycard idcardnumber identityno chungminh hochieu passportno", "idcard idnumber"},
	{secretCard, "cardnumber cardno ccnum creditcard sothe cardnum ccnumber masothe", "pan card"},
	{secretAccount, "accountnumber accountno sotaikhoan bankaccount accnumber", "stk account"},
	{secretPhone, "phone sodienthoai dienthoai mobile", "sdt tel phonenumber"},
	{secretUser, "username tendangnhap taikhoan", "user login userid email uid"},
}

// secretByName tells what a field asks for by its name, placeholder or label.
func secretByName(name []byte) secret {
	var plain [64]byte
	n := 0
	for _, c := range name {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			if n == len(plain) {
				break
			}
			plain[n] = c
			n++
		}
	}
	s := plain[:n]
	if n == 0 {
		return 0
	}
	for i := range secretFields {
		f := &secretFields[i]
		for w := range strings.FieldsSeq(f.whole) {
			if string(s) == w {
				return f.bit
			}
		}
		for w := range strings.FieldsSeq(f.inside) {
			if bytes.Contains(s, []byte(w)) {
				return f.bit
			}
		}
	}
	return 0
}

// secretByValue tells a secret by its form.
func secretByValue(value []byte) secret {
	switch detector.IdentityOf(value) {
	case detector.CitizenNumber:
		return secretCitizen
	case detector.MobileNumber:
		return secretPhone
	case detector.CardNumber:
		return secretCard
	}
	return 0
}

// texts lists the kinds in both languages.
func (s secret) texts() (vi, en string) {
	var a, b []string
	for _, t := range secretTexts {
		if s&t.bit != 0 {
			a, b = append(a, t.vi), append(b, t.en)
		}
	}
	return strings.Join(a, ", "), strings.Join(b, ", ")
}
