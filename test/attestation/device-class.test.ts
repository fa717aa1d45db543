import { describe, expect, it } from 'vitest';
import type { AttestationResult } from '../../gateway/model/attestation.ts';
import type { ReferenceSet } from '../../gateway/model/trust.ts';
import { chainEvidence } from '../../gateway/attestation/evidence.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { tlsX509 } from '../../gateway/attestation/schemes/tls-x509.ts';
import { prepareTrust } from '../../gateway/attestation/trust.ts';
import { sequence } from '../vectors/der-encode.ts';
import { ca, certificate, extension, newKeys, spkiOf, usage } from '../vectors/path-pki.ts';
import { type Measured, multiTcbInfoOid, sha256Hex, tcbInfo, tcbInfoOid } from '../vectors/pki.ts';
import { base64, result } from './world.ts';

/** Who says of which model a device is: DICE layers each speak of the next, and a lower one may call itself what it likes. */
const now = Date.UTC(2026, 10, 22);
const keys = { root: newKeys(), device: newKeys(), boot: newKeys(), system: newKeys(), application: newKeys() } as const;
const vendor = 'Acme Sensors';
const names = {
  root: `O=${vendor}/CN=Root`,
  device: 'SN=U7/CN=DeviceID',
  boot: 'CN=boot',
  system: 'CN=system',
  application: 'CN=application',
} as const;
const rootDer = certificate({ subject: names.root, issuer: names.root, keys: keys.root, signer: keys.root, extensions: [ca(), usage(5)] });
const deviceDer = certificate({
  subject: names.device,
  issuer: names.root,
  keys: keys.device,
  signer: keys.root,
  extensions: [ca(), usage(5)],
});

type Layer = Measured & { readonly byte: number };
const info = ({ byte, ...layer }: Layer): Measured => ({
  ...layer,
  fwids: [{ alg: 'sha-256', digest: byte.toString(16).padStart(2, '0').repeat(32) }],
});
const says = (layers: readonly Layer[]): Uint8Array =>
  layers.length === 1
    ? extension(tcbInfoOid, true, sole(layers))
    : extension(multiTcbInfoOid, true, sequence(...layers.map(layer => tcbInfo(info(layer)))));
const sole = ([layer]: readonly Layer[]): Uint8Array => tcbInfo(info(layer ?? { byte: 0 }));

/** A chain of DeviceID, boot, system and application, as many as there is something said of; each certificate is signed by the layer above. */
function chainOf(...layers: readonly (readonly Layer[])[]): readonly Uint8Array[] {
  const stages = ['boot', 'system', 'application'] as const;
  const above = ['device', 'boot', 'system'] as const;
  const made = layers.map((said, i) => {
    const [stage, issuer] = [stages[i] ?? 'application', above[i] ?? 'system'];
    const isLast = i === layers.length - 1;
    return certificate({
      subject: names[stage],
      issuer: names[issuer],
      keys: keys[stage],
      signer: keys[issuer],
      extensions: [...(isLast ? [usage(0)] : [ca(), usage(5)]), says(said)],
    });
  });
  return [...made.toReversed(), deviceDer];
}
const component = (layer: number, byte: number): ReferenceSet['components'][number] => ({
  name: `layer ${layer}`,
  layer,
  versions: [{ version: '1', alg: 'sha-256', digest: byte.toString(16).padStart(2, '0').repeat(32) }],
});
const setOf = (model: string, ...components: ReferenceSet['components']): ReferenceSet => ({
  id: `${model}#1 sha256:00`,
  vendor,
  model,
  components,
});

function judged(chain: readonly Uint8Array[], ...referenceSets: readonly ReferenceSet[]): AttestationResult {
  const { trust } = prepareTrust({ anchors: [{ name: 'Acme', certificate: base64(rootDer) }], referenceSets });
  const freshness = { kind: 'handshake', protocol: 'TLSv1.3', resumed: false } as const;
  return result(tlsX509.judge(chainEvidence(chain), { trust, keys: new KeyCache(), now, freshness, ttlSeconds: 600 }));
}
const verdict = ({ status, reason }: AttestationResult): string => `${status} ${reason ?? ''}`.trim();

