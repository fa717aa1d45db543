import { Reader } from '../gateway/codec/reader.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, etherType } from './collector.ts';

const discoveryType = 0x8863;
/** RFC 2516 §5; the others are initiation, request and the end of a session. */
export const codes = { offer: 0x07, initiation: 0x09, request: 0x19, session: 0x65, terminate: 0xa7 } as const;
/** RFC 2516, appendix A. */
const tags = { end: 0, serviceName: 0x0101, concentratorName: 0x0102 } as const;
/** Tags of a message that are read, and services that are told. */
const [maxTags, maxServices] = [32, 4];

/** Discovery of PPP over Ethernet: how a router of a provider's line finds its access concentrator. RFC 2516 §5. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'PPPoE discovery');
  const version = r.u8();
  if (version !== 0x11) throw r.fault(`version and type ${version}`);
  const code = r.u8();
  r.skip(2); // session
  const list = r.part(r.u16(), 'PPPoE tags');
  let concentrator = '';
  const services: string[] = [];
  for (let i = 0; i < maxTags && list.left > 0; i++) {
    const [type, length] = [list.u16(), list.u16()];
    if (type === tags.end) break;
    const text = type === tags.serviceName || type === tags.concentratorName ? list.text(length).trim() : undefined;
    if (text === undefined) list.skip(length);
    else if (type === tags.concentratorName) concentrator = text;
    else if (text !== '' && services.length < maxServices) services.push(text);
  }
  return { code, concentrator, services };
}

/** An offer names who makes it; a client repeats that name in its request, where it is another's. */
export function observe({ code, concentrator, services }: ReturnType<typeof decode>): readonly Fact[] {
  if (code !== codes.offer) return [];
  const text = `PPPoE access concentrator${services.length === 0 ? '' : `, services ${services.join(', ')}`}`.slice(0, 255);
  const said: readonly Fact[] = [
    { kind: 'description', text },
    { kind: 'device-kind', text: 'router' },
  ];
  return concentrator === '' ? said : [{ kind: 'hostname', name: concentrator }, ...said];
}

export const pppoe = collector({ name: 'pppoe', spec: 'RFC 2516', matches: etherType(discoveryType), decode, observe });
