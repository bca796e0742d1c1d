package behaviour

import "khien/sensor"

// userMax is how much of a user's name a note keeps.
const userMax = 256

// login reads what became of a login. ok is false for a transaction that is none, or whose end does not show yet.
func login(tx sensor.Transaction, dir sensor.Dir) (worked bool, user string, ok bool) {
	result, ok := tx.Number(sensor.LoginResult, sensor.ToClient, 0)
	if !ok {
		return false, "", false
	}
	if v, ok := tx.Buffer(sensor.LoginUser, sensor.ToClient, 0); ok {
		user = string(v[:min(len(v), userMax)])
	}
	return result == 1, user, true
}
