package modbus

import "khien/sensor"

// functionNames are EVE's names of the functions that have one.
var functionNames = [...]string{1: "RdCoils", "RdDiscreteInputs", "RdHoldRegs", "RdInputRegs", "WrSingleCoil", "WrSingleReg",
	"RdExcStatus", "Diagnostic", "Program484", "Poll484", "GetCommEventCtr", "GetCommEventLog", "ProgramController",
	"PollController", "WrMultCoils", "WrMultRegs", "ReportServerID", "Program884", "ResetCommLink", "RdFileRec", "WrFileRec",
	"MaskWrReg", "RdWrMultRegs", "RdFIFOQueue", encapsulated: "MEI"}

// diagnosticNames are EVE's names of the subfunctions of diagnostics.
var diagnosticNames = [...]string{"RetQueryData", "RestartCommOpt", "RetDiagReg", "ChangeInputDelimiter", "ForceListenOnlyMode",
	10: "ClearCtrDiagReg", "RetBusMsgCount", "RetBusCommErrCount", "RetBusExcErrCount", "RetServerMsgCount",
	"RetServerNoRespCount", "RetServerNAKCount", "RetServerBusyCount", "RetBusCharOverrunCount", "RetOverrunErrCount",
	"ClearOverrunCounterFlag", "GetClearPlusStats"}

// exceptionNames are EVE's names of the exceptions.
var exceptionNames = [...]string{1: "IllegalFunction", "IllegalDataAddr", "IllegalDataValue", "ServerDeviceFail", "Ack",
	"ServerDeviceBusy", "NegAck", "MemParityErr", 10: "GatewayPathUnavailable", "GatewayTargetFailToResp"}

// meiNames are EVE's names of the encapsulated interfaces.
var meiNames = [...]string{13: "CANOpenGenRefReqResp", "RdDevId"}

// accessNames, categoryNames and flagNames are those of bits, from the lowest.
var (
	accessNames   = []string{"READ", "WRITE", "DISCRETES", "COILS", "INPUT", "HOLDING", "SINGLE", "MULTIPLE"}
	categoryNames = []string{"PUBLIC_ASSIGNED", "PUBLIC_UNASSIGNED", "USER_DEFINED", "RESERVED"}
	flagNames     = []string{"DATA_VALUE", "DATA_LENGTH", "EXC_CODE", "FUNC_CODE", "PROTO_ID"}
)

// named returns a name of a list, or another where it has none.
func named(list []string, i int, other string) string {
	if i < len(list) && list[i] != "" {
		return list[i]
	}
	return other
}

// accesses has what the functions do with which table.
var accesses = [...]uint8{
	readCoils:      sensor.ModbusRead | sensor.ModbusCoils,
	readDiscretes:  sensor.ModbusRead | sensor.ModbusDiscretes,
	readHolding:    sensor.ModbusRead | sensor.ModbusHolding,
	readInput:      sensor.ModbusRead | sensor.ModbusInput,
	writeCoil:      sensor.ModbusWrite | sensor.ModbusCoils | sensor.ModbusSingle,
	writeRegister:  sensor.ModbusWrite | sensor.ModbusHolding | sensor.ModbusSingle,
	writeCoils:     sensor.ModbusWrite | sensor.ModbusCoils | sensor.ModbusMultiple,
	writeRegisters: sensor.ModbusWrite | sensor.ModbusHolding | sensor.ModbusMultiple,
	maskRegister:   sensor.ModbusWrite | sensor.ModbusHolding,
	readWrite:      sensor.ModbusRead | sensor.ModbusWrite | sensor.ModbusHolding | sensor.ModbusMultiple,
}

// category returns the category of a function code that has no name (Application Protocol, 5 and annex A).
func category(code byte) uint8 {
	switch {
	case code == 0 || code >= exceptionBit:
		return 0
	case code >= 65 && code <= 72 || code >= 100 && code <= 110:
		return sensor.ModbusUser
	case code >= 9 && code <= 14 || code == 41 || code == 42 || code == 90 || code == 91 || code >= 125:
		return sensor.ModbusReserved
	}
	return sensor.ModbusUnassigned
}