const boot: Layer = { vendor, model: 'Gate-7', version: '1.0', layer: 1, byte: 0x11 };
const sibling: Layer = { vendor, model: 'Cheap-1', version: '0.9', layer: 2, byte: 0x22 };
const { vendor: _, model: __, ...nameless } = { ...sibling };
const gate = setOf('Gate-7', component(1, 0x11));
const cheap = setOf('Cheap-1', component(2, 0x22));
const anchors = [sha256Hex(spkiOf(keys.root))];

describe('a layer that calls itself another model than the layers above it', () => {
  it('does not make the device one of that model', () => {
    const { identity } = judged(chainOf([boot], [sibling]), gate, cheap);
    expect(identity).toMatchObject({ serial: 'U7', vendor, model: 'Gate-7', version: '1.0' });
  });

  it('is a warning, though the reference values of both models match', () => {
    const found = judged(chainOf([boot], [sibling]), gate, cheap);
    expect(verdict(found)).toBe('warning IDENTITY_MISMATCH');
    expect(found.vector?.executables).toBe(33);
    expect(found.checks.find(c => c.check === 'reference')).toMatchObject({
      expected: `${vendor} Gate-7, as the layers above say`,
      seen: `${vendor} Cheap-1`,
    });
  });

  it('affirms where its reference values name the anchor of the device: their signer knows that it runs there', () =>
    expect(verdict(judged(chainOf([boot], [sibling]), gate, { ...cheap, anchors }))).toBe('affirming'));

  it('fails where it measures what its own model does not run', () =>
    expect(verdict(judged(chainOf([boot], [{ ...sibling, byte: 0x33 }]), gate, cheap))).toBe('contraindicated DIGEST_UNKNOWN'));
});

describe('a layer that names no model', () => {
  it('is of the model of the layers above it', () => {
    const whole = setOf('Gate-7', component(1, 0x11), component(2, 0x22));
    expect(verdict(judged(chainOf([boot], [nameless]), whole))).toBe('affirming');
    expect(verdict(judged(chainOf([boot], [nameless]), gate, cheap))).toBe('contraindicated DIGEST_UNKNOWN');
  });

  it('is so whatever stands below it', () => {
    const [whole, other] = [setOf('Gate-7', component(1, 0x11)), setOf('Cheap-1', component(2, 0x22), component(3, 0x33))];
    const below: Layer = { ...sibling, layer: 3, byte: 0x33 };
    expect(verdict(judged(chainOf([boot], [nameless], [below]), whole, { ...other, anchors }))).toBe('contraindicated DIGEST_UNKNOWN');
  });

  it('is of the model that the layers below it name where none above does, and must be what that runs', () => {
    const { vendor: _v, model: _m, ...bare } = boot;
    expect(verdict(judged(chainOf([bare], [sibling]), setOf('Cheap-1', component(1, 0x11), component(2, 0x22))))).toBe('affirming');
    expect(verdict(judged(chainOf([bare], [sibling]), cheap))).toBe('contraindicated DIGEST_UNKNOWN');
  });
});

describe('models that one authority names', () => {
  it('stand side by side, and the first names the device', () => {
    const found = judged(chainOf([boot, sibling]), gate, cheap);
    expect(verdict(found)).toBe('affirming');
    expect(found.identity).toMatchObject({ model: 'Gate-7' });
  });

  it('tell the version of the layer that is nearest to its applications', () => {
    const system: Layer = { ...boot, layer: 2, version: '7.2', byte: 0x22 };
    const found = judged(chainOf([boot], [system]), setOf('Gate-7', component(1, 0x11), component(2, 0x22)));
    expect(verdict(found)).toBe('affirming');
    expect(found.identity).toMatchObject({ model: 'Gate-7', version: '7.2' });
  });
});
