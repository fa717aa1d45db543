import { hex, isHostIp, mac, ip4 } from '../gateway/codec/address.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { visibleText } from '../gateway/model/visible-text.ts';
import { collector, type Said, tcpPorts, udpPorts } from './collector.ts';
import type { Packet } from './packet.ts';

const knxPort = 3671;

/** Services of KNXnet/IP Core that carry description blocks. KNX 03_08_02 §7.5.4, ISO 22510. */
const services = { searchResponse: 0x0202, descriptionResponse: 0x0204, searchResponseExtended: 0x020c } as const;
/** Description information blocks, 03_08_02 §7.5.4.1. */
const blocks = { device: 0x01, currentIp: 0x04 } as const;

const latin1 = new TextDecoder('latin1');

/** KNXnet/IP: the header, and the description blocks of a search or description response. */
export function decode(bytes: Uint8Array) {
  const r = new Reader(bytes, 'KNXnet/IP');
  const [size, version, service, total] = [r.u8(), r.u8(), r.u16(), r.u16()];
  if (size !== 6 || version !== 0x10) throw r.fault(`header of ${size} bytes, version ${version}`);
  if (total < size || total > bytes.length) throw r.fault(`total length ${total}`);
  const body = new Reader(r.take(total - size), 'KNXnet/IP body');
  if (service === services.searchResponse || service === services.searchResponseExtended)
    body.skip(8); // control endpoint
  else if (service !== services.descriptionResponse) return { service, device: undefined, ip: undefined };
  return { service, ...descriptions(body) };
}

function descriptions(r: Reader) {
  let [device, ip]: [Device?, string?] = [];
  while (r.left > 0) {
    const length = r.u8();
    if (length < 2) throw r.fault(`block of ${length} bytes`);
    const type = r.u8();
    const block = new Reader(r.take(length - 2), 'KNXnet/IP block');
    if (type === blocks.device) device = deviceBlock(block);
    if (type === blocks.currentIp) ip = ip4(block.take(4));
  }
  return { device, ip };
}

type Device = ReturnType<typeof deviceBlock>;

/** DIB device information, 54 bytes: medium, status, address, installation, serial, multicast address, MAC, friendly name in ISO 8859-1. */
function deviceBlock(r: Reader) {
  const [medium, status, address] = [r.u8(), r.u8(), r.u16()];
  r.skip(2); // project installation identifier
  const serial = hex(r.take(6));
  r.skip(4); // routing multicast address
  return { medium, isProgramming: (status & 1) !== 0, address, serial, mac: mac(r.take(6)), name: latinText(r.take(30)) };
}

function latinText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return visibleText(latin1.decode(end < 0 ? bytes : bytes.subarray(0, end))).trim();
}

/** A response describes the server that sends it. Where it names another hardware address than the frame has, it came through a router or is not its own. */
export function observe({ device, ip }: ReturnType<typeof decode>, packet: Packet): readonly Said[] {
  if (device === undefined || (device.mac !== packet.source && device.mac !== '00:00:00:00:00:00')) return [];
  const said: Said[] = [{ kind: 'device-kind', text: 'knx-gateway' }];
  if (device.name !== '') said.push({ kind: 'model', text: device.name });
  if (!/^(0+|f+)$/.test(device.serial))
    said.push({ kind: 'serial', text: device.serial }, { kind: 'identifier', scheme: 'knx-serial', value: device.serial });
  const { address } = device;
  if (address !== 0xffff)
    said.push({ kind: 'identifier', scheme: 'knx-address', value: `${address >> 12}.${(address >> 8) & 15}.${address & 255}` });
  if (ip !== undefined && isHostIp(ip) && ip === packet.sourceIp) said.push({ kind: 'address', ip });
  return said;
}

export const knxnetIp = collector({
  name: 'knxnet-ip',
  spec: 'ISO 22510',
  matches: [udpPorts(knxPort), tcpPorts(knxPort)],
  decode,
  observe,
});
