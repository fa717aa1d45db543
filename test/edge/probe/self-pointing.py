"""Answers each mDNS query with the 26 bytes whose name points at itself: self-pointing.py OWN-ADDRESS. Prints one line for each answer."""
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("", 5353))
s.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("224.0.0.251") + socket.inet_aton(sys.argv[1]))
header = bytes([0, 0, 0x84, 0, 0, 0, 0, 1, 0, 0, 0, 0])
answer = header + bytes([0xC0, 12]) + bytes([0, 12, 0, 1, 0, 0, 0, 9, 0, 2, 0xC0, 12])  # PTR whose name and target are offset 12
assert len(answer) == 26
while True:
    _, sender = s.recvfrom(9000)
    s.sendto(answer, sender)
    print("answered", sender, flush=True)
