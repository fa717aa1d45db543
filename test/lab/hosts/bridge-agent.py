#!/usr/bin/python3
"""pass_persist for net-snmp's snmpd: BRIDGE-MIB, Q-BRIDGE-MIB, LLDP-MIB and ifAlias of a Linux bridge, from the kernel's own tables.

bridge-agent.py BRIDGE [VLAN]. Ports and forwarding entries are asked of the kernel at each walk, neighbours are heard from LLDP frames at the ports. With
VLAN the bridge stands for that VLAN and its table is told as one of Q-BRIDGE-MIB too. RFC 4188, RFC 4363, IEEE 802.1AB.
"""
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import time

bridge, vlan = sys.argv[1], int((sys.argv[2:] or ["0"])[0])
DOT1D, LLDP, ALIAS = (1, 3, 6, 1, 2, 1, 17), (1, 0, 8802, 1, 1, 2), (1, 3, 6, 1, 2, 1, 31, 1, 1, 1, 18)
neighbours = {}


def sysfs(path):
    with open(f"/sys/class/net/{path}") as file:
        return file.read().strip()


def number(text):
    return int(text, 16) if text.startswith("0x") else int(text)


def ask(*args):
    return json.loads(subprocess.run(["bridge", "-j", *args], capture_output=True, check=True).stdout or "[]")


def octets(data):
    return ("octet", " ".join(f"{byte:02x}" for byte in data))


def mac_bytes(text):
    return bytes.fromhex(text.replace(":", ""))


def table():
    rows = {}
    ports = {p: number(sysfs(f"{p}/brport/port_no")) for p in os.listdir(f"/sys/class/net/{bridge}/brif")}
    address = mac_bytes(sysfs(f"{bridge}/address"))
    rows[DOT1D + (1, 1, 0)] = octets(address)
    for port, no in ports.items():
        rows[DOT1D + (1, 4, 1, 2, no)] = ("integer", number(sysfs(f"{port}/ifindex")))
        rows[ALIAS + (number(sysfs(f"{port}/ifindex")),)] = ("string", sysfs(f"{port}/ifalias"))
    for entry in ask("fdb", "show", "br", bridge):
        mac = mac_bytes(entry["mac"])
        if mac[0] & 1 or entry.get("ifname") not in ports:
            continue
        own = entry.get("state") == "permanent"
        no, status = ports[entry["ifname"]], 4 if own else 3
        rows[DOT1D + (4, 3, 1, 2) + tuple(mac)] = ("integer", no)
        rows[DOT1D + (4, 3, 1, 3) + tuple(mac)] = ("integer", status)
        if vlan:
            rows[DOT1D + (7, 1, 2, 2, 1, 2, vlan + 1000) + tuple(mac)] = ("integer", no)
            rows[DOT1D + (7, 1, 2, 2, 1, 3, vlan + 1000) + tuple(mac)] = ("integer", status)
    if vlan:
        rows[DOT1D + (7, 1, 4, 2, 1, 3, 0, vlan)] = ("gauge", vlan + 1000)
    rows[LLDP + (1, 3, 1, 0)] = ("integer", 4)
    rows[LLDP + (1, 3, 2, 0)] = octets(address)
    for port, no in ports.items():
        rows[LLDP + (1, 3, 7, 1, 3, no)] = ("string", port)
    for index, (port, (subtype, chassis, system, capabilities)) in enumerate(sorted(neighbours.items()), 1):
        if port in ports:
            key = (0, ports[port], index)
            rows[LLDP + (1, 4, 1, 1, 4) + key] = ("integer", subtype)
            rows[LLDP + (1, 4, 1, 1, 5) + key] = octets(chassis)
            rows[LLDP + (1, 4, 1, 1, 9) + key] = octets(system)
            rows[LLDP + (1, 4, 1, 1, 12) + key] = octets(capabilities)
    return dict(sorted(rows.items()))


def hear():
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x88CC))
    while True:
        frame, (port, *_) = ear.recvfrom(2048)
        at, subtype, chassis, system, capabilities = 14, 0, b"", b"", b"\0\0"
        while at + 2 <= len(frame):
            head = struct.unpack_from(">H", frame, at)[0]
            kind, value = head >> 9, frame[at + 2 : at + 2 + (head & 511)]
            at += 2 + (head & 511)
            if kind == 0:
                break
            if kind == 1:
                subtype, chassis = value[0], value[1:]
            elif kind == 5:
                system = value
            elif kind == 7:
                # On the wire the least bit is "other"; in the MIB the first bit is.
                enabled = struct.unpack_from(">H", value, 2)[0]
                capabilities = int(f"{enabled:016b}"[::-1], 2).to_bytes(2, "big")
        neighbours[port] = (subtype, chassis, system, capabilities)


threading.Thread(target=hear, daemon=True).start()
made, rows = 0.0, {}
while True:
    command = sys.stdin.readline().strip()
    if command == "":
        break
    if command == "PING":
        print("PONG", flush=True)
        continue
    oid = tuple(int(part) for part in sys.stdin.readline().strip().strip(".").split("."))
    if time.monotonic() - made > 0.5:
        made, rows = time.monotonic(), table()
    found = oid if command == "get" and oid in rows else next((key for key in rows if key > oid), None) if command == "getnext" else None
    if found is None:
        print("NONE", flush=True)
    else:
        kind, value = rows[found]
        print("." + ".".join(map(str, found)), kind, value, sep="\n", flush=True)
