import { berInteger } from '../codec/ber.ts';
import { DecodeError } from '../codec/reader.ts';
import { berTags, nextPdu, type SnmpPdu, snmpPdus, type SnmpVariable } from '../codec/snmp.ts';
import type { SwitchTables } from '../model/switch.ts';
import { type SwitchObject, type SwitchObjectName, switchObjects } from './switch-objects.ts';
import { tablesOf } from './switch-tables.ts';

/** Rows of one object by their index, `10.2.0.94.16.0.1`: what stands in the name of a row behind the object's own. */
export type Column = ReadonlyMap<string, number | Uint8Array>;
export type Columns = Partial<Record<SwitchObjectName, Column>>;

/** How questions get into messages and answers out of them: by community or by user. `open` throws DecodeError. */
export type SnmpDoor = {
  /** The message to send for this question; before it can be asked, another one that must be answered first. */
  readonly seal: (pdu: Uint8Array, requestId: number) => Uint8Array;
  /** `again`: the door learnt what it needed, send the question anew; `foreign`: no answer to us; `refused`: in our words. */
  readonly open: (message: Uint8Array) => SnmpPdu | 'again' | 'foreign' | { readonly refused: string };
  /** Version 1 has no GetBulk. */
  readonly hasBulk: boolean;
};

export type WalkStep =
  | { readonly kind: 'send'; readonly message: Uint8Array }
  | { readonly kind: 'wait' }
  | { readonly kind: 'answered'; readonly tables: SwitchTables }
  | { readonly kind: 'refused'; readonly detail: string };

/** What one reading may cost, whatever the agent says. */
export const walkCaps = { messages: 4_000, bytes: 4 * 1024 * 1024, strays: 64, valueBytes: 255, skipped: 1_000 } as const;
/** Rows asked for at once: so that an answer fits one packet. */
const repetitionsOf = { number: 40, octets: 16 } as const;
/** RFC 3416 §3: what an agent says instead of a value, and error-status. */
const exceptionTags: ReadonlySet<number> = new Set([0x80, 0x81, 0x82]);
const [tooBig, noSuchName] = [1, 2];

/**
 * Reads a switch, one question after the other: every object of `switchObjects` from its beginning to its end. A pure step machine: the same answers
 * give the same questions. `next` throws nothing: an agent that breaks the rules ends the reading, and nothing of what it said is used.
 */
export class SwitchWalk {
  readonly #door: SnmpDoor;
  readonly #columns: Partial<Record<SwitchObjectName, Map<string, number | Uint8Array>>> = {};
  readonly #truncated: string[] = [];
  #at = -1;
  #last: readonly number[] = [];
  #repetitions = 0;
  #requestId: number;
  #messages = 0;
  #bytes = 0;
  #strays = 0;
  #skipped = 0;

  /** `nonce`: 4 fresh bytes; request ids count up from them. */
  constructor(door: SnmpDoor, nonce: Uint8Array) {
    this.#door = door;
    // Between 2^24 and 2^30: always four bytes.
    this.#requestId = 0x0100_0000 + ((((nonce[0] ?? 0) << 16) | ((nonce[1] ?? 0) << 8) | (nonce[2] ?? 0)) << 5);
  }

  begin(): WalkStep {
    return this.#nextObject();
  }

