package modbus

import (
	"slices"
	"strings"
	"testing"

	"khien/sensor"
	. "khien/sensor/app/apptest"
)

// adu makes a message of unit 10 with the transaction number id.
func adu(id byte, pdu string) string {
	return string([]byte{0, id, 0, 0, byte((len(pdu) + 1) >> 8), byte(len(pdu) + 1), 10}) + pdu
}

func run(steps ...Step) *Log { return TCP(Protocol(), portModbus, nil, 0, steps...) }

func head(id, function, name, access, category, flags string) string {
	return `"transaction_id":` + id + `,"protocol_id":0,"unit_id":10,"function_raw":` + function + `,"function_code":"` + name +
		`","access_type":"` + access + `","category":"` + category + `","error_flags":"` + flags + `"`
}

func TestExchanges(t *testing.T) {
	f := func(want string, steps ...Step) {
		t.Helper()
		l := run(steps...)
		if got := l.EVE(0); got != want || l.Err != nil || len(l.Txs) != 1 {
			t.Errorf("got %s\nwant %s\n%s", got, want, l)
		}
		for _, a := range l.Txs[0].Base().Anomalies {
			if len(a) > 0 {
				t.Errorf("%s: %q", want, a)
			}
		}
		SameCut(t, Protocol(), portModbus, nil, steps...)
	}
	const ok = "PUBLIC_ASSIGNED"
	f(`{"id":1,"request":{`+head("1", "1", "RdCoils", "READ | COILS", ok, "NONE")+`,"read":{"address":4,"quantity":9}},"response":{`+
		head("1", "1", "RdCoils", "READ | COILS", ok, "NONE")+`,"read":{"data":"ab"}}}`,
		C(adu(1, "\x01\x00\x04\x00\x09")), S(adu(1, "\x01\x02ab")))
	f(`{"id":1,"request":{`+head("1", "16", "WrMultRegs", "WRITE | HOLDING | MULTIPLE", ok, "NONE")+`,"write":{"address":1,"quantity":1,"data":"hi"}},"response":{`+
		head("1", "16", "WrMultRegs", "WRITE | HOLDING | MULTIPLE", ok, "NONE")+`,"write":{"address":1,"data":1}}}`,
		C(adu(1, "\x10\x00\x01\x00\x01\x02hi")), S(adu(1, "\x10\x00\x01\x00\x01")))
	f(`{"id":1,"request":{`+head("2", "23", "RdWrMultRegs", "READ | WRITE | HOLDING | MULTIPLE", ok, "NONE")+`,"read":{"address":1,"quantity":1},"write":{"address":2,"quantity":1,"data":"hi"}}}`,
		C(adu(2, "\x17\x00\x01\x00\x01\x00\x02\x00\x01\x02hi")))
	f(`{"id":1,"request":{`+head("3", "22", "MaskWrReg", "WRITE | HOLDING", ok, "NONE")+`,"write":{"address":1,"and_mask":255,"or_mask":2}},"response":{`+
		head("3", "150", "MaskWrReg", "WRITE | HOLDING", ok, "NONE")+`,"exception":{"raw":2,"code":"IllegalDataAddr"}}}`,
		C(adu(3, "\x16\x00\x01\x00\xff\x00\x02")), S(adu(3, "\x96\x02")))
	f(`{"id":1,"request":{`+head("4", "8", "Diagnostic", "NONE", ok, "NONE")+`,"diagnostic":{"raw":4,"code":"ForceListenOnlyMode","data":"\u0000\u0000"}}}`,
		C(adu(4, "\x08\x00\x04\x00\x00")))
	f(`{"id":1,"request":{`+head("5", "43", "MEI", "NONE", ok, "NONE")+`,"mei":{"raw":14,"code":"RdDevId","data":"\u0001\u0000"}},"response":{`+
		head("5", "43", "MEI", "NONE", ok, "NONE")+`,"mei":{"raw":14,"code":"RdDevId","data":"x"}}}`,
		C(adu(5, "\x2b\x0e\x01\x00")), S(adu(5, "\x2b\x0ex")))
	f(`{"id":1,"request":{`+head("6", "90", "Unknown", "NONE", "RESERVED", "NONE")+`,"data":"umas"}}`, C(adu(6, "\x5aumas")))
	f(`{"id":1,"request":{`+head("7", "5", "WrSingleCoil", "WRITE | COILS | SINGLE", ok, "NONE")+`,"write":{"address":2,"data":65280}}}`,
		C(adu(7, "\x05\x00\x02\xff\x00")))
}

