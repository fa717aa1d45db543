import type { ActionName } from '../gateway/model/fact.ts';
import type { Said } from './collector.ts';
import { ipProtocols, type Packet } from './packet.ts';

/** Something that a message does to the device that it is for: the kind of act, and the protocol's word for it. */
export type Act = readonly [action: ActionName, detail: string];

/** The acts of one frame as facts about its sender: one of each kind. */
export const acted = (acts: readonly (Act | undefined)[], packet: Packet): readonly Said[] =>
  [...new Map(acts.filter(act => act !== undefined))].map(([action, detail]) => ({ kind: 'acted', action, target: packet.target, detail }));

/**
 * True for about one segment or datagram in 64, by its checksum. Polling is nearly all that controllers do and tells nothing but that they
 * speak the protocol: a few of its messages are enough.
 */
export const isSample = ({ bytes, l4, ipProtocol }: Packet): boolean =>
  ((bytes[l4 + (ipProtocol === ipProtocols.udp ? 7 : 17)] ?? 0) & 63) === 0;
