import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, snap } from './collector.ts';

const [cisco, vtpProtocol] = [0x00000c, 0x2003];
/** Summary, subset, request, join. */
const codes: ReadonlySet<number> = new Set([1, 2, 3, 4]);
/** The name of the domain stands in a field of this size. */
const domainSize = 32;

/** VLAN Trunking Protocol: of which domain a switch is, whose VLANs it learns from others. Cisco, “Understanding VLAN Trunk Protocol”. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'VTP');
  const [version, code] = [r.u8(), r.u8()];
  if (version < 1 || version > 3 || !codes.has(code)) throw r.fault(`version ${version}, code ${code}`);
  r.skip(1); // number of what follows
  const length = r.u8();
  if (length > domainSize) throw r.fault(`domain of ${length} bytes`);
  return { version, domain: decodeText(r.take(domainSize).subarray(0, length)).trim() };
}

export const observe = ({ version, domain }: ReturnType<typeof decode>): readonly Fact[] => [
  { kind: 'description', text: `VTP version ${version}${domain === '' ? '' : `, domain ${domain}`}`, of: 'vtp' },
  { kind: 'device-kind', text: 'switch' },
];

export const vtp = collector({ name: 'vtp', spec: 'Cisco VTP', matches: snap(cisco, vtpProtocol), decode, observe });
