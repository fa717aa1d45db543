"""Sends COUNT frames, each from another MAC address, on an interface: flood.py IFACE COUNT"""
import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
for n in range(int(sys.argv[2])):
    mac = b"\x02\xf0" + n.to_bytes(4, "big")
    while True:
        try:
            s.send(b"\xff" * 6 + mac + b"\x08\x06\x00\x01\x08\x00\x06\x04\x00\x01" + mac + (0x0A140000 + n).to_bytes(4, "big") + bytes(6) + (0x0A140001).to_bytes(4, "big") + bytes(18))
            break
        except OSError:
            pass