func TestAnomalies(t *testing.T) {
	f := func(want string, dir sensor.Dir, steps ...Step) {
		t.Helper()
		l := run(steps...)
		if got := strings.Join(l.Txs[len(l.Txs)-1].Base().Anomalies[dir], " "); got != want {
			t.Errorf("got %q, want %q\n%s", got, want, l)
		}
		SameCut(t, Protocol(), portModbus, nil, steps...)
	}
	read := C(adu(1, "\x03\x00\x00\x00\x02"))
	f(InvalidValue, 0, C(adu(1, "\x03\x00\x00\x00\x7e")))
	f(InvalidLength, 0, C(adu(1, "\x03\x00\x00\x00\x02\x00")))
	f(InvalidLength, 0, C(adu(1, "\x03\x00\x00")))
	f(InvalidFunction, 0, C(adu(1, "\x00\x00\x00")))
	f(InvalidFunction, 0, C(adu(1, "\x83\x00\x00")))
	f(InvalidProtocol, 0, C("\x00\x01\x00\x07\x00\x06\x0a\x03\x00\x00\x00\x02"))
	f(InvalidException, 1, read, S(adu(1, "\x83\x0c")))
	f("", 1, read, S(adu(1, "\x83\x0b")))
	f(ValueMismatch, 1, read, S(adu(1, "\x03\x02ab")))
	f("", 1, read, S(adu(1, "\x03\x04abcd")))
	f(UnsolicitedResponse, 1, read, S(adu(2, "\x03\x04abcd")))
	f(UnsolicitedResponse, 1, read, S(adu(1, "\x04\x04abcd")))
	f(ValueMismatch, 1, C(adu(1, "\x06\x00\x01\x00\x02")), S(adu(1, "\x06\x00\x01\x00\x03")))
	f(InvalidLength, 0, C(adu(1, "\x17"+strings.Repeat("x", 300))), C(adu(2, "\x07")), C(adu(3, "\x07a")))
	l := run(C("\x00\x01\x00\x00\x00\x01\x00\x00"))
	if l.Err == nil || !slices.Equal(l.Anomalies, []string{"to_server " + InvalidLength}) {
		t.Error(l)
	}
	var flood []Step
	for range openMax + 2 {
		flood = append(flood, C(adu(1, "\x07")))
	}
	l = run(flood...)
	if got := l.Txs[openMax].Base().Anomalies[0]; !slices.Equal(got, []string{Flooded}) || len(l.Txs[openMax+1].Base().Anomalies[0]) > 0 {
		t.Errorf("%q", got)
	}
}

