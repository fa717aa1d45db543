import { describe, expect, it } from 'vitest';
import { hex } from '../../gateway/codec/address.ts';
import { snmpPdus } from '../../gateway/codec/snmp.ts';
import { communityDoor } from '../../gateway/probing/community-door.ts';
import { switchObjects } from '../../gateway/probing/switch-objects.ts';
import { SwitchWalk, walkCaps, type WalkStep } from '../../gateway/probing/switch-walk.ts';
import { fits } from '../../gateway/probing/template.ts';
import { generator, mutate } from '../vectors/mutate.ts';
import { agent, answer, asked, bytes, int, type Row, switchRows, text } from '../vectors/snmp-agent.ts';

const door = communityDoor('2c', 'public');
const nonce = Uint8Array.of(1, 2, 3, 4);

/** Walks an agent to its end; `hear` sees each question. */
function walk(
  says: (question: Uint8Array) => Uint8Array,
  { by = door, hear }: { by?: typeof door; hear?: (question: Uint8Array) => void } = {},
): WalkStep {
  const machine = new SwitchWalk(by, nonce);
  let step = machine.begin();
  for (let n = 0; step.kind === 'send' && n < 50_000; n++) {
    hear?.(step.message);
    step = machine.next(says(step.message));
  }
  return step;
}
const fdb = '1.3.6.1.2.1.17.4.3.1.2';
/** An agent without anything but what `says` answers for one object. */
const only = (oid: string, says: (requestId: number, repetitions: number) => Uint8Array) => (question: Uint8Array) => {
  const { requestId, oid: wanted, repetitions } = asked(question);
  return wanted.startsWith(oid) ? says(requestId, repetitions) : answer(requestId, [[wanted, 0x82, new Uint8Array(0)]]);
};

describe('a switch is read', () => {
  it('with everything that it says', () =>
    expect(walk(agent(switchRows))).toEqual({
      kind: 'answered',
      tables: {
        name: 'dock-sw1',
        description: 'Example OS 4.2',
        chassis: '02:00:5e:00:00:09',
        own: ['02:00:5e:00:00:02', '02:00:5e:00:00:01', '02:00:5e:00:00:09'],
        ports: [
          { port: 1, name: 'Gi0/1', alias: 'camera dock 3' },
          { port: 2, name: 'Gi0/2' },
        ],
        entries: [
          { mac: '02:00:5e:00:01:01', port: 1, vlan: 10 },
          { mac: '02:00:5e:00:01:02', port: 2, vlan: 20 },
        ],
        neighbours: [{ port: 2, chassis: '02:00:5e:00:00:08', name: 'core-sw', isBridge: true }],
        truncated: [],
        skipped: 0,
      },
    }));

  it('the same in version 1, one row after the other', () => {
    const questions: number[] = [];
    const v1 = walk(agent(switchRows), { by: communityDoor('1', 'public'), hear: message => questions.push(asked(message).type) });
    expect(v1).toEqual(walk(agent(switchRows)));
    expect(new Set(questions)).toEqual(new Set([snmpPdus.getNext]));
  });

  it('by questions that fit the templates, and by no other', () => {
    const sent: Uint8Array[] = [];
    walk(agent(switchRows), { hear: message => sent.push(message) });
    expect(sent.length).toBeGreaterThan(switchObjects.length - 3);
    for (const message of sent)
      expect(
        door.templates.filter(template => fits(template, message)),
        hex(message),
      ).toHaveLength(1);
    const [first = new Uint8Array(0)] = sent;
    const at = hex(first).indexOf('a1') / 2;
    for (let type = 0xa0; type <= 0xa8; type++) {
      const other = Uint8Array.from(first).fill(type, at, at + 1);
      expect(
        door.templates.some(template => fits(template, other)),
        type.toString(16),
      ).toBe(type === snmpPdus.getNext || type === snmpPdus.getBulk);
    }
    expect(communityDoor('2c', 'other').templates.some(template => fits(template, first))).toBe(false);
  });

  it('with the old table where there is none for VLANs, and by the descriptions of interfaces without names', () => {
    const step = walk(agent([int('1.3.6.1.2.1.17.1.4.1.2.3', 9), text('1.3.6.1.2.1.2.2.1.2.9', 'ether3'), int(`${fdb}.2.0.94.0.1.9`, 3)]));
    expect(step).toMatchObject({ tables: { ports: [{ port: 3, name: 'ether3' }], entries: [{ mac: '02:00:5e:00:01:09', port: 3 }] } });
  });

  it('and has no VLAN where two share a forwarding database, or none is named', () => {
    const table = '1.3.6.1.2.1.17.7.1';
    const shared = [int(`${table}.2.2.1.2.1.2.0.94.0.1.1`, 1), int(`${table}.4.2.1.3.0.10`, 1), int(`${table}.4.2.1.3.0.20`, 1)];
    for (const rows of [shared, shared.slice(0, 1)])
      expect(walk(agent(rows))).toMatchObject({ tables: { entries: [{ mac: '02:00:5e:00:01:01', port: 1 }] } });
    expect(JSON.stringify(walk(agent(shared)))).not.toContain('vlan');
  });

  it('a telephone that bridges is no switch', () => {
    const rows = switchRows.map((row): Row => (row[0].includes('.4.1.1.12.') ? bytes(row[0], 0x24, 0) : row));
    expect(walk(agent(rows))).toMatchObject({ tables: { neighbours: [{ isBridge: false }] } });
  });

  it('names cannot hide or reorder text', () => {
    const step = walk(agent([text('1.3.6.1.2.1.1.5.0', 'a\u202eb\u001b[31m\nc')]));
    expect(step).toMatchObject({ tables: { name: 'a\ufffdb\ufffd[31m c' } });
  });

  it('again for fewer rows when an answer would be too big', () => {
    const sizes: number[] = [];
    const honest = agent(switchRows);
    const small = (question: Uint8Array): Uint8Array => {
      const { requestId, repetitions } = asked(question);
      sizes.push(repetitions);
      return repetitions > 5 ? answer(requestId, [], { error: 1 }) : honest(question);
    };
    expect(walk(small)).toEqual(walk(honest));
    expect(sizes).toContain(5);
  });
});

