import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { encode } from 'cborg';
import { receive } from '../../../gateway/edge/inbox.ts';
import { lineWriter, readLines } from '../../../gateway/edge/lines.ts';
import type { FromChallenger, ToChallenger } from '../../../gateway/edge/messages.ts';
import { listedKey, nonce, now, psaClaims, psaSet } from '../../attestation/token-world.ts';
import { base64, makeSign1 } from '../../vectors/tokens.ts';

/** A Verifier on a machine whose crypto library takes every signature, or none: the real processes, and the library broken before they start. */
const edge = join(import.meta.dirname, '../../../gateway/edge');
const broken = (answer: boolean): readonly string[] => [
  '--import',
  `data:text/javascript,import c from 'node:crypto';import { syncBuiltinESMExports as s } from 'node:module';c.verify = () => ${answer};s();`,
];

/** What a challenger says of itself and of good Evidence. */
async function asked(options: readonly string[]): Promise<{ readonly fault: string; readonly outcome: string }> {
  const challenger = spawn(process.execPath, [...options, join(edge, 'challenge/challenger.ts')], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const channel = challenger.stdio[3];
  if (!(channel instanceof Duplex)) throw new Error('no channel');
  channel.on('error', () => {});
  const complain = (why: string): never => {
    throw new Error(why);
  };
  const heard: FromChallenger[] = [];
  const done = new Promise<void>(resolve => {
    readLines(channel, value => {
      const message = receive('challenger', value, complain);
      if (message !== undefined) heard.push(message);
      if (message?.type === 'outcome') resolve();
    }, complain); // biome-ignore format: one reader
  });
  const send = lineWriter<ToChallenger>(channel);
  send({ type: 'trust', trust: { anchors: [], referenceSets: [psaSet], keys: [listedKey] } });
  const freshness = { kind: 'nonce', nonce: base64(nonce), expires: now + 60_000, spent: false, channel: 'test' } as const;
  const evidence = {
    mediaType: 'application/psa-attestation-token',
    bytes: base64(makeSign1(encode(psaClaims()))),
    certificates: [],
  } as const;
  send({ type: 'judge', id: 'j', evidence, freshness, ttlSeconds: 60, now });
  await done;
  challenger.kill('SIGKILL');
  await once(challenger, 'exit');
  const hello = heard.find(m => m.type === 'hello');
  const answer = heard.find(m => m.type === 'outcome')?.outcome;
  const outcome =
    answer?.kind === 'appraised' ? answer.result.status : answer?.kind === 'transport-failure' ? `${answer.failure}: ${answer.detail}` : '';
  return { fault: (hello?.type === 'hello' ? hello.fault : undefined) ?? '', outcome };
}

describe('the self-test at the start of the challenger', () => {
  it('passes here, and good Evidence is affirming', async () => {
    expect(await asked([])).toEqual({ fault: '', outcome: 'affirming' });
  });
  for (const [answer, what] of [[true, 'takes every signature'], [false, 'takes no signature']] as const) // biome-ignore format: two cases
    it(`on a machine that ${what} fails: it says so, and judges nothing`, async () => {
      const { fault, outcome } = await asked(broken(answer));
      expect(fault).toMatch(/^Cannot judge: the self-test of the Verifier failed, /);
      expect(outcome).toBe(`verifier: ${fault}`);
    });
});

it('the self-test of sallyport verify stops it on such a machine', () => {
  const cli = join(edge, '../cli.ts');
  const { status, stdout, stderr } = spawnSync(process.execPath, [...broken(true), cli, 'verify', 'psa', '/dev/null']);
  expect([status, stdout.toString()]).toEqual([1, '']);
  expect(stderr.toString()).toMatch(/^Cannot judge: the self-test of the Verifier failed, a changed signature is affirming/);
});
