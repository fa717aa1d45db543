import { createDecipheriv } from 'node:crypto';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';
import { Remembered } from './remembered.ts';

/** In the clear, of protocol 3.1; and under the key that all devices have, from 3.2 on. */
const [plainPort, coveredPort] = [6666, 6667];
const [prefix, suffix] = [0x000055aa, 0x0000aa55];
/** The command with which a device tells what it is. */
const announce = 0x13;
/** MD5 of a word that stands in the maker's apps and in all that read them: it hides nothing from anybody. */
const key = Uint8Array.of(0x6c, 0x1e, 0xc8, 0xe2, 0xbb, 0x9b, 0xb5, 0x9a, 0xb5, 0x0b, 0x0d, 0xaf, 0x64, 0x9b, 0x41, 0x0a);
/** Longest announcement, bytes. */
const maxLength = 1024;

/**
 * What Tuya's devices (plugs, lamps, sensors and gateways of many brands) tell to everybody every few seconds. No published standard; the frame is prefix, sequence,
 * command, length, return code, JSON, CRC, suffix. The CRC is not looked at: whoever forges the JSON makes it fit.
 */
export function decode(bytes: Uint8Array, isCovered: boolean) {
  const r = new Reader(bytes, 'Tuya');
  const start = r.u32();
  r.skip(4); // sequence
  const command = r.u32();
  const length = r.u32();
  if (start !== prefix || length !== r.left || length < 12 || length > maxLength) throw r.fault(`prefix ${start}, length ${length}`);
  if (command !== announce) return {};
  r.skip(4); // return code
  const body = r.take(r.left - 8);
  r.skip(4); // CRC
  if (r.u32() !== suffix) throw r.fault('no suffix');
  const text = decodeText(isCovered ? uncovered(body, r) : body, maxLength);
  const said = (name: string): string => new RegExp(`"${name}":"([\\w.:-]{1,64})"`).exec(text)?.[1] ?? '';
  return { id: said('gwId'), product: said('productKey'), version: said('version'), ip: said('ip') };
}

/** Announcements by their bytes: a device says the same every few seconds. */
const texts = new Remembered<Uint8Array>(256);

function uncovered(body: Uint8Array, r: Reader): Uint8Array {
  if (body.length === 0 || body.length % 16 !== 0) throw r.fault(`${body.length} bytes are no whole blocks`);
  return texts.of(body, () => createDecipheriv('aes-128-ecb', key, null).setAutoPadding(false).update(body));
}

export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  const { id = '', product = '', version = '', ip = '' } = m;
  if (!packet.isOwnAddress || id === '') return [];
  const facts: Fact[] = ip !== '' && ip === packet.sourceIp ? [{ kind: 'address', ip: packet.sourceIp }] : [];
  facts.push({ kind: 'maker', text: 'Tuya' }, { kind: 'identifier', scheme: 'tuya-device', value: id });
  facts.push({ kind: 'description', text: ['Tuya', product, version].filter(part => part !== '').join(' ') });
  return facts;
}

const wants = ({ bytes: b, payload: i, end }: Packet): boolean =>
  end - i >= 28 && b[i] === 0 && b[i + 1] === 0 && b[i + 2] === 0x55 && b[i + 3] === 0xaa;

export const tuya = collector({
  name: 'tuya',
  spec: 'Tuya local discovery',
  matches: udpPorts(plainPort, coveredPort),
  wants,
  decode: (bytes, { targetPort }) => decode(bytes, targetPort === coveredPort),
  observe,
});
