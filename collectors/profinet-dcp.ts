import { hex, ip4, isHostIp } from '../gateway/codec/address.ts';
import { nameOf, profinetVendors } from '../gateway/codec/industrial-vendors.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText } from '../gateway/codec/text.ts';
import { collector, etherType, type Said } from './collector.ts';
import { type Act, acted } from './industrial.ts';
import type { Packet } from './packet.ts';

const profinetEtherType = 0x8892;

/** FrameIDs of DCP; all below are cyclic or alarm frames. IEC 61158-6-10 §4.11 (FrameID). */
const frameIds = { hello: 0xfefc, getSet: 0xfefd, identifyRequest: 0xfefe, identifyResponse: 0xfeff } as const;
const services = { get: 3, set: 4, identify: 5, hello: 6 } as const;
/** Bits of ServiceType. */
const isResponseBit = 1;

/** Option and suboption as one number, IEC 61158-6-10 §4.3 (DCP). */
export const blocks = {
  ip: 0x0102,
  fullIpSuite: 0x0103,
  typeOfStation: 0x0201,
  nameOfStation: 0x0202,
  deviceId: 0x0203,
  deviceRole: 0x0204,
  alias: 0x0206,
  signal: 0x0503,
  factoryReset: 0x0505,
  resetToFactory: 0x0506,
} as const;

/** Bit of DeviceRole. */
const ioController = 2;

type Block = { readonly kind: number; readonly value: Uint8Array };

/** Discovery and basic Configuration Protocol of PROFINET. IEC 61158-6-10 §4.3. Padding behind DCPDataLength is not looked at. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'PROFINET DCP');
  const [frameId, service, serviceType] = [r.u16(), r.u8(), r.u8()];
  if (frameId < frameIds.hello || frameId > frameIds.identifyResponse) throw r.fault(`FrameID ${frameId}`);
  r.skip(6); // Xid, ResponseDelayFactor
  const data = new Reader(r.take(r.u16()), 'PROFINET DCP');
  const isResponse = (serviceType & isResponseBit) !== 0;
  // Two bytes before the value: BlockInfo in what a device says of itself, BlockQualifier in a Set; none in an Identify or Get request.
  const isTold = isResponse || service === services.hello || service === services.set;
  const found: Block[] = [];
  if (service === services.get && !isResponse) return { frameId, service, isResponse, blocks: found };
  while (data.left > 1) {
    const kind = data.u16();
    const value = data.take(data.u16());
    if (value.length % 2 === 1 && data.left > 0) data.skip(1);
    // The answer to a Set says how it went (option 5, suboption 4), three bytes without BlockInfo.
    if (isTold && value.length < 2) throw data.fault(`block ${kind.toString(16)} of ${value.length} bytes`);
    found.push({ kind, value: isTold ? value.subarray(2) : value });
  }
  return { frameId, service, isResponse, blocks: found };
}

type Message = ReturnType<typeof decode>;

/** A device tells about itself when it answers and with Hello. Whoever sets name or address of another is named, since nobody else may. */
export function observe(m: Message, packet: Packet): readonly Said[] {
  if (m.service === services.set) return m.isResponse ? [] : acted(m.blocks.map(actOf), packet);
  const isAboutItself = m.service === services.hello || (m.isResponse && (m.service === services.identify || m.service === services.get));
  return isAboutItself ? m.blocks.flatMap(fromBlock) : [];
}

function fromBlock({ kind, value }: Block): readonly Said[] {
  const r = new Reader(value, 'PROFINET DCP block');
  switch (kind) {
    case blocks.ip:
    case blocks.fullIpSuite: {
      const ip = ip4(r.take(4));
      return isHostIp(ip) ? [{ kind: 'address', ip }] : [];
    }
    case blocks.typeOfStation:
      return text(value, model => [{ kind: 'model', text: model }]);
    case blocks.nameOfStation:
      return text(value, name => [
        { kind: 'hostname', name },
        { kind: 'identifier', scheme: 'profinet-station', value: name },
      ]);
    case blocks.deviceId: {
      const [vendor, device] = [r.u16(), r.u16()];
      const value4 = `${hex(value.subarray(0, 2))}:${hex(value.subarray(2, 4))}`;
      const id: Said = { kind: 'identifier', scheme: 'profinet-id', value: value4 };
      return vendor === 0 && device === 0 ? [] : [{ kind: 'maker', text: nameOf(profinetVendors, vendor) }, id];
    }
    case blocks.deviceRole:
      return (r.u8() & ioController) !== 0 ? [{ kind: 'device-kind', text: 'plc' }] : [];
    case blocks.alias: {
      // `port-001.station`: the port of its neighbour at which it is plugged in. IEC 61158-6-10, AliasNameValue.
      const split = value.indexOf(0x2e);
      if (split < 1) return [];
      const portId = decodeText(value.subarray(0, split));
      return text(value.subarray(split + 1), chassis => [{ kind: 'neighbour', protocol: 'profinet', chassis, portId }]);
    }
    default:
      return [];
  }
}

function text(value: Uint8Array, say: (text: string) => readonly Said[]): readonly Said[] {
  const found = decodeText(value).trim();
  return found === '' ? [] : say(found);
}

function actOf({ kind, value }: Block): Act | undefined {
  switch (kind) {
    case blocks.nameOfStation:
      return ['set-name', `profinet-dcp set name "${decodeText(value)}"`];
    case blocks.ip:
    case blocks.fullIpSuite:
      return ['set-address', `profinet-dcp set address ${ip4(new Reader(value, 'PROFINET DCP block').take(4))}`];
    case blocks.signal:
      return ['control', 'profinet-dcp signal'];
    case blocks.factoryReset:
    case blocks.resetToFactory:
      return ['control', 'profinet-dcp reset to factory settings'];
    default:
      return undefined;
  }
}

/** The cyclic frames of a line are thousands a second; only FrameIDs of DCP are looked at. */
const wants = ({ bytes, payload }: Packet): boolean => bytes[payload] === 0xfe && (bytes[payload + 1] ?? 0) >= 0xfc;

export const profinetDcp = collector({
  name: 'profinet-dcp',
  spec: 'IEC 61158-6-10',
  matches: etherType(profinetEtherType),
  wants,
  decode,
  observe,
});
