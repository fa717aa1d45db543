import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { concat } from '../../../gateway/codec/bytes.ts';
import { decodeDtlsFragments, dtlsHandshake, fragmentDtlsMessage } from '../../../gateway/codec/dtls-handshake.ts';
import { decodeDtlsRecords, dtls12, dtlsContent, encodeDtlsRecord, uint } from '../../../gateway/codec/dtls-record.ts';
import { generator } from '../../vectors/mutate.ts';
import { makeSelfSigned } from '../../vectors/pki.ts';
import { newClient, type Outcome, type Recording, record, replay } from './recorded.ts';

/** Conversations with OpenSSL's server, recorded once and then bent. `small`: its chain comes in many fragments. */
let good: Recording;
let small: Recording;
beforeAll(async () => {
  const device = await makeSelfSigned({ cn: 'device' });
  good = await record({ ...device, args: ['-listen', '-mtu', '1400'] });
  small = await record({ ...device, args: ['-listen', '-mtu', '300'] });
});
const opened = { state: { kind: 'open' }, heard: ['the answer'] };
const whyOf = ({ state }: Outcome): string => (state.kind === 'failed' ? state.why : state.kind);

describe('a conversation, as it was', () => {
  it('opens, and its answer is heard', () => {
    for (const one of [good, small]) expect(replay(one.datagrams)).toMatchObject(opened);
    expect(small.datagrams.length).toBeGreaterThan(good.datagrams.length);
  });

  it('heard twice, each datagram or the whole, opens once and is answered once', () => {
    expect(replay(small.datagrams.flatMap(d => [d, d]))).toMatchObject(opened);
    expect(replay([...small.datagrams, ...small.datagrams])).toMatchObject(opened);
  });

  it('of which any datagram was lost opens when it is repeated', () => {
    for (const lost of small.datagrams.keys())
      expect(replay([...small.datagrams.toSpliced(lost, 1), ...small.datagrams])).toMatchObject(opened);
  });

  it('in any other order opens as well', () => {
    const below = generator(20);
    for (let run = 0; run < 40; run++) {
      const mixed = small.datagrams.map(d => [below(1 << 30), d] as const).toSorted(([a], [b]) => a - b);
      // An answer that overtook the Finished is as good as lost, and comes again.
      expect(replay([...mixed.map(([, d]) => d), ...small.datagrams.slice(-1)])).toMatchObject(opened);
    }
  });

  it('of which a datagram never comes whole ends by itself, after as many flights of ours as there may be', () => {
    for (const [i, datagram] of small.datagrams.slice(0, -1).entries())
      for (const length of [0, 1, 12, 13, 24, datagram.length - 1]) {
        const outcome = replay(small.datagrams.with(i, datagram.subarray(0, length)));
        expect(outcome).toMatchObject({ state: { kind: 'failed' }, heard: [] });
        expect(outcome.sent).toBeLessThan(40);
      }
  });
});

