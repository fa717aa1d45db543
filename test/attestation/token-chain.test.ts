import 'reflect-metadata';
import { createPrivateKey } from 'node:crypto';
import { encode } from 'cborg';
import { beforeAll, describe, expect, it } from 'vitest';
import { type DiceSpec, makeDiceDevice, makeVendor, type Vendor } from '../vectors/pki.ts';
import { base64, claims, fromHex, makeSign1 } from '../vectors/tokens.ts';
import { instance, judge, nonce, part, psaClaims, psaSet, resultOf, setOf, verdict } from './token-world.ts';
import { referenceSet, spec } from './world.ts';

/** Tokens signed by the alias key of a DICE device: what its certificates measure is Evidence too. */
let acme: Vendor;
beforeAll(async () => {
  acme = await makeVendor({ name: 'Acme Sensors' });
});

const digest = 'ab'.repeat(32);
const component = encode(claims([1, ['app', ['2.1.0']]], [2, [1, fromHex(digest)]]));
const eatClaims = claims([10, nonce], [256, fromHex(instance)], [259, Uint8Array.of(0x54)], [263, 3], [273, [[295, component]]]);
const tokens = {
  eat: {
    mediaType: 'application/eat+cwt',
    payload: encode(eatClaims),
    set: { ...setOf(part('app', digest)), id: 'app.json#1', model: '54' },
  },
  psa: {
    mediaType: 'application/psa-attestation-token',
    payload: encode(psaClaims()),
    set: { ...psaSet, id: 'psa.json#1', model: 'aa'.repeat(32) },
  },
} as const;

async function judged(kind: keyof typeof tokens, changed: Partial<DiceSpec>, sets = [referenceSet]) {
  const { mediaType, payload, set } = tokens[kind];
  const device = await makeDiceDevice(acme, { ...spec, ...changed });
  const header = new Map<number, unknown>([
    [1, -7],
    [33, [...device.chain]],
  ]);
  const at = Date.now();
  const outcome = judge(makeSign1(payload, { header, key: createPrivateKey(device.keyPem) }), {
    mediaType,
    keys: [],
    anchors: [{ name: 'Acme', certificate: base64(acme.anchorDer), uses: ['identity', 'attest'] }],
    sets: [set, ...sets],
    at,
    freshness: { kind: 'nonce', nonce, expires: at + 1000, spent: false, channel: 'test' },
  });
  return { outcome, device };
}

describe.each(['eat', 'psa'] as const)('a token (%s) by the key of a DICE chain', kind => {
  it('affirms where token and certificates measure what is known, and is of the device that the chain names', async () => {
    const { outcome, device } = await judged(kind, {});
    expect(verdict(outcome)).toBe('affirming');
    expect(resultOf(outcome).identity).toMatchObject({ serial: spec.serial, deviceKey: device.deviceKeySha256 });
  });

  it('that claims good firmware is contraindicated where its certificates measure another', async () =>
    expect(verdict((await judged(kind, { digestHex: 'cd'.repeat(32) })).outcome)).toBe('contraindicated DIGEST_UNKNOWN'));

  it('is in debug mode where its certificates say so', async () =>
    expect(verdict((await judged(kind, { flags: [3] })).outcome)).toBe('contraindicated DEBUG_ENABLED'));

  it('is no more than a warning where nobody knows what its certificates measure', async () =>
    expect(verdict((await judged(kind, {}, [])).outcome)).toBe('warning REFERENCE_MISSING'));
});
