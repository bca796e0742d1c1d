package signature

import (
	"testing"

	"khien/sensor"
)

// classesTx has the attributes of a security association at their classes, as the sensor gives them.
type classesTx struct {
	fakeTx
	values map[int]uint64
}

func (t *classesTx) Number(b sensor.Buffer, _ sensor.Dir, i int) (uint64, bool) {
	v, ok := t.values[i]
	return v, ok && b == sensor.IKEChosenSA
}

func TestChosenSA(t *testing.T) {
	f := func(arg string, d sensor.Dir, want bool) {
		t.Helper()
		b := newBench(load(t, `alert ike any any -> any any (ike.chosen_sa_attribute:`+arg+`; sid:1;)`), sensor.IPProtoUDP, sensor.ProtoIKE)
		tx := &classesTx{fakeTx{TxBase: sensor.TxBase{Proto: sensor.ProtoIKE, Done: [2]sensor.Progress{sensor.ProgressComplete, sensor.ProgressComplete}}},
			map[int]uint64{1: 7, 2: 4, 14: 128, sensor.IKEInteg: 12}}
		b.event(sensor.Event{Kind: sensor.KindTx, Dir: d, Tx: tx})
		b.packet(d, "")
		if got := b.tape.sids() == "1"; got != want {
			t.Errorf("%s: %t", arg, got)
		}
	}
	f("alg_hash=4", sensor.ToClient, true)
	f("alg_hash=4", sensor.ToServer, false)
	f("alg_hash=2", sensor.ToClient, false)
	f("alg_enc = 7", sensor.ToClient, true)
	f("sa_key_length=128", sensor.ToClient, true)
	f("alg_auth=12", sensor.ToClient, true)
	f("alg_dh=0", sensor.ToClient, false)
	bad(t, "ike.chosen_sa_attribute:alg_hash", "ike.chosen_sa_attribute:alg_hash=x", "ike.chosen_sa_attribute:alg=1", "ike.chosen_sa_attribute:alg_hash>2")
}
