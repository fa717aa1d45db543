import { describe, expect, it } from 'vitest';
import { hex } from '../../gateway/codec/address.ts';
import {
  berElement,
  berLongOctets,
  berNumber,
  berTags,
  communityMessage,
  readScopedPdu,
  readSnmp,
  snmpPdus,
} from '../../gateway/codec/snmp.ts';
import { authenticate, decrypt, encrypt, isAuthentic, localKey, macBytes, readUser, writeUser } from '../../gateway/codec/snmp-user.ts';
import { Reader } from '../../gateway/codec/reader.ts';
import { berTake } from '../../gateway/codec/ber.ts';
import { SwitchWalk, type WalkStep } from '../../gateway/probing/switch-walk.ts';
import { fits } from '../../gateway/probing/template.ts';
import { UserDoor } from '../../gateway/probing/user-door.ts';
import { generator, mutate } from '../vectors/mutate.ts';
import { agent, int, type Row, switchRows } from '../vectors/snmp-agent.ts';

const engine = Uint8Array.of(0x80, 0, 0x1f, 0x88, 4, 1, 2, 3);
const access = { version: '3', user: 'reader', password: 'authentic-words', privacyPassword: 'private-words' } as const;
const { privacyPassword: _, ...plain } = access;
const nonce = Uint8Array.of(9, 8, 7, 6, 5, 4, 3, 2);

type Over = {
  readonly rows?: readonly Row[];
  readonly password?: string;
  readonly boots?: number;
  readonly time?: number;
  readonly engineOfAnswers?: Uint8Array;
  readonly spoil?: boolean;
  readonly inTheClear?: boolean;
  readonly report?: string;
};

/** An agent of version 3 in memory. It lets in who proves the password, by the same rules as the real one of the lab. */
function userAgent(over: Over = {}): (question: Uint8Array) => Uint8Array {
  const answers = agent(over.rows ?? switchRows);
  const key = localKey(over.password ?? access.password, engine);
  const privacy = localKey(access.privacyPassword, engine);
  const [boots, time] = [over.boots ?? 7, over.time ?? 1000];
  return question => {
    const { messageId, flags, security, scoped } = readSnmp(question);
    const theirs = readUser(security);
    const say = (asFlags: number, id: number, of: Uint8Array, as: Uint8Array): Uint8Array => {
      const isProved = (asFlags & 1) !== 0;
      const salt = (asFlags & 2) === 0 ? new Uint8Array(0) : new Uint8Array(8).fill(3);
      const own = {
        engine: over.engineOfAnswers ?? engine,
        boots,
        time,
        user: theirs.user,
        mac: new Uint8Array(isProved ? macBytes : 0),
        salt,
      };
      const inner = berElement(berTags.sequence, berElement(berTags.octets, of), berElement(berTags.octets), as);
      const data = (asFlags & 2) === 0 ? inner : berLongOctets(encrypt(inner, privacy, own));
      const header = berElement(
        berTags.sequence,
        berNumber(id),
        berNumber(65_507),
        berElement(berTags.octets, Uint8Array.of(asFlags)),
        berNumber(3),
      );
      const message = berElement(berTags.sequence, berNumber(3), header, berElement(berTags.octets, writeUser(own)), data);
      return isProved ? authenticate(message, message.length - data.length - 2 - salt.length - macBytes, key) : message;
    };
    const report = (last: string, asFlags = 0): Uint8Array => {
      const name = int(`1.3.6.1.6.3.15.1.1.${last}.0`, 1);
      return say(asFlags, messageId, engine, pduOf(snmpPdus.report, 1, [name]));
    };
    if (theirs.engine.length === 0) return report('4');
    if (over.report !== undefined) return report(over.report, over.report === '2' ? 1 : 0);
    if (!isAuthentic(question, theirs.mac, key)) return report('5');
    const open = (flags & 2) === 0 ? scoped : decrypt(berTake(new Reader(scoped), berTags.octets, 'data'), privacy, theirs);
    const { requestId } = readScopedPdu(open);
    const answer = answers(communityMessage('v2c', new Uint8Array(0), pduBytes(open)));
    const message = say(over.inTheClear === true ? 1 : flags & 3, messageId, engine, pduOfAnswer(answer, requestId));
    return over.spoil === true ? message.fill(0x55, message.length - 3) : message;
  };
}

/** The PDU inside of a scoped PDU, and inside of an answer of version 2c, as bytes. */
function pduBytes(scoped: Uint8Array): Uint8Array {
  const r = new Reader(berTake(new Reader(scoped), berTags.sequence, 'scoped'));
  for (let n = 0; n < 2; n++) berTake(r, berTags.octets, 'context');
  return r.rest();
}
function pduOfAnswer(message: Uint8Array, requestId: number): Uint8Array {
  const r = new Reader(berTake(new Reader(message), berTags.sequence, 'message'));
  berTake(r, berTags.integer, 'version');
  berTake(r, berTags.octets, 'community');
  expect(readSnmp(message).pdu.requestId).toBe(requestId);
  return r.rest();
}
function pduOf(type: number, requestId: number, rows: readonly Row[]): Uint8Array {
  const body = rows.map(([, tag, value]) =>
    berElement(berTags.sequence, berElement(berTags.oid, oidOf(rows[0]?.[0] ?? '')), berElement(tag, value)),
  );
  return berElement(type, berNumber(requestId), berNumber(0), berNumber(0), berElement(berTags.sequence, ...body));
}
const oidOf = (oid: string): Uint8Array => {
  const [, , ...rest] = oid.split('.').map(Number);
  return Uint8Array.of(0x2b, ...rest);
};

