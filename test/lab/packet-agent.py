"""Sends and hears raw Ethernet frames in one network namespace. Lines in: `send ID IFACE HEX`, `fence ID IFACE HEX`, `hear ID IFACE`,
`deaf ID`. Lines out: `ok ID`, `no ID REASON`, `rx ID HEX`. Ends with its standard input."""
import os, selectors, socket, struct, sys

ALL, SOL_PACKET, AUXDATA = 3, 263, 8
doors, ears, poll = {}, {}, selectors.DefaultSelector()


def say(line):
    sys.stdout.write(line + "\n")


def door(iface):
    if iface not in doors:
        doors[iface] = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        doors[iface].bind((iface, 0))
    return doors[iface]


def fence(iface, frame):
    # Each CPU has its own backlog queue and a bridged frame passes it once per hop: three rounds on every CPU come after all sent before.
    cpus = os.sched_getaffinity(0)
    for _ in range(3):
        for cpu in cpus:
            os.sched_setaffinity(0, {cpu})
            door(iface).send(frame)
    os.sched_setaffinity(0, cpus)
    return 3 * len(cpus)


def hear(number, iface):
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ALL))
    ear.setsockopt(socket.SOL_SOCKET, 33, 32 << 20)  # SO_RCVBUFFORCE
    ear.setsockopt(SOL_PACKET, AUXDATA, 1)
    ear.bind((iface, ALL))
    ear.setblocking(False)
    ears[number] = ear
    poll.register(ear, selectors.EVENT_READ, number)


def listen(number, ear):
    while True:
        try:
            frame, extra, _, sender = ear.recvmsg(65536, 256)
        except BlockingIOError:
            return
        if sender[2] == 4:  # PACKET_OUTGOING: our own
            continue
        for level, kind, data in extra:  # the kernel takes the outer tag off; put it back
            if level == SOL_PACKET and kind == AUXDATA:
                status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data[:20])
                if status & 0x10:
                    frame = frame[:12] + struct.pack("!HH", tpid if status & 0x40 else 0x8100, tci) + frame[12:]
        say(f"rx {number} {frame.hex()}")


def obey(line):
    verb, number, *rest = line.split()
    try:
        if verb == "send":
            for text in rest[1:]:
                door(rest[0]).send(bytes.fromhex(text))
            say(f"ok {number}")
        elif verb == "fence":
            say(f"ok {number} {fence(rest[0], bytes.fromhex(rest[1]))}")
        elif verb == "hear":
            hear(number, rest[0])
            say(f"ok {number}")
        elif verb == "deaf":
            poll.unregister(ears[rest[0]])
            ears.pop(rest[0]).close()
            say(f"ok {number}")
    except OSError as error:
        say(f"no {number} {error}")


held = b""
poll.register(0, selectors.EVENT_READ, None)
while True:
    for key, _ in poll.select():
        if key.data is not None:
            listen(key.data, key.fileobj)
            continue
        chunk = os.read(0, 1 << 20)
        if not chunk:
            sys.exit(0)
        *lines, held = (held + chunk).split(b"\n")
        for line in lines:
            obey(line.decode())
    sys.stdout.flush()
