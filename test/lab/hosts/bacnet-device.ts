import { createSocket } from 'node:dgram';

/**
 * `node bacnet-device.ts INSTANCE BROADCAST|unicast`: a simulated BACnet/IP device: Who-Is → I-Am, by broadcast or to the asker, and ReadProperty of its device
 * object. Written from ASHRAE 135 for this lab; no real device. Ends with its stdin.
 */
const [instanceText = '0', to = 'unicast'] = process.argv.slice(2);
const instance = Number(instanceText);
const objectId = Buffer.alloc(4);
objectId.writeUInt32BE(((8 << 22) | instance) >>> 0);

const text = (value: string): Buffer => Buffer.concat([Buffer.from([0x75, value.length + 1, 0]), Buffer.from(value)]);
/** Property identifiers of ASHRAE 135 §21 and their values with application tags. */
const properties = new Map<number, Buffer>([
  [75, Buffer.concat([Buffer.from([0xc4]), objectId])],
  [120, Buffer.from([0x21, 24])],
  [121, text('Lab Controls')],
  [44, text('4.2.1')],
  [12, text('7.0')],
  [77, text(`AHU-${instance}`)],
  [70, text('VAV-9000')],
  [28, text('Air handling')],
  [58, text('Hall 2')],
]);

const frame = (bvlc: number, npdu: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(npdu);
  return Buffer.concat([Buffer.from([0x81, bvlc, 0, body.length + 4]), body]);
};

const socket = createSocket({ type: 'udp4', reuseAddr: true });
socket.on('message', (bytes, from) => {
  if (bytes[0] !== 0x81) return;
  const apdu = bytes.subarray(6);
  if (apdu[0] === 0x10 && apdu[1] === 8 && isMeant(apdu.subarray(2))) {
    // I-Am: object, longest APDU, no segmentation, vendor.
    const iAm = [Buffer.from('01001000c4', 'hex'), objectId, Buffer.from('2205c491032118', 'hex')];
    if (to === 'unicast') socket.send(frame(0x0a, iAm), from.port, from.address);
    else socket.send(frame(0x0b, iAm), 47_808, to);
  }
  if ((apdu[0] ?? 255) >> 4 === 0 && apdu[3] === 12) {
    const [invoke = 0, property = apdu[10] ?? 0] = [apdu[2]];
    const value = properties.get(property);
    const reply =
      value === undefined
        ? [Buffer.from([0x01, 0x00, 0x50, invoke, 12, 0x91, 2, 0x91, 32])] // error: property, unknown-property
        : [Buffer.from([0x01, 0x00, 0x30, invoke, 12, 0x0c]), objectId, Buffer.from([0x19, property, 0x3e]), value, Buffer.from([0x3f])];
    socket.send(frame(0x0a, reply), from.port, from.address);
  }
});

/** No range, or one that the instance stands in: context tags 0 and 1, ASHRAE 135 §16.10.1. */
function isMeant(range: Buffer): boolean {
  const limits: number[] = [];
  for (let at = 0; at < range.length; ) {
    const length = (range[at] ?? 0) & 7;
    limits.push(range.readUIntBE(at + 1, length));
    at += 1 + length;
  }
  return limits.length < 2 || (instance >= (limits[0] ?? 0) && instance <= (limits[1] ?? 0));
}

socket.bind(47_808, () => {
  socket.setBroadcast(true);
  process.stdout.write('up\n');
});
process.stdin.on('end', () => process.exit(0)).resume();
