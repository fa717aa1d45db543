import type { Access } from '../model/decision.ts';
import type { Event, EventBody } from '../model/event.ts';
import { byPersonIf, notableKinds } from '../model/notable.ts';
import { visibleText } from '../model/visible-text.ts';

/** Who says it. `enterprise`: the number under which our structured data stands (IANA, private enterprise numbers); `most`: bytes of one message. */
export type SyslogFrame = { readonly host: string; readonly version: string; readonly enterprise: number; readonly most: number };

/** The log audit facility (RFC 5424 §6.2.1). */
const facility = 13;
const severities = { critical: 2, error: 3, warning: 4, notice: 5, informational: 6 } as const;
type Severity = keyof typeof severities;

/** Kinds that say how devices stand, beside what people look for in the journal. */
const standing: readonly EventBody['kind'][] = ['device-found', 'device-moved', 'device-forgotten', 'attested', 'decided', 'enforced'];
const people: readonly EventBody['kind'][] = notableKinds.people;
const notable: ReadonlySet<EventBody['kind']> = new Set([...Object.values(notableKinds).flat(), ...standing]);
const isPersons = (body: EventBody): boolean =>
  people.includes(body.kind) || Object.entries(byPersonIf).some(([kind, member]) => kind === body.kind && member in body);

/** True for alarms, what people did, how the gateway fares, and how devices stand; not for each fact and each challenge. */
export const isForSyslog = (body: EventBody): boolean => notable.has(body.kind) || isPersons(body);

const byAccess = { quarantine: 'warning', hold: 'notice', admit: 'informational' } as const satisfies Record<Access, Severity>;

function severityOf(body: EventBody): Severity {
  if (body.kind === 'alarm' || body.kind === 'policy-refused') return 'warning';
  if (body.kind === 'decided') return byAccess[body.decision.access];
  if (body.kind === 'attested') {
    const status = body.outcome.kind === 'appraised' ? body.outcome.result.status : 'none';
    return status === 'contraindicated' ? 'warning' : status === 'warning' ? 'notice' : 'informational';
  }
  if (body.kind === 'enforcement-state') return body.state === 'applied' ? 'informational' : 'error';
  if (body.kind === 'storage') return body.state === 'full' ? 'critical' : 'notice';
  if (body.kind === 'port-state') return body.state === 'down' || body.state === 'gone' ? 'warning' : 'informational';
  return isPersons(body) ? 'notice' : 'informational';
}

/** Most parameters of an Event, and characters of one value. */
const maxParams = 32;
const maxValue = 256;

/**
 * An Event as one syslog message (RFC 5424), without a frame. `text`: what happened, in a sentence. Its own members are structured data under our name, scalars
 * only; the number and hash of the journal are there, so that a receiver sees a gap and holds the chain's heads. Text of devices and people is untrusted: nothing of
 * it can end a field or a line. Longer than `most` bytes: the sentence is cut, then the last parameters.
 */
export function syslogMessage({ seq, at, hash, body }: Event, text: string, frame: SyslogFrame): Buffer {
  const { kind, ...rest } = body;
  const own = [['journalSeq', String(seq)], ['journalHash', hash], ['kind', kind], ...paramsOf(rest)] as const;
  return message({ severity: severityOf(body), at, id: kind, own, text }, frame);
}

/** Says that so many Events could not be sent any more. */
export const syslogLoss = (count: number, at: number, frame: SyslogFrame): Buffer =>
  message(
    {
      severity: 'error',
      at,
      id: 'syslog-lost',
      own: [['lost', String(count)]],
      text: `${count} events were not sent: the receiver was away too long`,
    },
    frame,
  );

type Said = {
  readonly severity: Severity;
  readonly at: number;
  readonly id: string;
  readonly own: readonly (readonly [string, string])[];
  readonly text: string;
};

function message({ severity, at, id, own, text }: Said, { host, version, enterprise, most }: SyslogFrame): Buffer {
  const priority = facility * 8 + severities[severity];
  const header = `<${priority}>1 ${new Date(at).toISOString()} ${printable(host, 255)} sallyport - ${printable(id, 32)}`;
  const origin = `[origin software="sallyport" swVersion="${escaped(version)}"]`;
  const shown = visibleText(text);
  // RFC 5424 §6.4: UTF-8 begins with its mark; plain ASCII needs none.
  const said = /^[\x20-\x7e]*$/.test(shown) ? shown : `\ufeff${shown}`;
  for (let kept = own.length; ; kept -= 1) {
    const params = own.slice(0, kept).map(([name, value]) => ` ${printable(name, 32)}="${escaped(value)}"`);
    const fixed = Buffer.from(`${header} [sallyport@${enterprise}${params.join('')}]${origin} `);
    if (fixed.length > most && kept > 0) continue;
    return Buffer.concat([fixed, cut(Buffer.from(said), Math.max(0, most - fixed.length))]);
  }
}

/** At most so many bytes, no character in half. */
function cut(bytes: Buffer, most: number): Buffer {
  if (bytes.length <= most) return bytes;
  let end = most;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}

/** Of nested members the scalars too, `decision.access`; lists of scalars in one value. */
function paramsOf(value: object, before = ''): readonly (readonly [string, string])[] {
  const found = Object.entries(value).flatMap(([name, member]: [string, unknown]): readonly (readonly [string, string])[] => {
    const named = `${before}${name}`;
    if (Array.isArray(member)) {
      const scalars = member.filter(each => typeof each === 'string' || typeof each === 'number');
      return scalars.length === 0 ? [] : [[named, scalars.join(' ')]];
    }
    if (typeof member === 'object' && member !== null) return before.split('.').length > 2 ? [] : paramsOf(member, `${named}.`);
    return typeof member === 'string' || typeof member === 'number' || typeof member === 'boolean' ? [[named, String(member)]] : [];
  });
  return before === '' ? found.slice(0, maxParams) : found;
}

/** RFC 5424 §6.3.3: `"`, `\` and `]` are escaped; what could hide or break a line is shown as such. */
const escaped = (text: string): string => visibleText(text.slice(0, maxValue)).replace(/["\\\]]/g, String.raw`\$&`);

/** A name or host as the header may have it. */
const printable = (text: string, most: number): string => text.replace(/[^\x21-\x7e]|["=\]]/g, '_').slice(0, most) || '-';
