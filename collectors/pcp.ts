import { Reader } from '../gateway/codec/reader.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

/** Of servers, and of clients that listen to announcements. RFC 6887 §19.1. */
const [serverPort, clientPort] = [5351, 5350];
/** NAT-PMP calls itself version 0. */
const versions = { natPmp: 0, pcp: 2 } as const;
const [responseBit, pcpMapOpcode, mapUdp, mapTcp] = [0x80, 1, 1, 2];
const protocols: ReadonlyMap<number, string> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
]);

/** Port Control Protocol and NAT Port Mapping Protocol. RFC 6887 §7, RFC 6886 §3. `asks`: the port that a request wants opened, set iff it wants one. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'PCP');
  const [version, opcode] = [r.u8(), r.u8()];
  const isResponse = opcode >= responseBit;
  if (version === versions.natPmp) {
    if (isResponse)
      r.skip(6); // result, epoch
    else if (opcode === mapUdp || opcode === mapTcp) {
      r.skip(2);
      const port = r.u16();
      r.skip(2); // external port
      return { isResponse, asks: r.u32() > 0 ? `${opcode === mapTcp ? 'tcp' : 'udp'} ${port}` : undefined };
    }
    return { isResponse, asks: undefined };
  }
  if (version !== versions.pcp) throw r.fault(`version=${version}`);
  r.skip(2);
  const lifetime = r.u32();
  r.skip(16);
  if (isResponse || opcode !== pcpMapOpcode) return { isResponse, asks: undefined };
  r.skip(12); // nonce
  const protocol = r.u8();
  r.skip(3);
  const port = r.u16();
  r.skip(18); // suggested port and address
  return { isResponse, asks: lifetime > 0 ? `${protocols.get(protocol) ?? `protocol-${protocol}`} ${port}` : undefined };
}

/** Who answers translates addresses; who asks for a mapping opens a port of itself to the outside. A lifetime of 0 closes it again. */
export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  if (!m.isResponse) {
    if (m.asks === undefined || packet.targetPort !== serverPort) return [];
    return [{ kind: 'acted', action: 'control', target: packet.target, detail: `opens ${m.asks} to the outside` }];
  }
  if (packet.sourcePort !== serverPort) return [];
  return [
    { kind: 'service', protocol: 'udp', port: serverPort, name: 'pcp' },
    { kind: 'device-kind', text: 'router' },
  ];
}

export const pcp = collector({ name: 'pcp', spec: 'RFC 6887, RFC 6886', matches: udpPorts(serverPort, clientPort), decode, observe });
