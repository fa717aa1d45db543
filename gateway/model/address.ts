/** An Ethernet address in lower-case colon form, `02:00:5e:00:00:01`. */
export type Mac = string;
/** IPv4 dotted quad, or IPv6 in the canonical text form of RFC 5952. */
export type Ip = string;
/** A Linux interface name, at most 15 characters. In a capture file: `file`. */
export type PortName = string;
/** 802.1Q VLAN id, 1–4094; 0 is untagged (also a priority tag). */
export type Vlan = number;
/** Milliseconds since 1970-01-01 UTC. Whole numbers. */
export type Millis = number;
/** Lower-case hexadecimal without separators. */
export type Hex = string;
/** Internal id of a device, `d1`, `d2`, …; never reused inside one journal. */
export type DeviceId = string;
/** Name of a zone of the settings (IEC 62443-1-1 zone). */
export type ZoneName = string;

/** True for a group address (I/G bit, IEEE 802 §8.2): never a device. */
export const isGroupMac = (mac: Mac): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;

/** True for a locally administered address (U/L bit): it names no vendor and may be randomised. */
export const isLocalMac = (mac: Mac): boolean => (Number.parseInt(mac.slice(0, 2), 16) & 2) === 2;
