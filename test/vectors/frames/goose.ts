import { tlv } from './ber.ts';
import * as b from './build.ts';
import { device } from './industrial.ts';

/** Composed from IEC 61850-8-1 annex A and C: header of 8 bytes, then IECGoosePdu. */
const multicast = '01:0c:cd:01:00:01';
export const gooseBody = ({ controlBlock = 'AA1Q1LD0/LLN0$GO$gcb01', goId = 'AA1Q1', simulation = 0 } = {}): Uint8Array => {
  const pdu = b.bytes(
    tlv(
      0x61,
      tlv(0x80, controlBlock),
      tlv(0x81, b.u16(2000)),
      tlv(0x82, 'AA1Q1LD0/LLN0$dsTrip'),
      goId === '' ? [] : tlv(0x83, goId),
      tlv(0x84, b.u32(1_700_000_000), b.u32(10)),
      tlv(0x85, 3),
      tlv(0x86, 77),
      tlv(0x87, simulation),
      tlv(0x88, 1),
      tlv(0x89, 0),
      tlv(0x8a, 2),
      tlv(0xab, tlv(0x83, 1), tlv(0x84, 3, 0, 0)),
    ),
  );
  return b.bytes(b.u16(0x0001), b.u16(8 + pdu.length), b.u16(0), b.u16(0), pdu);
};

export const gooseVectors = {
  goose: b.ethernet(device, multicast, 0x88b8, gooseBody()),
  'goose-tagged': b.tagged(device, multicast, [[0x8100, 0x8005]], 0x88b8, gooseBody({ goId: '', simulation: 0xff })),
};
