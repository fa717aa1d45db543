import { hexAt } from '../gateway/codec/address-at.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText, maxText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';

/**
 * What stands inside some options of DHCPv4 that clients fill. A client that writes one of them in its own way is still a client: what cannot be read
 * says nothing, and costs the rest of its message nothing.
 */

type Plate = 'maker' | 'model' | 'serial' | 'firmware';
type Codes = Readonly<Partial<Record<Plate, number>>>;
/** Type plate in option 43 of what says that it is a cable modem or behind one, the same in option 17 of DHCPv6. CableLabs, DHCP Options Registry. */
const cablePlate: Codes = { maker: 10, model: 9, serial: 4, firmware: 6 };
const cable = /^(?:docsis|pktc|ecm|cablehome)/i;
/** By enterprise: CableLabs, and the Broadband Forum (TR-069 annex F.2.5). */
const plates: ReadonlyMap<number, Codes> = new Map([
  [4491, cablePlate],
  [3561, { model: 3, serial: 2 }],
]);
const broadbandForum = 3561;
/** Caps: parts of an option, options in an option. */
const [maxParts, maxCodes] = [8, 64];

/** Option 81: flags, two result codes, name; in wire format where flag E says so. RFC 4702 §2. Without the root. */
export function readFqdn(value: Uint8Array): string {
  if (value.length < 4) return '';
  const name = value.subarray(3);
  return (((value[0] ?? 0) & 4) === 0 ? decodeText(name).trim() : (partsOf(name, 0)?.join('.') ?? '')).replace(/\.$/, '').slice(0, maxText);
}

/** Option 77: texts behind their lengths (RFC 3004 §4), or the text alone, as boot programs and Windows send it. */
export const readUserClass = (value: Uint8Array): string => (partsOf(value)?.join(' ') ?? decodeText(value).trim()).slice(0, maxText);

/** Option 124: enterprise, length and classes, each behind its length or one alone. RFC 3925 §3. */
export function readVendorClasses(value: Uint8Array): string {
  const classes = byEnterprise(value).map(({ data }) => partsOf(data)?.join(' ') ?? decodeText(data).trim());
  return classes
    .filter(text => text !== '')
    .join(' ')
    .slice(0, maxText);
}

/** Option 125 of a device that TR-069 manages: its serial number and product. RFC 3925 §4. */
export function deviceOf(value: Uint8Array): readonly Fact[] {
  const own = byEnterprise(value).find(({ enterprise }) => enterprise === broadbandForum);
  return own === undefined ? [] : plateOf(broadbandForum, textsOf(own.data));
}

/** Option 43 of a cable modem, which its vendor class shows. */
export const cableDeviceOf = (vendorClass: string, value: Uint8Array): readonly Fact[] =>
  cable.test(vendorClass) ? fromCodes(textsOf(value), cablePlate) : [];

/** Option 97: type 0 and the UUID of the machine, its first three numbers little-endian as SMBIOS §7.2.1 has them. RFC 4578 §2.3. */
export function machineOf(value: Uint8Array): readonly Fact[] {
  if (value.length !== 17 || value[0] !== 0 || value.subarray(1).every(byte => byte === 0 || byte === 255)) return [];
  const digits = [4, 3, 2, 1, 6, 5, 8, 7, 9, 10, 11, 12, 13, 14, 15, 16].map(i => (value[i] ?? 0).toString(16).padStart(2, '0')).join('');
  return [{ kind: 'identifier', scheme: 'uuid', value: digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-') }];
}

/** Option 82: sub-options 1, the circuit, and 2, the remote id. RFC 3046 §2. Each is text or, as switches make it by default, a number of their own: hex then. */
export function relayAgentOf(value: Uint8Array): readonly Fact[] {
  const r = new Reader(value, 'DHCP option');
  const ids = new Map<number, string>();
  while (r.left > 1 && ids.size < maxParts) {
    const code = r.u8();
    const id = r.take(Math.min(r.u8(), r.left));
    if (id.length > 0 && !ids.has(code)) ids.set(code, idText(id));
  }
  const [circuit, remote] = [ids.get(1), ids.get(2)];
  if (circuit === undefined && remote === undefined) return [];
  return [{ kind: 'relay-agent', ...(circuit === undefined ? {} : { circuit }), ...(remote === undefined ? {} : { remote }) }];
}

const idText = (id: Uint8Array): string =>
  id.every(byte => byte >= 0x20 && byte < 0x7f) ? decodeText(id).trim() : hexAt(id, 0, Math.min(id.length, maxText / 2));

/** Texts behind lengths of one byte, that fill the bytes to `left`; undefined when they do not, or when one is empty. An end by 0 is one too. */
function partsOf(bytes: Uint8Array, end?: number): readonly string[] | undefined {
  const r = new Reader(bytes, 'DHCP option');
  const parts: string[] = [];
  while (r.left > 0) {
    const length = r.u8();
    if (length === end) break;
    if (length === 0 || length > r.left) return undefined;
    const text = decodeText(r.take(length)).trim();
    if (parts.length < maxParts) parts.push(text);
  }
  return parts;
}

/** Enterprise number, length, data, again and again; what is not whole at the end is left out. */
function byEnterprise(value: Uint8Array): readonly { readonly enterprise: number; readonly data: Uint8Array }[] {
  const r = new Reader(value, 'DHCP option');
  const found: { readonly enterprise: number; readonly data: Uint8Array }[] = [];
  while (r.left > 5 && found.length < maxParts) {
    const enterprise = r.u32();
    found.push({ enterprise, data: r.take(Math.min(r.u8(), r.left)) });
  }
  return found;
}

/** The texts of options in an option by their codes, the first of each. */
function textsOf(bytes: Uint8Array): ReadonlyMap<number, string> {
  const r = new Reader(bytes, 'DHCP option');
  const texts = new Map<number, string>();
  while (r.left > 1 && texts.size < maxCodes) {
    const code = r.u8();
    const value = r.take(Math.min(r.u8(), r.left));
    if (!texts.has(code)) texts.set(code, decodeText(value).trim());
  }
  return texts;
}

/** What the options of this enterprise say, by their codes. DHCPv6 has the same ones. */
export const plateOf = (enterprise: number, texts: ReadonlyMap<number, string>): readonly Fact[] =>
  fromCodes(texts, plates.get(enterprise) ?? {});

function fromCodes(texts: ReadonlyMap<number, string>, codes: Codes): readonly Fact[] {
  const kinds: readonly Plate[] = ['maker', 'model', 'serial', 'firmware'];
  return kinds.flatMap(kind => {
    const text = texts.get(codes[kind] ?? -1) ?? '';
    return text === '' ? [] : [{ kind, text }];
  });
}
