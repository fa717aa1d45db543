"""latency-sender.py IFACE COUNT [flood]: frames of COUNT new devices, 10 ms apart, each printed with its time; or COUNT frames of one device."""
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0))
tail = b"\x88\xb5" + bytes(150)
if len(sys.argv) > 3:
    frame = b"\x02\x00\x00\x00\x00\x01" + b"\x02\x00\x5e\x00\x00\x01" + tail
    for n in range(int(sys.argv[2])):
        try:
            s.send(frame)
        except OSError:
            pass
else:
    for n in range(int(sys.argv[2])):
        mac = b"\x02\xf1" + n.to_bytes(4, "big")
        at = time.time_ns()
        s.send(b"\xff" * 6 + mac + tail)
        print(mac.hex(":"), at, flush=True)
        time.sleep(0.01)
