import * as b from './build.ts';
import { bridgeGroup, gateway, host, ieee8023, llc, snap } from './infrastructure.ts';

/** Composed from IEEE 802.1D §9.3 and IEEE 802.1Q §14. */
const times = [b.u16(0x0100), b.u16(0x1400), b.u16(0x0200), b.u16(0x0f00)];
export const bridgeId = (priority: number, mac: string): readonly number[] => [...b.u16(priority), ...b.mac(mac)];
export const bpdu = (version: number, type: number, ...rest: readonly b.Part[]): Uint8Array =>
  b.bytes(b.u16(0), version, type, 0x3c, bridgeId(0x1001, gateway), b.u32(4), bridgeId(0x8001, host), b.u16(0x8007), times, ...rest);
const region = [0, b.padded(32, b.bytes('plant')), b.u16(3), new Uint8Array(16)];
export const mstp = bpdu(3, 2, 0, b.u16(64), region, b.u32(0), bridgeId(0x9000, host), 20);
export const stpFrame = (body: Uint8Array): Uint8Array => ieee8023(host, bridgeGroup, llc(0x42, body));

export const stpVectors = {
  'stp-configuration': stpFrame(bpdu(0, 0)),
  'stp-rapid': b.padded(60, stpFrame(bpdu(2, 2, 0))),
  'stp-multiple': stpFrame(mstp),
  'stp-topology-change': stpFrame(b.bytes(b.u16(0), 0, 0x80)),
  'stp-per-vlan': ieee8023(host, '01:00:0c:cc:cc:cd', snap(0x00000c, 0x010b, b.bytes(bpdu(2, 2, 0), [0, 0, 0, 2, 0, 7]))),
};
