import type { Ip } from '../model/address.ts';
import { ip4, ip6 } from './address.ts';
import { DecodeError, Reader } from './reader.ts';
import { decodeText } from './text.ts';

/** Resource record types that are read; others keep their number. IANA DNS parameters. */
export const recordTypes = { a: 1, ptr: 12, txt: 16, aaaa: 28, srv: 33 } as const;

/** Labels of a domain name, outermost last, without the root. Labels are safe text and may hold dots (RFC 6763 §4.3). Untrusted. */
export type Name = readonly string[];

type Common = {
  readonly name: Name;
  /** Class without its top bit, which in mDNS means *flush the cache* (RFC 6762 §10.2). */
  readonly class: number;
  readonly ttlSeconds: number;
};
export type DnsRecord = Common &
  (
    | { readonly kind: 'address'; readonly ip: Ip }
    | { readonly kind: 'ptr'; readonly target: Name }
    | { readonly kind: 'srv'; readonly priority: number; readonly weight: number; readonly port: number; readonly target: Name }
    /** The character strings as they are. */
    | { readonly kind: 'txt'; readonly strings: readonly Uint8Array[] }
    | { readonly kind: 'other'; readonly type: number }
  );

export type DnsMessage = {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly questions: readonly { readonly name: Name; readonly type: number; readonly class: number }[];
  /** Answer, authority and additional records, in this order. */
  readonly records: readonly DnsRecord[];
};

/** Caps. A name is at most 255 bytes, a label 63 (RFC 1035 §2.3.4); the labels of all names of a message, so that pointers cannot multiply work. */
const [maxName, maxLabels] = [255, 4096];

/** DNS and multicast DNS. RFC 1035 §4, RFC 6762, RFC 2782 (SRV), RFC 3596 (AAAA). Bytes behind the last record are not looked at. */
export function decodeDns(bytes: Uint8Array): DnsMessage {
  const r = new Reader(bytes, 'DNS');
  const [id, flags] = [r.u16(), r.u16()];
  const [questionCount, recordCount] = [r.u16(), r.u16() + r.u16() + r.u16()];
  // Checked before anything is made of the counts: the shortest question has 5 bytes, the shortest record 11.
  if (questionCount * 5 + recordCount * 11 > r.left)
    throw r.fault(`${questionCount} questions and ${recordCount} records in ${bytes.length} bytes`);
  const names = new Names(bytes);
  const questions = Array.from({ length: questionCount }, () => ({ name: names.read(r), type: r.u16(), class: r.u16() & 0x7fff }));
  const records = Array.from({ length: recordCount }, () => readRecord(r, names));
  return { id, isResponse: flags >= 0x8000, opcode: (flags >> 11) & 15, questions, records };
}

function readRecord(r: Reader, names: Names): DnsRecord {
  const name = names.read(r);
  const [type, recordClass, ttlSeconds, length] = [r.u16(), r.u16() & 0x7fff, r.u32(), r.u16()];
  const common = { name, class: recordClass, ttlSeconds };
  const start = r.at;
  const body = r.take(length);
  switch (type) {
    case recordTypes.a:
      return { ...common, kind: 'address', ip: ip4(body) };
    case recordTypes.aaaa:
      return { ...common, kind: 'address', ip: ip6(body) };
    case recordTypes.ptr:
      return { ...common, kind: 'ptr', target: names.readAt(start, length) };
    case recordTypes.srv: {
      const s = new Reader(body, 'DNS SRV');
      const [priority, weight, port] = [s.u16(), s.u16(), s.u16()];
      return { ...common, kind: 'srv', priority, weight, port, target: names.readAt(start + 6, length - 6) };
    }
    case recordTypes.txt:
      return { ...common, kind: 'txt', strings: readStrings(new Reader(body, 'DNS TXT')) };
    default:
      return { ...common, kind: 'other', type };
  }
}

function readStrings(r: Reader): readonly Uint8Array[] {
  const strings: Uint8Array[] = [];
  while (r.left > 0) strings.push(r.take(r.u8()));
  return strings;
}

/** Reads the names of one message and counts the work. */
class Names {
  readonly #bytes: Uint8Array;
  #labels = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The name at the reader, which is moved behind it. */
  read(r: Reader): Name {
    const [name, length] = this.#walk(r.at);
    r.skip(length);
    return name;
  }

  /** The name that fills the data of a record exactly. */
  readAt(at: number, length: number): Name {
    const [name, used] = this.#walk(at);
    if (used !== length) throw new DecodeError(`Cannot read DNS: a name of ${used} bytes in record data of ${length} at byte ${at}`);
    return name;
  }

  /**
   * The labels and how many bytes the name takes where it stands. A pointer must point before the labels that led to it (RFC 1035 §4.1.4
   * says *prior*), so each jump goes strictly backwards and a walk always ends.
   */
  #walk(start: number): [Name, number] {
    const labels: string[] = [];
    let [total, used, from] = [0, 0, start];
    let r = new Reader(this.#bytes.subarray(Math.min(start, this.#bytes.length)), 'DNS name');
    for (;;) {
      const length = r.u8();
      if (length >= 0xc0) {
        const to = ((length & 0x3f) << 8) | r.u8();
        if (used === 0) used = r.at;
        if (to >= from) throw r.fault(`pointer from ${from} to ${to}`);
        from = to;
        r = new Reader(this.#bytes.subarray(to), 'DNS name');
      } else if (length > 63) throw r.fault(`label type ${length >> 6}`);
      else if (length === 0) return [labels, used === 0 ? r.at : used];
      else {
        total += length + 1;
        if (total >= maxName) throw r.fault(`name longer than ${maxName} bytes`);
        if (++this.#labels > maxLabels) throw r.fault(`more than ${maxLabels} labels`);
        labels.push(decodeText(r.take(length)));
      }
    }
  }
}
