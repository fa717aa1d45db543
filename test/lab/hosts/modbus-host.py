"""A Modbus/TCP server of pymodbus on 502 with the identity that is given: modbus-host.py VENDOR PRODUCT REVISION"""
import sys
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.device import ModbusDeviceIdentification
from pymodbus.server import StartTcpServer

identity = ModbusDeviceIdentification()
identity.VendorName, identity.ProductCode, identity.MajorMinorRevision = sys.argv[1:4]
slave = ModbusSlaveContext(hr=ModbusSequentialDataBlock(0, [0] * 10))
StartTcpServer(context=ModbusServerContext(slaves=slave, single=True), identity=identity, address=("0.0.0.0", 502))
