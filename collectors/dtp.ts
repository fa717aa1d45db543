import { Reader } from '../gateway/codec/reader.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, snap } from './collector.ts';

const [cisco, dtpProtocol] = [0x00000c, 0x2004];
const types = { domain: 1, status: 2 } as const;
/** What its port is set to, in the low three bits; whether it is a trunk now, in the top one. */
const states: { readonly [state: number]: string } = { 1: 'trunk', 2: 'access', 3: 'desirable', 4: 'auto' };
const maxEntries = 16;

/** Dynamic Trunking Protocol: a port of a switch that would become a trunk. Cisco; types and lengths of two bytes, header of four included. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'DTP');
  const version = r.u8();
  if (version !== 1) throw r.fault(`version ${version}`);
  let domain: string | undefined;
  let status: number | undefined;
  // Behind both there may be padding.
  for (let i = 0; i < maxEntries && (domain === undefined || status === undefined); i++) {
    const [type, length] = [r.u16(), r.u16()];
    const value = r.part(length - 4, 'DTP entry');
    if (type === types.domain) domain = value.text(value.left).trim();
    else if (type === types.status) status = value.u8();
  }
  if (domain === undefined || status === undefined) throw r.fault('neither domain nor status');
  return { domain, status };
}

/** Who sends it need not be a switch: programs send it to be let onto a trunk. So it is told what it asks for, and not what it is. */
export function observe({ domain, status }: ReturnType<typeof decode>): readonly Fact[] {
  const state = states[status & 7] ?? `unknown-${status & 7}`;
  const text = `${state}${status >= 0x80 ? ', is a trunk' : ''}${domain === '' ? '' : `, domain ${domain}`}`;
  return [{ kind: 'description', text: `DTP ${text}`, of: 'dtp' }];
}

export const dtp = collector({ name: 'dtp', spec: 'Cisco DTP', matches: snap(cisco, dtpProtocol), decode, observe });
