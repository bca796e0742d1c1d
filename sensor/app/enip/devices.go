package enip

// vendors are some of those that ODVA has given a number, as EVE names them; a record has the number of the others.
var vendors = map[uint16]string{
	1: "Rockwell Automation/Allen-Bradley", 2: "Namco Controls Corp.", 3: "Honeywell Inc.",
	4: "Parker Hannifin Corp. (Veriflo Division)", 5: "Rockwell Automation/Reliance Elec.", 7: "SMC Corporation",
	8: "Molex Incorporated", 12: "Banner Engineering Corp.", 13: "Belden Wire & Cable Company", 26: "Festo Corporation",
	40: "Wago Corporation", 44: "Yaskawa Electric America Inc.", 46: "ABB Industrial Systems", 47: "Omron Corporation",
	48: "Turck Inc.", 50: "Real Time Automation (C&ID)", 56: "Softing GmbH", 57: "Pepperl + Fuchs", 58: "Spectrum Controls Inc.",
	68: "Eaton Electrical", 71: "Toshiba International Corp.", 74: "Hitachi Ltd.", 75: "ABB Robotics Products AB",
	77: "Rockwell Software Inc.", 82: "Mitsubishi Electric Automation Inc.", 83: "OPTO-22", 86: "Horner Electric",
	90: "HMS Industrial Networks AB", 94: "Advantech Co. Ltd.", 95: "Square D Company", 96: "Digital Electronics Corp.",
	97: "Danfoss", 100: "Bosch Rexroth Corporation, Pneumatics", 108: "Beckhoff Automation GmbH", 109: "National Instruments",
	121: "KUKA Roboter GmbH", 143: "GE Industrial Systems", 145: "Siemens Energy & Automation/Drives", 153: "WATLOW",
	159: "IDEC IZUMI Corporation", 161: "Mitsubishi Electric Corporation", 171: "Denso Wave Incorporated",
	176: "Red Lion Controls", 181: "Pilz GmbH & Co", 187: "Oriental Motor Company", 206: "Vector Informatik GmbH",
	243: "Schneider Automation Inc.", 248: "Moeller GmbH", 250: "Yokogawa Electric Corporation", 252: "Omron Software Co. Ltd.",
	255: "Bosch Rexroth", 256: "Turck", 257: "Control Techniques PLC", 259: "LS Industrial Systems", 283: "Hilscher GmbH",
	309: "Prosoft Technology", 315: "SEW Eurodrive GmbH", 319: "Fuji Electric Co. Ltd.", 322: "ifm efector, inc.",
	326: "GE Fanuc Automation North America Inc.", 334: "KEBA AG", 345: "Endress + Hauser", 346: "Lincoln Electric Company",
	351: "Kawasaki Robotics (USA) Inc.", 356: "Fanuc Robotics America", 361: "Wonderware Corporation", 367: "Keyence Corporation",
}

// deviceTypes are the profiles of devices (volume 1, 6-1), as EVE names them.
var deviceTypes = map[uint16]string{
	0: "Generic Device (deprecated)", 1: "Control Station (deprecated)", 2: "AC Drive Device", 3: "Motor Overload",
	4: "Limit Switch", 5: "Inductive Proximity Switch", 6: "Photoelectric Sensor", 7: "General Purpose Discrete I/O",
	8: "Encoder (deprecated)", 9: "Resolver", 10: "General Purpose Analog I/O (deprecated)", 12: "Communications Adapter",
	13: "Barcode Scanner (deprecated)", 14: "Programmable Logic Controller", 16: "Position Controller",
	17: "Weigh Scale (deprecated)", 18: "Message Display (deprecated)", 19: "DC Drive", 20: "Servo Drives (deprecated)",
	21: "Contactor", 22: "Motor Starter", 23: "Softstart Starter", 24: "Human-Machine Interface",
	25: "Pneumatic Valve(s) (deprecated)", 26: "Mass Flow Controller", 27: "Pneumatic Valve(s)", 28: "Vacuum Pressure Gauge",
	29: "Process Control Value", 30: "Residual Gas Analyzer", 31: "DC Power Generator", 32: "RF Power Generator",
	33: "Turbomolecular Vacuum Pump", 34: "Encoder", 35: "Safety Discrete I/O Device", 36: "Fluid Flow Controller",
	37: "CIP Motion Drive", 38: "CompoNet Repeater", 39: "Mass Flow Controller Enhanced", 40: "CIP Modbus Device",
	41: "CIP Modbus Translator", 42: "Safety Analog I/O Device", 43: "Generic Device (keyable)", 44: "Managed Ethernet Switch",
	45: "CIP Motion Safety Drive Device", 46: "Safety Drive Device", 47: "CIP Motion Encoder", 48: "CIP Motion Converter",
	49: "CIP Motion I/O", 50: "ControlNet Physical Layer Component", 100: "In-Sight 2000 Series", 150: "PowerFlex 525",
	200: "Embedded Component", 773: "DataMan Series Reader",
}