  next(message: Uint8Array): WalkStep {
    this.#bytes += message.length;
    if (this.#bytes > walkCaps.bytes) return refused(`its answers are longer than ${walkCaps.bytes} bytes`);
    try {
      const opened = this.#door.open(message);
      if (opened === 'again') return this.#ask();
      if (opened === 'foreign') return this.#stray();
      return 'refused' in opened ? refused(opened.refused) : this.#take(opened);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return refused(error.message);
    }
  }

  get #object(): SwitchObject & { readonly name: SwitchObjectName } {
    const object = switchObjects[this.#at];
    if (object === undefined) throw new Error('Cannot walk: there is no object');
    return object;
  }

  #nextObject(): WalkStep {
    do this.#at += 1;
    while (this.#at < switchObjects.length && this.#isNeedless(this.#object.name));
    if (this.#at >= switchObjects.length) return { kind: 'answered', tables: tablesOf(this.#columns, this.#truncated, this.#skipped) };
    this.#last = this.#object.oid;
    this.#repetitions = this.#door.hasBulk && this.#object.rows > 1 ? repetitionsOf[this.#object.value] : 0;
    return this.#ask();
  }

  /** Descriptions are for interfaces without names, and the old table for bridges without VLANs. */
  #isNeedless(name: SwitchObjectName): boolean {
    if (name === 'ifDescr') return this.#columns.ifName !== undefined;
    return (name === 'dot1dTpFdbPort' || name === 'dot1dTpFdbStatus') && this.#columns.dot1qTpFdbPort !== undefined;
  }

  #ask(): WalkStep {
    if (++this.#messages > walkCaps.messages) return refused(`it wants more than ${walkCaps.messages} questions`);
    this.#requestId += 1;
    return { kind: 'send', message: this.#door.seal(nextPdu(this.#requestId, this.#last, this.#repetitions), this.#requestId) };
  }

  #stray(): WalkStep {
    return ++this.#strays > walkCaps.strays ? refused(`more than ${walkCaps.strays} answers that nobody asked for`) : { kind: 'wait' };
  }

  #take({ type, requestId, errorStatus, variables }: SnmpPdu): WalkStep {
    if (requestId !== this.#requestId) return this.#stray();
    if (type !== snmpPdus.response) return refused(`PDU type 0x${type.toString(16)} instead of a response`);
    if (errorStatus === tooBig && this.#repetitions > 1) {
      this.#repetitions = Math.floor(this.#repetitions / 2);
      return this.#ask();
    }
    // Version 1 ends a table with noSuchName; with any other error the agent keeps this object to itself.
    if (errorStatus !== 0 && errorStatus !== noSuchName) this.#truncated.push(this.#object.name);
    if (errorStatus !== 0) return this.#nextObject();
    if (variables.length > Math.max(1, this.#repetitions)) return refused('more variables than were asked for');
    for (const variable of variables) {
      const row = this.#row(variable);
      if (row === 'end') return this.#nextObject();
      if (row === 'backwards') return refused(`the rows of ${this.#object.name} do not go up`);
      if (this.#skipped > walkCaps.skipped) return refused(`more than ${walkCaps.skipped} rows that cannot be understood`);
      if ((this.#columns[this.#object.name]?.size ?? 0) >= this.#object.rows) {
        if (this.#object.rows > 1) this.#truncated.push(this.#object.name);
        return this.#nextObject();
      }
    }
    return variables.length === 0 ? this.#nextObject() : this.#ask();
  }

  /** Keeps one row. `end`: it is of another object; `backwards`: it is not behind the one before, so there would be no end. */
  #row({ oid, tag, value }: SnmpVariable): 'kept' | 'end' | 'backwards' {
    const parts = oid.split('.').map(Number);
    const { oid: prefix, name, value: wanted } = this.#object;
    if (exceptionTags.has(tag) || !prefix.every((part, n) => parts[n] === part)) return 'end';
    if (compare(parts, this.#last) <= 0) return 'backwards';
    this.#last = parts;
    const isRight =
      wanted === 'octets' ? tag === berTags.octets : (tag === berTags.integer || tag === berTags.unsigned) && value.length < 6;
    if (!isRight || parts.length - prefix.length > 16) this.#skipped += 1;
    else {
      const column = (this.#columns[name] ??= new Map());
      column.set(parts.slice(prefix.length).join('.'), wanted === 'octets' ? value.slice(0, walkCaps.valueBytes) : berInteger(value, name));
    }
    return 'kept';
  }
}

const refused = (detail: string): WalkStep => ({ kind: 'refused', detail });

/** Order of object identifiers: part by part. */
function compare(a: readonly number[], b: readonly number[]): number {
  for (let n = 0; n < Math.max(a.length, b.length); n++) {
    const [x, y] = [a[n] ?? -1, b[n] ?? -1];
    if (x !== y) return x - y;
  }
  return 0;
}