func TestNumbers(t *testing.T) {
	f := func(pdu string, b sensor.Buffer, i int, want int) {
		t.Helper()
		n, ok := run(C(adu(1, pdu))).Txs[0].Number(b, sensor.ToServer, i)
		if got := int(n); !ok && want != -1 || ok && got != want {
			t.Errorf("%x %#x %d: %d %t, want %d", pdu, b, i, n, ok, want)
		}
	}
	const coils, registers = "\x0f\x00\x07\x00\x0a\x02\x05\x02", "\x10\x00\x01\x00\x02\x04\x01\x02\x03\x04"
	f(coils, sensor.ModbusUnit, 0, 10)
	f(coils, sensor.ModbusFunction, 0, 15)
	f(coils, sensor.ModbusSubfunction, 0, -1)
	f(coils, sensor.ModbusWriteAddress, 0, 8)
	f(coils, sensor.ModbusWriteAddress, 1, 17)
	f(coils, sensor.ModbusReadAddress, 0, -1)
	f(coils, sensor.ModbusWritten, 8, 1)
	f(coils, sensor.ModbusWritten, 9, 0)
	f(coils, sensor.ModbusWritten, 17, 1)
	f(coils, sensor.ModbusWritten, 18, -1)
	f(registers, sensor.ModbusWritten, 2, 0x102)
	f(registers, sensor.ModbusWritten, 3, 0x304)
	f(registers, sensor.ModbusWritten, 1, -1)
	f(registers, sensor.ModbusWritten, 4, -1)
	f("\x10\x00\x01\x00\x02\x04\x01\x02\x03", sensor.ModbusWritten, 3, -1)
	f("\x05\xff\xff\xff\x00", sensor.ModbusWritten, 65536, 1)
	f("\x17\x00\x01\x00\x02\x00\x09\x00\x01\x02\x00\x07", sensor.ModbusReadAddress, 1, 3)
	f("\x17\x00\x01\x00\x02\x00\x09\x00\x01\x02\x00\x07", sensor.ModbusWriteAddress, 1, 10)
	f("\x17\x00\x01\x00\x02\x00\x09\x00\x01\x02\x00\x07", sensor.ModbusWritten, 10, 7)
	f("\x08\x00\x0a\x00\x00", sensor.ModbusSubfunction, 0, 10)
	f("\x08\x00\x05\x00\x00", sensor.ModbusCategory, 0, sensor.ModbusReserved)
	f("\x2b\x01", sensor.ModbusCategory, 0, sensor.ModbusReserved)
	f("\x41", sensor.ModbusCategory, 0, sensor.ModbusUser)
	f("\x30", sensor.ModbusCategory, 0, sensor.ModbusUnassigned)
	f("\x03\x00\x01\x00\x00", sensor.ModbusReadAddress, 0, -1)
}

func TestProbe(t *testing.T) {
	f := func(port uint16, s string, want sensor.Match) {
		t.Helper()
		if got := probe(0, []byte(s), &sensor.Flow{DstPort: port}); got != want {
			t.Errorf("%d %x: %d, want %d", port, s, got, want)
		}
	}
	f(502, adu(1, "\x07"), sensor.Yes)
	f(503, adu(1, "\x07"), sensor.No)
	f(502, "\x00\x01", sensor.More)
	f(502, "\x16\x03\x01", sensor.No)
	f(502, adu(1, "\x00"), sensor.No)
}

func TestGap(t *testing.T) {
	l := run(C(adu(1, "\x07")), Step{Gap: 5}, C("\x01\x02\x03\x04\x05\x06\x07\x08\x09"), C(adu(2, "\x07")), S(adu(2, "\x07\x01")))
	if len(l.Txs) != 2 || !strings.Contains(l.EVE(1), `"response"`) {
		t.Error(l)
	}
}

func TestAllocations(t *testing.T) {
	l := NewLog(sensor.IPProtoTCP, portModbus)
	p := Protocol().New(l.F, nil)
	NoAllocations(t, p, Quiet{Log: l}, C(adu(1, "\x03\x00\x00\x00\x02")), S(adu(1, "\x03\x02ab")))
}

// FuzzParse holds that cutting the stream anywhere changes nothing.
func FuzzParse(f *testing.F) {
	f.Add(Seed(C(adu(1, "\x01\x00\x04\x00\x09")), S(adu(1, "\x01\x02ab")), C(adu(2, "\x17\x00\x01\x00\x01\x00\x02\x00\x01\x02hi"))))
	f.Add(Seed(C(adu(3, "\x2b\x0e\x01\x00")), S(adu(3, "\xab\x01")), C("\x00\x01\x00\x07\x01\xff\x0a\x08\x00")))
	f.Fuzz(func(t *testing.T, in []byte) { SameCut(t, Protocol(), portModbus, nil, Dialogue(in)...) })
}
