import { utf8 } from './der-encode.ts';

/** Content of revokedCertificates with `count` entries, as CAs write them: 20 octets of serial number, UTCTime, every third with a reason. One buffer, for speed. */
export function manyEntries(count: number): Uint8Array {
  const reason = Uint8Array.of(0x30, 0x0c, 0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d, 0x15, 0x04, 0x03, 0x0a, 0x01, 0x01);
  const date = Uint8Array.of(0x17, 13, ...utf8('240101000000Z'));
  const out = new Uint8Array(count * (2 + 22 + date.length + reason.length));
  let at = 0;
  for (let i = 0; i < count; i++) {
    const more = i % 3 === 0 ? reason : new Uint8Array();
    const serial = new Uint8Array(20).fill(0x5a);
    new DataView(serial.buffer).setUint32(8, i * 2_654_435_761);
    for (const part of [Uint8Array.of(0x30, 22 + date.length + more.length, 0x02, 20), serial, date, more]) {
      out.set(part, at);
      at += part.length;
    }
  }
  return out.subarray(0, at);
}
