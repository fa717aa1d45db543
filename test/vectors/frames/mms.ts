import { tlv } from './ber.ts';
import * as b from './build.ts';
import { fromDevice, toDevice } from './industrial.ts';

/** The layers of ISO 8073 class 0 over TCP (RFC 1006), session and presentation data transfer, around one MMS PDU (ISO 9506-2). */
export const mmsSegment = (...pdu: readonly b.Part[]): Uint8Array => {
  const presentation = b.bytes(tlv(0x61, tlv(0x30, tlv(0x02, 3), tlv(0xa0, ...pdu))));
  return b.bytes(3, 0, b.u16(4 + 3 + 4 + presentation.length), 2, 0xf0, 0x80, [1, 0, 1, 0], presentation);
};
const invoke = tlv(0x02, 5);
export const identifyResponse = mmsSegment(
  tlv(0xa1, invoke, tlv(0xa2, tlv(0x80, 'Maker AG'), tlv(0x81, 'Bay Unit 7'), tlv(0x82, '4.2.1'))),
);
/** Write of one variable: list of variables [0], data. */
export const writeRequest = mmsSegment(
  tlv(
    0xa0,
    invoke,
    tlv(0xa5, tlv(0xa0, tlv(0x30, tlv(0xa0, tlv(0xa1, tlv(0x1a, 'AA1LD0'), tlv(0x1a, 'CSWI1$CO$Pos$Oper'))))), tlv(0xa0, tlv(0x83, 1))),
  ),
);
export const readRequest = mmsSegment(tlv(0xa0, invoke, tlv(0xa4, tlv(0xa1, tlv(0x1a, 'AA1LD0')))));

export const mmsVectors = {
  'mms-identify': fromDevice(102, identifyResponse),
  'mms-write': toDevice(102, writeRequest),
  'mms-stop': toDevice(102, mmsSegment(tlv(0xa0, invoke, tlv(0xbf29, tlv(0x80, 'Program'))))),
};
