import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ListedKey, TrustMaterial } from '../../gateway/model/trust.ts';
import { sha256 } from '../../gateway/attestation/evidence.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { order } from '../../gateway/edge/challenge/orders.ts';
import { base64, keyPairs, spkiOf } from '../vectors/tokens.ts';

const instance = `01${'ab'.repeat(32)}`;
const key: ListedKey = { instance, spki: base64(spkiOf(keyPairs.ES256.publicKey)), vendor: 'Acme', model: 'M' };
const material = (...keys: readonly ListedKey[]): TrustMaterial => ({ anchors: [], referenceSets: [], keys });

describe('keys that are listed for single devices', () => {
  it('stand under their instance, several for one', () => {
    const other = { ...key, spki: base64(spkiOf(keyPairs.EdDSA.publicKey)) };
    const { trust, problems } = prepareTrust(material(key, other));
    expect(problems).toEqual([]);
    expect(trust.keys.get(instance)?.map(k => k.key.key.asymmetricKeyType)).toEqual(['ec', 'ed25519']);
    expect(trust.keys.get(instance)?.[0]?.voucher).toMatchObject({ vendor: 'Acme', keyHash: sha256(spkiOf(keyPairs.ES256.publicKey)) });
  });

  const spki = (curve: string): string => base64(spkiOf(generateKeyPairSync('ec', { namedCurve: curve }).publicKey));
  for (const [name, wrong] of [
    ['an instance that is no hex', { ...key, instance: 'TS2-000123' }],
    ['an instance in capitals', { ...key, instance: instance.toUpperCase() }],
    ['an instance that is too short', { ...key, instance: '0102' }],
    ['a curve that signs no tokens', { ...key, spki: spki('secp256k1') }],
    ['a point that lies on no curve', { ...key, spki: base64(spkiOf(keyPairs.ES256.publicKey).fill(1, -64)) }],
    ['a certificate in place of a key', { ...key, spki: 'MAA=' }],
    ['text that is no base64', { ...key, spki: '%' }],
  ] as const)
    it(`${name} is left out and told`, () => {
      const { trust, problems } = prepareTrust(material(wrong, key));
      expect(problems).toHaveLength(1);
      expect([...trust.keys.keys()]).toEqual([instance]);
      expect(trust.keys.get(instance)).toHaveLength(1);
    });

  it('the way to the challenger loses nothing of the trust material', () => {
    const trust: TrustMaterial = {
      anchors: [{ name: 'a', certificate: 'MAA=' }],
      referenceSets: [
        {
          id: 'x',
          vendor: 'Acme',
          model: 'M',
          minSvn: '1',
          anchors: ['00'],
          components: [
            { name: 'BL', layer: 1, key: 'BL', signer: '00', minSvn: '2', versions: [{ version: '1', alg: 'sha-256', digest: '00' }] },
          ],
        },
      ],
      keys: [key],
    };
    expect(order.parse({ type: 'trust', trust })).toEqual({ type: 'trust', trust });
  });
});
