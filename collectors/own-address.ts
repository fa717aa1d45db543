import type { Ip } from '../gateway/model/address.ts';
import type { FactKind } from '../gateway/model/fact.ts';
import { ipProtocols, type Packet } from './packet.ts';
import { fold } from './stream.ts';

/** What hosts set as time to live; one hop further it is less. 30 is that of Siemens controllers. */
const initialTtls: ReadonlySet<number> = new Set([30, 32, 60, 64, 128, 255]);

/** What is not believed of the sender when its packet came from elsewhere: a router passes on the words of others. */
export const ownFacts: ReadonlySet<FactKind> = new Set<FactKind>([
  'hostname',
  'vendor-class',
  'model',
  'maker',
  'firmware',
  'serial',
  'description',
  'device-kind',
  'inventory',
  'identifier',
  'print',
  'certificate',
  'mud-url',
]);

/** Whether the IP source of a packet is its sender's own, or came through it from elsewhere. One remembered source for each address. */
export class OwnAddress {
  /** By slot: the IP source that was found to be its own last, folded; 0 when none was. */
  readonly #last: Uint32Array;

  constructor(slots: number) {
    this.#last = new Uint32Array(slots);
  }

  /** True when no router stands between: the sender said that the address is its own (`ips`), or no hop has been counted. */
  isOwn(packet: Packet, slot: number, ips: (slot: number) => readonly Ip[]): boolean {
    const folded = fold(packet, false);
    if (folded !== 0 && this.#last[slot] === folded) return true;
    const ip = packet.sourceIp;
    // From no address at all (DHCP, RFC 4862 §5.4) it comes from next door.
    if (ip === undefined) return packet.ipProtocol !== ipProtocols.tcp;
    const known = ips(slot).filter(k => k.includes(':') === ip.includes(':'));
    if (known.includes(ip)) {
      this.#last[slot] = folded;
      return true;
    }
    // What is sent to a group stays on its link; many devices count few hops for it (UPnP 1.1 §1.1).
    const isGroup = isToGroup(packet);
    return (known.length === 0 || isGroup) && (initialTtls.has(packet.ttl) || (isGroup && packet.ttl <= 32));
  }

  forget(slot: number): void {
    this.#last[slot] = 0;
  }
}

/** By hardware or IP address: access points send to each of their stations what is meant for all (IEEE 802.11 §11.21.16.3). */
function isToGroup({ bytes: b, start, l3, ipVersion }: Packet): boolean {
  if (((b[start] ?? 0) & 1) !== 0) return true;
  return ipVersion === 4 ? (b[l3 + 16] ?? 0) >> 4 === 0xe : b[l3 + 24] === 0xff;
}
