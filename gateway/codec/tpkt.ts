import { Reader } from './reader.ts';

/** ISO transport data of one TPDU. `isLast`: end of TSDU. */
export type TransportData = { readonly data: Uint8Array; readonly isLast: boolean };

const dataTpdu = 0xf0;
/** Cap: packets of one segment. */
const maxPackets = 32;

/**
 * The data of the ISO transport packets of a TCP segment: TPKT (RFC 1006 §6) and COTP class 0 (ISO 8073 §13). Other TPDUs (connect,
 * disconnect) have no data and are passed over. A packet that goes on in the next segment is rejected, unless whole ones stand before it.
 */
export function decodeTpkt(bytes: Uint8Array): readonly TransportData[] {
  const r = new Reader(bytes, 'TPKT');
  const found: TransportData[] = [];
  for (let count = 0; count < maxPackets && (count === 0 || r.left >= 4); count++) {
    const version = r.u8();
    r.skip(1);
    const length = r.u16();
    if (version !== 3 || length < 7) throw r.fault(`version=${version} length=${length}`);
    if (count > 0 && length - 4 > r.left) break;
    const c = new Reader(r.take(length - 4), 'COTP');
    const header = new Reader(c.take(c.u8()), 'COTP');
    if (header.u8() === dataTpdu) found.push({ data: c.rest(), isLast: (header.u8() & 0x80) !== 0 });
  }
  return found;
}
