import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSettings } from '../../../gateway/edge/store/settings.ts';

let folder: string;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), `sp-switches-${process.pid}-`));
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = async (switches: unknown, mode = 0o600) => {
  const path = join(folder, 'settings.json');
  writeFileSync(
    path,
    typeof switches === 'string' ? switches : JSON.stringify({ network: { kind: 'listen', ports: ['eth1'] }, switches }, null, 2),
  );
  chmodSync(path, mode);
  return readSettings(folder, m => warnings.push(m));
};
const [secret, ip] = ['s3cret-w0rds', '10.20.0.3'];

describe('switches in the settings', () => {
  it('are let in by a community, or by a user with passwords', async () => {
    const { settings, problems } = await read([
      { ip, community: secret },
      { ip: '10.20.0.4', version: '1', community: secret, intervalSeconds: 600 },
      { ip: '10.20.0.5', user: 'reader', password: secret, privacyPassword: secret },
    ]);
    expect(problems).toEqual([]);
    expect(settings?.switches).toEqual([
      { ip, intervalSeconds: 120, version: '2c', community: secret },
      { ip: '10.20.0.4', intervalSeconds: 600, version: '1', community: secret },
      { ip: '10.20.0.5', intervalSeconds: 120, version: '3', user: 'reader', password: secret, privacyPassword: secret },
    ]);
  });

  it.each([
    ['neither', [{ ip }]],
    ['both', [{ ip, community: 'c', user: 'u', password: secret }]],
    ['a user without password', [{ ip, user: 'u' }]],
    ['a community with a password', [{ ip, community: 'c', password: secret }]],
    ['version 3 with a community', [{ ip, community: 'c', version: '3' }]],
    [
      'the same twice',
      [
        { ip, community: 'c' },
        { ip, community: 'd' },
      ],
    ],
    ['no address', [{ ip: 'core.example', community: 'c' }]],
    ['too often', [{ ip, community: 'c', intervalSeconds: 1 }]],
    ['too many', Array.from({ length: 33 }, (_, n) => ({ ip: `10.20.1.${n}`, community: 'c' }))],
  ])('are refused with %s', async (_, switches) => {
    const { settings, problems } = await read(switches);
    expect(settings).toBeUndefined();
    expect(problems[0]).toMatch(/^settings\.json:\d+: Cannot read switches/);
  });

  it('are refused while others may read the file', async () => {
    for (const mode of [0o644, 0o640, 0o604])
      expect((await read([{ ip, community: secret }], mode)).problems[0]).toMatch(/others may read/);
    expect((await read([], 0o644)).problems).toHaveLength(1);
    expect((await read(undefined, 0o644)).problems).toEqual([]);
  });

  it('never show a secret in what is said about it', async () => {
    const long = secret.repeat(20);
    for (const switches of [
      [{ ip, community: long }],
      [{ ip, community: 7_777_777 }],
      [{ ip, user: 'u', password: 's3cret' }],
      [{ ip, user: 'u', password: secret, privacyPassword: 's3cret' }],
    ]) {
      const { problems } = await read(switches);
      expect(problems[0]).toMatch(/it is something else, must be a (community|password)/);
      expect(problems.join()).not.toMatch(/s3cret|7777777/);
    }
    const { problems } = await read(`{ "switches": [{ "community": ${secret} }] }`);
    expect(problems).toHaveLength(1);
    expect(problems.join() + warnings.join()).not.toMatch(/s3cret|w0rds/);
  });
});
