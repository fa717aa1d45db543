import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ListedProbe } from '../../gateway/probing/probe.ts';
import { modbusDeviceId } from '../../gateway/probing/modbus-device-id.ts';
import { opcuaEndpoints } from '../../gateway/probing/opcua-endpoints.ts';
import { s7Szl } from '../../gateway/probing/s7-szl.ts';
import { hasCaptures } from '../collectors/capture-facts.ts';
import { dissect, tsharkVersion } from '../judge/tshark.ts';
import { talk } from './talk.ts';

/** Other people's captures are read where they lie. What servers of others answered to clients of others must be an answer to us, too. */
const captures = join(import.meta.dirname, '../../../shared/captures');
const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

async function recorded(
  file: string,
  port: number,
): Promise<{ readonly asked: readonly string[]; readonly answers: readonly Uint8Array[] }> {
  const rows = (await dissect(join(captures, file), ['tcp.srcport', 'tcp.dstport', 'tcp.payload'])).filter(
    row => row.one('tcp.payload') !== '',
  );
  const of = (side: string) => rows.filter(row => row.one(side) === String(port)).map(row => row.one('tcp.payload'));
  return { asked: of('tcp.dstport'), answers: of('tcp.srcport').map(text => new Uint8Array(Buffer.from(text, 'hex'))) };
}

/** Ids are drawn by the client and come back: theirs are replaced by ours, which are known from a first run. */
function inOurName(probe: ListedProbe, answers: readonly Uint8Array[], at: readonly (readonly [ours: number, answered: number])[]) {
  const given: Uint8Array[] = [];
  at.forEach(([ours, answered], i) => {
    const answer = answers[i]?.slice() ?? new Uint8Array(0);
    const question = talk(probe, given, 4840).sent[i] ?? new Uint8Array(0);
    answer.set(question.subarray(ours, ours + 2), answered);
    given.push(answer);
  });
  return given;
}

describe.skipIf(!hasCaptures || tsharkVersion === undefined)('what servers of others have answered', () => {
  it('a Snap7 server to a client of its own is an answer to the S7 probe, and the questions differ in ids and TSAP only', async () => {
    const { asked, answers } = await recorded('icsnpp-s7comm/s7ident.pcap', 102);
    const { sent, end } = talk(s7Szl, inOurName(s7Szl, answers, [[8, 6], ...[1, 2, 3].map(() => [11, 11] as const)]));
    expect(end).toMatchObject({ kind: 'done', how: 'answered' });
    const same = (text: string, ...holes: readonly number[]) =>
      text.replaceAll(/../g, (pair, at: number) => (holes.includes(at / 2) ? '--' : pair));
    expect(same(hex(sent[0]), 8, 9, 20, 21)).toBe(same(asked[0] ?? '', 8, 9, 20, 21));
    for (const i of [1, 2, 3]) expect(same(hex(sent[i]), 11, 12)).toBe(same(asked[i] ?? '', 11, 12));
  });

  it('an open62541 server to a client of its own is an answer to the OPC UA probe as it stands', async () => {
    const { asked, answers } = await recorded('icsnpp-opcua-binary/open62541_client-server-getEndpoints.pcap', 4840);
    const { sent, end } = talk(opcuaEndpoints, answers.slice(0, 3), 4840);
    expect(end).toMatchObject({ kind: 'done', how: 'answered' });
    expect([1, 3].map(i => sent[i]?.length)).toEqual([1, 3].map(i => (asked[i]?.length ?? 0) / 2));
  });

  it('a Modbus server to a client of its own is an answer to the Modbus probe', async () => {
    const { answers } = await recorded('icsnpp-modbus/modbus_example.pcap', 502);
    const identity = answers.find(answer => answer[7] === 0x2b)?.slice() ?? new Uint8Array(0);
    identity[6] = 0xff; // it was asked as unit 1
    expect(talk(modbusDeviceId, inOurName(modbusDeviceId, [identity], [[0, 0]])).end).toMatchObject({ kind: 'done', how: 'answered' });
  });
});
