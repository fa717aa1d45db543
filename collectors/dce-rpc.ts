import { findNtlm, type Ntlm } from '../gateway/codec/ntlm.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { ofWhole } from '../gateway/codec/whole.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';
import { nameOf } from './smb.ts';

/** PDU types, C706 §12.6.4; AUTH3 of MS-RPCE §2.2.2.5. */
const types = { request: 0, response: 2, bind: 11, bindAck: 12, bindNak: 13, alterContext: 14, alterResponse: 15, auth3: 16 } as const;
const [major, littleEndian, commonHeader] = [5, 0x10, 16];
const serverTypes: ReadonlySet<number> = new Set([types.response, types.bindAck, types.bindNak, types.alterResponse]);

type Call = { readonly isServer: boolean; readonly ntlm: Ntlm | undefined };

/**
 * How the two sides of DCE/RPC come to know each other, on any port: OPC Classic and all of DCOM begin so. C706 §12.6, MS-RPCE §2.2.2, MS-NLMP.
 * Undefined until a side has named its machine, or has gone on without.
 */
export function decode(bytes: Uint8Array): Call | undefined {
  const r = new Reader(bytes, 'DCE/RPC');
  while (r.left >= commonHeader) {
    const start = r.at;
    const [version, minor, type] = [r.u8(), r.u8(), r.u8()];
    r.skip(1); // flags
    if (version !== major || minor > 1 || r.u8() !== littleEndian) throw r.fault('version or byte order');
    r.skip(3);
    const length = r.u16le();
    if (length < commonHeader) throw r.fault(`fragment of ${length} bytes`);
    const isServer = serverTypes.has(type);
    if (type === types.request || type === types.response) return { isServer, ntlm: undefined };
    if (bytes.length - start < length) return undefined;
    r.skip(length - (r.at - start));
    const ntlm = ofWhole(() => findNtlm(bytes.subarray(start, start + length)));
    if (isServer || ntlm !== undefined) return { isServer, ntlm };
  }
  return undefined;
}

export function observe({ isServer, ntlm }: Call, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  const facts: Fact[] = isServer
    ? [{ kind: 'service', protocol: 'tcp', port: packet.sourcePort, name: serviceName(packet.sourcePort) }]
    : [];
  facts.push(...nameOf(ntlm));
  if (ntlm?.version !== undefined) facts.push({ kind: 'description', text: `version ${ntlm.version}`, of: 'dce-rpc' });
  return facts;
}

/** The port of the endpoint mapper, as registered; the others are given out by it. */
const serviceName = (port: number): string => (port === 135 ? 'epmap' : 'dce-rpc');

/** A bind, or an answer to one. */
const wants = ({ bytes: b, payload: i }: Packet): boolean =>
  b[i] === major &&
  b[i + 1] === 0 &&
  (b[i + 2] === types.bind || b[i + 2] === types.bindAck) &&
  b[i + 4] === littleEndian &&
  b[i + 5] === 0;

export const dceRpc = collector({ name: 'dce-rpc', spec: 'C706 12.6', matches: tcpStream(), wants, decode, observe });
