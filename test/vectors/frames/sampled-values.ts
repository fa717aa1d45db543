import { tlv } from './ber.ts';
import * as b from './build.ts';
import { device } from './industrial.ts';

/** Composed from IEC 61850-9-2 §8.5 and the guideline 9-2LE: one ASDU with eight channels of 8 bytes. */
const multicast = '01:0c:cd:04:00:01';
export const sampledValuesBody = (counter: number, dataSet = ''): Uint8Array => {
  const asdu = tlv(
    0x30,
    tlv(0x80, 'MU1xxxx4001'),
    dataSet === '' ? [] : tlv(0x81, dataSet),
    tlv(0x82, b.u16(counter)),
    tlv(0x83, b.u32(1)),
    tlv(0x85, 2),
    tlv(0x87, new Uint8Array(64)),
  );
  const pdu = b.bytes(tlv(0x60, tlv(0x80, 1), tlv(0xa2, asdu)));
  return b.bytes(b.u16(0x4001), b.u16(8 + pdu.length), b.u16(0), b.u16(0), pdu);
};

export const sampledValuesVectors = {
  'sampled-values': b.ethernet(device, multicast, 0x88ba, sampledValuesBody(16)),
  'sampled-values-tagged': b.tagged(device, multicast, [[0x8100, 0x8005]], 0x88ba, sampledValuesBody(0, 'MU1LD/LLN0$PhsMeas1')),
};