function walk(
  says: (question: Uint8Array) => Uint8Array,
  by = new UserDoor(access, nonce),
  hear?: (message: Uint8Array) => void,
): WalkStep {
  const machine = new SwitchWalk(by, nonce);
  let step = machine.begin();
  for (let n = 0; step.kind === 'send' && n < 5000; n++) {
    hear?.(step.message);
    step = machine.next(says(step.message));
  }
  return step;
}

describe('a switch read by a user', () => {
  it.each([
    ['with encryption', access],
    ['without', plain],
  ])('says everything, %s', (_name, by) => {
    expect(walk(userAgent(), new UserDoor(by, nonce))).toMatchObject({
      kind: 'answered',
      tables: { name: 'dock-sw1', entries: { length: 2 } },
    });
  });

  it.each([
    ['with encryption', access, 1],
    ['without', plain, 1],
  ])('is asked by what fits the templates of the moment, %s', (_name, by, templates) => {
    const door = new UserDoor(by, nonce);
    let sent = 0;
    walk(userAgent(), door, message => {
      expect(
        door.templates.filter(each => fits(each, message)),
        hex(message),
      ).toHaveLength(templates);
      sent += 1;
    });
    expect(sent).toBeGreaterThan(15);
  });

  it('sees no password, and encrypted no object, on the wire', () => {
    const sent: string[] = [];
    walk(userAgent(), new UserDoor(access, nonce), message => sent.push(hex(message)));
    for (const text of [access.password, access.privacyPassword]) expect(sent.join()).not.toContain(Buffer.from(text).toString('hex'));
    expect(sent.join()).not.toContain('2b06010201');
    expect(new Set(sent).size).toBe(sent.length);
  });

  it('has another key with each agent, as RFC 3414 wants', () =>
    expect(localKey('maplesyrup', engine)).not.toEqual(localKey('maplesyrup', engine.subarray(1))));
});

describe('nothing is believed', () => {
  it.each<readonly [string, Over, RegExp]>([
    ['that another password proves', { password: 'somebody-else' }, /^the password is wrong/],
    ['of which a byte was changed', { spoil: true }, /does not prove/],
    ['in the name of another agent', { engineOfAnswers: Uint8Array.of(1, 2, 3, 4, 5, 6) }, /does not prove|cannot be mended|wrong/],
    ['that came in the clear to an encrypted question', { inTheClear: true }, /in the clear/],
    ['of an agent that corrects its clock without end', { report: '2' }, /again and again/],
    ['of an agent that knows no such user', { report: '3' }, /no such user/],
    ['of an agent that lets nobody in so', { report: '1' }, /protection/],
  ])('%s', (_name, over, why) => expect(walk(userAgent(over))).toEqual({ kind: 'refused', detail: expect.stringMatching(why) as string }));

  it('of an answer from before: same words, older clock', () => {
    const [now, old] = [userAgent({ time: 1000 }), userAgent({ time: 800 })];
    let n = 0;
    expect(walk(question => (++n > 3 ? old : now)(question))).toEqual({ kind: 'refused', detail: 'an answer from another time' });
    n = 0;
    const before = userAgent({ boots: 6 });
    expect(walk(question => (++n > 3 ? before : now)(question))).toEqual({ kind: 'refused', detail: 'an answer from another time' });
  });

  it('of an unproved correction of the clock', () => {
    let n = 0;
    const [says, liar] = [userAgent(), userAgent({ report: '2', password: 'somebody-else', boots: 99 })];
    const forged = (question: Uint8Array): Uint8Array => (++n === 3 ? liar : says)(question);
    expect(walk(forged)).toEqual({ kind: 'refused', detail: 'it reports a fault that cannot be mended' });
  });

  it('of 1,500 answers, every third of them edited, of which none is thrown at us', () => {
    const random = generator(13);
    const says = userAgent();
    let [answered, edited] = [0, 0];
    for (let n = 0; n < 1500; ) {
      const machine = new SwitchWalk(new UserDoor(access, nonce), nonce);
      let step = machine.begin();
      for (; step.kind === 'send'; n++) {
        const honest = says(step.message);
        const isEdited = random(3) === 0;
        if (isEdited) edited += 1;
        step = machine.next(isEdited ? mutate({ bytes: honest, body: 0 }, random) : honest);
      }
      if (step.kind === 'answered') answered += 1;
    }
    expect(edited).toBeGreaterThan(300);
    expect(answered).toBeLessThan(20);
  });

  it('of a message with another id: it changes nothing', () => {
    const door = new UserDoor(access, nonce);
    const machine = new SwitchWalk(door, nonce);
    const first = machine.begin();
    const other = new SwitchWalk(new UserDoor(access, nonce), Uint8Array.of(200, 1, 1, 1)).begin();
    if (first.kind !== 'send' || other.kind !== 'send') throw new Error('nothing is asked');
    expect(machine.next(userAgent()(other.message))).toEqual({ kind: 'wait' });
  });
});
