import type { Ip } from '../model/address.ts';
import { DecodeError, Reader } from './reader.ts';

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
  const id = r.u16();
  const flags = r.u16();
  const questionCount = r.u16();
  const recordCount = r.u16() + r.u16() + r.u16();
  // Checked before anything is made of the counts: the shortest question has 5 bytes, the shortest record 11.
  if (questionCount * 5 + recordCount * 11 > r.left)
    throw r.fault(`${questionCount} questions and ${recordCount} records in ${bytes.length} bytes`);
  const names = new Names(bytes);
  const questions: DnsMessage['questions'][number][] = [];
  for (let n = 0; n < questionCount; n++) questions.push({ name: names.read(r), type: r.u16(), class: r.u16() & 0x7fff });
  const records: DnsRecord[] = [];
  for (let n = 0; n < recordCount; n++) records.push(readRecord(r, names));
  return { id, isResponse: flags >= 0x8000, opcode: (flags >> 11) & 15, questions, records };
}

function readRecord(r: Reader, names: Names): DnsRecord {
  const name = names.read(r);
  const type = r.u16();
  const common = { name, class: r.u16() & 0x7fff, ttlSeconds: r.u32() };
  const length = r.u16();
  const start = r.at;
  const body = r.part(length, type === recordTypes.srv ? 'DNS SRV' : 'DNS TXT');
  switch (type) {
    case recordTypes.a:
      wants(length, 4, 'IPv4 address');
      return { ...common, kind: 'address', ip: body.ip4() };
    case recordTypes.aaaa:
      wants(length, 16, 'IPv6 address');
      return { ...common, kind: 'address', ip: body.ip6() };
    case recordTypes.ptr:
      return { ...common, kind: 'ptr', target: names.readAt(start, length) };
    case recordTypes.srv: {
      const priority = body.u16();
      const weight = body.u16();
      const port = body.u16();
      return { ...common, kind: 'srv', priority, weight, port, target: names.readAt(start + 6, length - 6) };
    }
    case recordTypes.txt:
      return { ...common, kind: 'txt', strings: readStrings(body) };
    default:
      return { ...common, kind: 'other', type };
  }
}

function wants(length: number, count: number, what: string): void {
  if (length !== count) throw new DecodeError(`Cannot read ${what}: ${length} bytes`);
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
  /** Bytes of the name that was read last. */
  #used = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The name at the reader, which is moved behind it. */
  read(r: Reader): Name {
    const name = this.#walk(r.at);
    r.skip(this.#used);
    return name;
  }

  /** The name that fills the data of a record exactly. */
  readAt(at: number, length: number): Name {
    const name = this.#walk(at);
    if (this.#used !== length)
      throw new DecodeError(`Cannot read DNS: a name of ${this.#used} bytes in record data of ${length} at byte ${at}`);
    return name;
  }

  /**
   * The labels; `#used` is how many bytes the name takes where it stands. A pointer must point before the labels that led to it (RFC 1035 §4.1.4
   * says *prior*), so each jump goes strictly backwards and a walk always ends.
   */
  #walk(start: number): Name {
    const labels: string[] = [];
    this.#used = 0;
    let total = 0;
    let from = start;
    let r = new Reader(this.#bytes, 'DNS name', Math.min(start, this.#bytes.length));
    for (;;) {
      const length = r.u8();
      if (length >= 0xc0) {
        const to = ((length & 0x3f) << 8) | r.u8();
        if (this.#used === 0) this.#used = r.at;
        if (to >= from) throw r.fault(`pointer from ${from} to ${to}`);
        from = to;
        r = new Reader(this.#bytes, 'DNS name', to);
      } else if (length > 63) throw r.fault(`label type ${length >> 6}`);
      else if (length === 0) {
        if (this.#used === 0) this.#used = r.at;
        return labels;
      } else {
        total += length + 1;
        if (total >= maxName) throw r.fault(`name longer than ${maxName} bytes`);
        if (++this.#labels > maxLabels) throw r.fault(`more than ${maxLabels} labels`);
        labels.push(r.text(length));
      }
    }
  }
}
