import { isVirtualRouterMac } from '../gateway/model/address-class.ts';
import type { Ip } from '../gateway/model/address.ts';
import type { Packet } from './packet.ts';

/** An IPv6 address that no router passes on, so a sender that shows it has it itself. RFC 4291 §2.5.6. */
export const isLinkLocal = (ip: Ip): boolean => /^fe[89ab][0-9a-f]:/.test(ip);

/** A frame for a group: what comes through a router for one host has a single target. */
export const isForGroup = ({ bytes, start }: Pick<Packet, 'bytes' | 'start'>): boolean => ((bytes[start] ?? 0) & 1) === 1;

/** The router behind a frame that comes from the virtual address of its group: it speaks with an IP address of its own (RFC 9568 §5.1.1.1). */
export const ownerOf = (packet: Packet): { readonly owner?: Ip } =>
  isVirtualRouterMac(packet.source) && packet.sourceIp !== undefined ? { owner: packet.sourceIp } : {};