describe('an agent that breaks the rules ends the reading', () => {
  const cases: readonly (readonly [string, (question: Uint8Array) => Uint8Array, RegExp])[] = [
    ['rows that stand still', only(fdb, id => answer(id, [int(`${fdb}.2.0.94.0.1.1`, 1), int(`${fdb}.2.0.94.0.1.1`, 1)])), /do not go up/],
    ['rows that go back', only(fdb, id => answer(id, [int(`${fdb}.2.0.94.0.1.2`, 1), int(`${fdb}.2.0.94.0.1.1`, 1)])), /do not go up/],
    ['the question itself as its answer', question => answer(asked(question).requestId, [int(asked(question).oid, 1)]), /do not go up/],
    ['more variables than asked for', only(fdb, (id, n) => answer(id, rows(n + 1))), /more variables than/],
    ['another kind of PDU', only(fdb, id => answer(id, [], { type: snmpPdus.report })), /PDU type 0xa8/],
    ['bytes that are no SNMP', () => Uint8Array.of(0x30, 0x80, 1), /Cannot read/],
    ['nothing but other request ids', question => answer(asked(question).requestId + 1, []), /nobody asked/],
    ['nothing but another version', question => answer(asked(question).requestId, [], { version: 0 }), /nobody asked/],
  ];
  for (const [name, says, why] of cases)
    it(name, () => {
      const machine = new SwitchWalk(door, nonce);
      let step = machine.begin();
      let question = step.kind === 'send' ? step.message : new Uint8Array(0);
      for (let n = 0; (step.kind === 'send' || step.kind === 'wait') && n < 1000; n++) {
        if (step.kind === 'send') question = step.message;
        step = machine.next(says(question));
      }
      expect(step).toEqual({ kind: 'refused', detail: expect.stringMatching(why) as string });
    });

  it('20,000 edited answers end it, are passed over, or are taken, and nothing is thrown', () => {
    const random = generator(11);
    const says = agent(switchRows);
    const ends = new Map<string, number>();
    for (let n = 0; n < 20_000; ) {
      const machine = new SwitchWalk(door, nonce);
      for (let step = machine.begin(); step.kind === 'send'; n++) {
        const honest = says(step.message);
        step = machine.next(random(4) === 0 ? mutate({ bytes: honest, body: 0 }, random) : honest);
        ends.set(step.kind, (ends.get(step.kind) ?? 0) + 1);
      }
    }
    for (const kind of ['send', 'wait', 'refused', 'answered'])
      expect(ends.get(kind) ?? 0, kind).toBeGreaterThan(kind === 'answered' ? 0 : 20);
  });

  it('a table without end is cut at its cap, and that is said', () => {
    let row = 0;
    const endless = only(fdb, (id, n) => answer(id, rows(n, (row += n))));
    let asks = 0;
    const step = walk(endless, { hear: () => (asks += 1) });
    expect(step).toMatchObject({ kind: 'answered', tables: { truncated: ['dot1dTpFdbPort'] } });
    expect(step.kind === 'answered' && step.tables.entries.length).toBe(8192);
    expect(asks).toBeLessThan(300);
  });

  it('a table of one row an answer ends at the cap of questions', () => {
    let row = 0;
    const ifNames = '1.3.6.1.2.1.31.1.1.1.1';
    const aliases = '1.3.6.1.2.1.31.1.1.1.18';
    const slow = (question: Uint8Array): Uint8Array => {
      const { requestId, oid } = asked(question);
      const under = [ifNames, aliases, fdb].find(each => oid.startsWith(each));
      return under === undefined
        ? answer(requestId, [])
        : answer(requestId, [under === fdb ? int(`${fdb}.${++row}`, 1) : text(`${under}.${++row}`, 'x')]);
    };
    expect(walk(slow)).toEqual({ kind: 'refused', detail: `it wants more than ${walkCaps.messages} questions` });
  });

  it('huge values are cut, and too many bytes end it', () => {
    let row = 0;
    const ifNames = '1.3.6.1.2.1.31.1.1.1.1';
    const huge = (length: number) => only(ifNames, id => answer(id, [[`${ifNames}.${++row}`, 4, new Uint8Array(length).fill(0x61)]]));
    expect(walk(huge(60_000))).toEqual({ kind: 'refused', detail: `its answers are longer than ${walkCaps.bytes} bytes` });
  });

  it('values of another type are counted, passed over, and at last refused', () => {
    const wrong = switchRows.map((row): Row => (row[0] === '1.3.6.1.2.1.1.5.0' ? int(row[0], 7) : row));
    expect(walk(agent(wrong))).toMatchObject({ kind: 'answered', tables: { name: '', skipped: 1 } });
    let row = 0;
    const endless = only(fdb, (id, n) =>
      answer(
        id,
        rows(n, (row += n)).map(([oid]) => text(oid, 'x')),
      ),
    );
    expect(walk(endless)).toEqual({ kind: 'refused', detail: `more than ${walkCaps.skipped} rows that cannot be understood` });
  });

  it('an object that it keeps to itself is missing, and said', () => {
    const denied = only(fdb, id => answer(id, [], { error: 16 }));
    expect(walk(denied)).toMatchObject({ kind: 'answered', tables: { truncated: ['dot1dTpFdbPort'] } });
  });

  it('an answer that nobody asked for changes nothing', () => {
    const machine = new SwitchWalk(door, nonce);
    const first = machine.begin();
    if (first.kind !== 'send') throw new Error('it asks nothing');
    expect(machine.next(answer(1, [text('1.3.6.1.2.1.1.1.0', 'liar')]))).toEqual({ kind: 'wait' });
    const says = agent(switchRows);
    let step: WalkStep = machine.next(says(first.message));
    while (step.kind === 'send') step = machine.next(says(step.message));
    expect(step).toMatchObject({ tables: { description: 'Example OS 4.2' } });
  });
});

/** `count` rows of the forwarding table up to number `last`. */
function rows(count: number, last = count): readonly Row[] {
  return Array.from({ length: count }, (_, n) => {
    const at = last - count + n + 1;
    return int(`${fdb}.2.0.${(at >> 24) & 255}.${(at >> 16) & 255}.${(at >> 8) & 255}.${at & 255}`, 1);
  });
}