describe('a byte that was changed on the way', () => {
  /** What no handshake protects (RFC 6347 §4.1, §4.2.1): the numbers of records in the clear, and which of two versions the request for a cookie names. */
  const isFree = (datagram: number, at: number, flip: number): boolean => {
    const bytes = good.datagrams[datagram] ?? new Uint8Array();
    let start = 0;
    for (const one of decodeDtlsRecords(bytes)) {
      const end = start + 13 + one.fragment.length;
      if (at < end) {
        const inRecord = at - start;
        const isCookieRequest = one.type === dtlsContent.handshake && one.fragment[0] === dtlsHandshake.helloVerifyRequest;
        return (
          one.epoch === 0 && ((inRecord >= 5 && inRecord < 11) || (isCookieRequest && flip === 2 && (inRecord === 2 || inRecord === 26)))
        );
      }
      start = end;
    }
    return false;
  };

  it('ends in a failure that is named and never in an answer, whichever byte and bit of the handshake it is', () => {
    const reasons = new Map<string, number>();
    for (const [i, datagram] of good.datagrams.slice(0, -1).entries())
      for (const at of datagram.keys())
        for (const flip of [1, 2, 0x80]) {
          const outcome = replay(good.datagrams.with(i, datagram.with(at, (datagram[at] ?? 0) ^ flip)));
          if (isFree(i, at, flip)) {
            expect(outcome).toMatchObject(opened);
            continue;
          }
          if (outcome.state.kind !== 'failed' || outcome.heard.length > 0) expect(`datagram ${i}, byte ${at} ^ ${flip}`).toBe('a failure');
          const why = whyOf(outcome)
            .replace(/\d+/g, 'n')
            .replace(/n( n)*/g, 'n');
          reasons.set(why, (reasons.get(why) ?? 0) + 1);
        }
    expect(reasons.size).toBeGreaterThan(10);
    expect([...reasons.keys()].filter(why => !/^(Cannot |no end after)/.test(why))).toEqual([]);
  });

  it('of the answer leaves nothing of it', () => {
    const last = good.datagrams.length - 1;
    const answer = good.datagrams[last] ?? new Uint8Array();
    for (const at of answer.keys())
      for (const flip of [1, 2, 0x80])
        expect(replay(good.datagrams.with(last, answer.with(at, (answer[at] ?? 0) ^ flip)))).toMatchObject({
          state: opened.state,
          heard: [],
        });
  });

  it('or several, or bytes cut out or put in, are never answered by anything but what was said', () => {
    const edit = fc.record({
      datagram: fc.nat(good.datagrams.length - 1),
      at: fc.nat(1500),
      cut: fc.nat(40),
      put: fc.uint8Array({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), edits => {
        let datagrams: readonly Uint8Array[] = good.datagrams;
        for (const { datagram, at, cut, put } of edits) {
          const old = datagrams[datagram] ?? new Uint8Array();
          const from = at % old.length;
          datagrams = datagrams.with(datagram, concat(old.subarray(0, from), put, old.subarray(from + cut)));
        }
        const { state, heard } = replay(datagrams);
        expect(['open', 'failed']).toContain(state.kind);
        expect(['', 'the answer']).toContain(heard.join());
        if (state.kind === 'failed') expect(heard).toEqual([]);
      }),
      { numRuns: 600 },
    );
  });
});

describe('a server that never ends', () => {
  const fragment = (body: { sequence: number; length: number; offset: number; bytes: number }, number: number): Uint8Array => {
    const { sequence, length, offset, bytes } = body;
    const piece = concat(Uint8Array.of(11), uint(length, 3), uint(sequence, 2), uint(offset, 3), uint(bytes, 3), new Uint8Array(bytes));
    return encodeDtlsRecord({ type: 22, version: dtls12, epoch: 0, sequence: number, fragment: piece });
  };

  it('of fragments is cut off after 262,144 bytes, however small or large they claim to be, and costs no memory before', () => {
    for (const length of [60_000, 69_632]) {
      const client = newClient();
      client.start(0);
      let given = 0;
      for (let i = 0; client.state.kind === 'handshaking' && i < 20_000; i++) {
        const bomb = fragment({ sequence: i % 65_536, length, offset: i % length, bytes: 1 }, i);
        given += bomb.length;
        client.take(bomb, 0);
      }
      expect(client.state).toMatchObject({ kind: 'failed', why: 'it sent more than 262144 bytes' });
      expect(given).toBeLessThan(262_144 + 26);
    }
  });

  it('that claims a message too long, a piece of nothing, or one beyond its end is not heard', () => {
    for (const bad of [
      { sequence: 0, length: 69_633, offset: 0, bytes: 1 },
      { sequence: 0, length: 10, offset: 0, bytes: 0 },
      { sequence: 0, length: 10, offset: 8, bytes: 3 },
    ]) {
      const client = newClient();
      client.start(0);
      client.take(fragment(bad, 0), 0);
      expect([client.state.kind, client.wakeAt]).toEqual(['handshaking', 1000]);
    }
  });

  it('that says in the clear what must be sealed has failed', () => {
    const client = newClient();
    client.start(0);
    const untilFinished = good.datagrams.findIndex(d => decodeDtlsRecords(d).some(({ epoch }) => epoch === 1));
    for (const datagram of good.datagrams.slice(0, untilFinished)) client.take(datagram, 0);
    const [piece = new Uint8Array()] = fragmentDtlsMessage({ type: dtlsHandshake.finished, sequence: 5, body: new Uint8Array(12) }, 100);
    client.take(encodeDtlsRecord({ type: 22, version: dtls12, epoch: 0, sequence: 90, fragment: piece }), 0);
    expect(client.state).toMatchObject({ kind: 'failed', why: 'Cannot shake hands: message 20 in epoch 0' });
  });

  it('that repeats its flight is answered again at once, and four times at most', () => {
    const client = newClient();
    client.start(0);
    const flight = good.datagrams.slice(0, -2);
    const sent = [...flight, ...Array.from({ length: 9 }, () => flight).flat()].map(d => client.take(d, 0).send.length);
    expect(sent.reduce((a, b) => a + b)).toBe(1 + 1 + 4); // a hello with the cookie, our half, and that four times more
  });

  it('that says one byte of a message in two ways has failed', () => {
    const [first] = decodeDtlsRecords(good.datagrams[0] ?? new Uint8Array());
    const client = newClient();
    client.start(0);
    const [whole] = decodeDtlsFragments(first?.fragment ?? new Uint8Array());
    if (whole === undefined) throw new Error('no message');
    const [start] = fragmentDtlsMessage({ type: whole.type, sequence: 0, body: whole.bytes }, 4);
    const [other] = fragmentDtlsMessage({ type: whole.type, sequence: 0, body: whole.bytes.with(3, 0x77) }, 4);
    for (const piece of [start, other])
      client.take(encodeDtlsRecord({ type: 22, version: dtls12, epoch: 0, sequence: 0, fragment: piece ?? new Uint8Array() }), 0);
    expect(client.state).toMatchObject({ kind: 'failed', why: 'Cannot join fragments: message 0 has two different bytes 3' });
  });

  it('of cookies is left after the third', () => {
    const client = newClient();
    let hellos = client.start(0).length;
    for (let i = 0; i < 10; i++) {
      const body = concat(uint(dtls12, 2), Uint8Array.of(1, i));
      const [piece = new Uint8Array()] = fragmentDtlsMessage({ type: 3, sequence: i, body }, 100);
      hellos += client.take(encodeDtlsRecord({ type: 22, version: dtls12, epoch: 0, sequence: i, fragment: piece }), 0).send.length;
    }
    expect(client.state).toMatchObject({ kind: 'failed', why: 'Cannot shake hands: 4 cookies' });
    expect(hellos).toBe(5); // four hellos and an alert
  });

  it('that is silent is asked again after 1, 2, 4 … seconds and at most a minute, sixteen times in all', () => {
    const client = newClient();
    client.start(0);
    const waits: number[] = [];
    for (let now = 0; client.wakeAt !== undefined; ) {
      waits.push((client.wakeAt - now) / 1000);
      now = client.wakeAt;
      expect(client.tick(now - 1)).toEqual([]);
      client.tick(now);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60, 60, 60, 60, 60, 60]);
    expect(client.state).toMatchObject({ kind: 'failed', why: 'no end after 16 flights of ours' });
  });
});
