import { hex } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { collector, etherType, type Said } from './collector.ts';
import { slowProtocols } from './lacp.ts';
import type { Packet } from './packet.ts';

/** Which of the slow protocols it is, IEEE 802.3 annex 57A. */
const oamSubtype = 3;
/** IEEE 802.3 §57.4.3: the message by which two ends find each other, and its part about the sender itself. */
const [information, localInformation, localLength] = [0, 1, 16];
/** Cap: parts of a message, of which each has at least two bytes. */
const maxParts = 16;

/** Ethernet OAM: who made the two ends of a link. IEEE 802.3 §57.4. `maker`: undefined in messages that do not say it. */
export function decode(bytes: Uint8Array): { readonly code: number; readonly maker?: string; readonly detail?: string } {
  const r = new Reader(bytes, 'OAM');
  const subtype = r.u8();
  r.skip(2); // flags
  const code = r.u8();
  if (subtype !== oamSubtype) throw r.fault(`subtype ${subtype}`);
  for (let part = 0; code === information && part < maxParts; part++) {
    const type = r.u8();
    if (type === 0) break;
    const length = r.u8();
    if (length < 2) throw r.fault(`part of length ${length}`);
    const value = r.part(length - 2, 'OAM information');
    if (type !== localInformation) continue;
    if (length !== localLength) throw r.fault(`local information of length ${length}`);
    value.skip(7); // version, revision, state, configuration, size
    return { code, maker: hex(value.take(3)), detail: hex(value.take(4)) };
  }
  return { code };
}

/** The maker is a number of the registry of organisations; what stands behind it is coded as the maker likes (§57.5.2.1). */
export function observe({ maker, detail = '' }: ReturnType<typeof decode>): readonly Said[] {
  if (maker === undefined) return [];
  const more = /^0*$/.test(detail) ? '' : `, ${detail}`;
  return [{ kind: 'description', text: `Ethernet OAM of organisation ${maker.replaceAll(/..(?!$)/g, '$&-')}${more}` }];
}

const wants = ({ bytes, payload }: Packet): boolean => bytes[payload] === oamSubtype;

export const oam = collector({ name: 'oam', spec: 'IEEE 802.3 57', matches: etherType(slowProtocols), wants, decode, observe });
