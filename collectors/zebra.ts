import { Reader } from '../gateway/codec/reader.ts';
import { decodeField } from '../gateway/codec/text.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { collector, type Said, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const discoveryPort = 4201;
/** By what an answer begins, `:,.`; the question has it turned round. Then the version of the format, of print servers and of Link-OS. */
const [magic, printServer, linkOs] = [0x3a2c2e, 3, 4];
/** Place and size of each text. */
const fields = {
  printServer: { name: [84, 25], product: [12, 20], firmware: [39, 10], serial: [60, 10] },
  linkOs: { name: [13, 63], product: [76, 32], firmware: [108, 16], serial: [188, 32] },
} as const;

/** The answer of a label printer of Zebra to a question at all. No published standard. Fields have fixed places, text ends with zeros. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'Zebra discovery');
  if (r.u8() * 0x10000 + r.u16() !== magic) throw r.fault('no answer');
  const version = r.u8();
  if (version !== printServer && version !== linkOs) throw r.fault(`version ${version}`);
  const places = version === linkOs ? fields.linkOs : fields.printServer;
  const text = ([at, size]: readonly [number, number]): string => {
    const field = new Reader(bytes, 'Zebra discovery');
    field.skip(at);
    return decodeField(field.take(size));
  };
  return { name: text(places.name), product: text(places.product), firmware: text(places.firmware), serial: text(places.serial) };
}

export function observe(m: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress || packet.sourcePort !== discoveryPort || m.product === '') return [];
  const facts: Fact[] = [
    { kind: 'maker', text: 'Zebra Technologies' },
    { kind: 'model', text: m.product },
    { kind: 'device-kind', text: 'printer' },
  ];
  if (m.firmware !== '') facts.push({ kind: 'firmware', text: m.firmware });
  if (m.serial !== '') facts.push({ kind: 'serial', text: m.serial });
  if (m.name !== '') facts.push({ kind: 'hostname', name: m.name });
  return facts;
}

const wants = ({ bytes: b, payload: i }: Packet): boolean =>
  b[i] === 0x3a && b[i + 1] === 0x2c && b[i + 2] === 0x2e && (b[i + 3] === printServer || b[i + 3] === linkOs);

export const zebra = collector({
  name: 'zebra',
  spec: 'Zebra printer discovery',
  matches: udpPorts(discoveryPort),
  wants,
  decode,
  observe,
});
