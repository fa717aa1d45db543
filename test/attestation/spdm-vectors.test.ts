import { createHash, createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ReferenceSet } from '../../gateway/model/trust.ts';
import { Checks } from '../../gateway/attestation/checks.ts';
import { EvidenceError } from '../../gateway/attestation/evidence-error.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { checkPath } from '../../gateway/attestation/path.ts';
import { trustChain } from '../../gateway/attestation/spdm/chain.ts';
import { anchorsFor, prepareTrust, type Trust } from '../../gateway/attestation/trust.ts';
import { decodeBlocks } from '../../gateway/codec/spdm-measurements.ts';
import { decodePortion, decodeMeasurements } from '../../gateway/codec/spdm.ts';
import { decodeSpdmChain } from '../../gateway/codec/spdm-certificate.ts';
import { DerReader, tags } from '../../gateway/codec/der.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import { asym, type Block } from '../vectors/spdm-responder.ts';
import { base64 } from './world.ts';
import { deviceCa, exchange, good, judge, leafDer, now, rootDer, verdict } from './spdm-world.ts';
import * as manifest from './manifest.ts';
import { note } from './verdicts.ts';

/** Files of other projects: each gets the verdict that the manifest expects, or stands below with the clause that says why not. */
type Judged = { readonly verdict: 'accept' | 'reject' | 'survives'; readonly taken: string };
const bytesOf = (file: string): Uint8Array => manifest.bytesOf(`spdm/${file}`);
const textOf = (file: string): string => manifest.textOf(`spdm/${file}`);

const trusting = (anchor: Uint8Array): Trust =>
  prepareTrust({ anchors: [{ name: 'root', certificate: base64(anchor) }], referenceSets: [] }).trust;
const split = (bytes: Uint8Array): readonly Uint8Array[] => {
  const list = new DerReader(bytes);
  const found: Uint8Array[] = [];
  while (!list.done) found.push(list.take(tags.sequence, 'certificate').whole);
  return found;
};
const reason = (act: () => unknown): string => {
  try {
    act();
    return 'accept';
  } catch (error) {
    if (error instanceof EvidenceError) return error.code;
    if (error instanceof DecodeError) return 'EVIDENCE_MALFORMED';
    throw error;
  }
};
const keys = new KeyCache();
const judged = (code: string, taken: string): Judged => ({
  verdict: code === 'accept' ? 'accept' : 'reject',
  taken: `${taken}${code === 'accept' ? '' : `: ${code}`}`,
});

/** A chain, root first, as a responder's. No private key is known, so what it would sign is not there. */
function asResponder(root: Uint8Array, chain: readonly Uint8Array[]): string {
  const rootHash = new Uint8Array(createHash('sha256').update(root).digest());
  const hash = { name: 'sha256', iana: 'sha-256', bytes: 32 };
  const context = { trust: trusting(root), keys, now, freshness: { kind: 'none' }, ttlSeconds: 600 } as const;
  return reason(() => trustChain({ certificates: chain, rootHash }, hash, context, new Checks()));
}
/** The same only as a path to the root: what a certificate that is no responder's leaf can be held to. */
const asPath = (root: Uint8Array, chain: readonly Uint8Array[]): string =>
  reason(() => checkPath(chain.map(decodeCertificate).toReversed(), anchorsFor(trusting(root), 'identity'), now, keys));

function libspdm(file: string): Judged {
  const [folder = '', name = ''] = file.split('/').slice(-2);
  const at = (other: string): Uint8Array => bytesOf(`libspdm/${folder}/${other}`);
  const root = at('ca.cert.der');
  const when = 'at 2026-11-22, anchor ca.cert.der, SHA-256 of it as root hash, no signature';
  if (name.endsWith('alias_cert_partial_set.der'))
    return judged(asPath(root, split(at(name))), `as a path, ${when}: the alias certificates are still to be made`);
  if (name.startsWith('bundle')) return judged(asResponder(root, split(at(name))), `as a responder's chain, ${when}`);
  if (name === 'ca.cert.der') return judged(asPath(root, [root]), `as a path, ${when}`);
  if (name === 'inter.cert.der') return judged(asPath(root, [root, at(name)]), `as a path, ${when}`);
  if (name.startsWith('end_requester'))
    return judged(asPath(root, [root, at('inter.cert.der'), at(name)]), `as a path, ${when}: it is a requester's`);
  if (name === 'end_responder_alias.cert.der') {
    const issuers = split(at('bundle_responder.certchain_alias.der')).slice(0, -1);
    expect(asPath(root, [root, at('inter.cert.der'), at(name)])).toBe('CHAIN_INCOMPLETE');
    return judged(
      asResponder(root, [...issuers, at(name)]),
      `as a responder's leaf below the alias CA, ${when}; below inter.cert.der it is CHAIN_INCOMPLETE`,
    );
  }
  return judged(asResponder(root, [root, at('inter.cert.der'), at(name)]), `as a responder's leaf, ${when}`);
}

const survives = (act: () => unknown): Judged => ({ verdict: 'survives', taken: `read as what its name says: ${reason(act)}` });

/** The sample's record as blocks; its digests are SHA-512, so bit 3 of MeasurementHashAlgo. */
const record = (): readonly Block[] =>
  decodeBlocks(bytesOf('spdm-emu/SampleEvidence/device_measurement.bin'), 7).map(b => ({
    index: b.index,
    type: (b.isRaw ? 0x80 : 0) | (b.type ?? 0),
    value: b.value,
  }));

/** Reference values as the sample's CoMID has them: digests by index, and an exact security version, for us a floor. */
function referenceOf(): ReferenceSet {
  const triples = [
    ...textOf('spdm-emu/SampleManifests/SpdmSampleCoMid.json').matchAll(
      /"comid_index": (\d+)[^[]*"comid_digests": \[\s*\[\s*8,\s*"([0-9a-f]{128})"/g,
    ),
  ];
  const components = triples.map(([, index, digest]) => ({
    name: `block ${index}`,
    key: `spdm-${index}`,
    versions: [{ version: 'sample', alg: 'sha-512', digest: digest ?? '' }],
  }));
  expect(components.length).toBe(4);
  const root = createHash('sha256').update(decodeCertificate(rootDer).spki).digest('hex');
  return { id: 'sample', vendor: 'dmtf', model: 'spdm sample', minSvn: '7', anchors: [root], components };
}
const sampleInfo = async (): Promise<Uint8Array> => {
  const { info, marks } = await import('./spdm-world.ts');
  const { ca, usage } = await import('../vectors/path-pki.ts');
  return deviceCa({ extensions: [ca(), usage(5), info('dmtf', 'spdm sample', '1'), marks(2)] });
};

/** Measured by a responder of ours with this record. */
async function sample(blocks: readonly Block[]): Promise<string> {
  const spec = { ...good, chain: [rootDer, await sampleInfo(), leafDer()], measurementHash: 3, blocks };
  return verdict(judge(exchange(spec), { sets: [referenceOf()] }));
}

/** A responder of ours with the key of the file, certified by us. */
function signedBy(key: KeyObject): string {
  const pair = { privateKey: key, publicKey: createPublicKey(key) };
  const kind = key.asymmetricKeyType === 'rsa' ? asym.rsa2048 : asym.p256;
  return verdict(judge(exchange({ ...good, key, asym: kind, chain: [rootDer, deviceCa(), leafDer({ keys: pair })] })));
}
const emu = 'spdm-emu/SampleTestKey/';
const chainOf = (): readonly Uint8Array[] =>
  ['TestRoot', 'TestSub', 'TestCert'].map(n => new Uint8Array(new X509Certificate(textOf(`${emu}SampleCertChain/${n}.pub.pem`)).raw));

/** The sample's own chain with its own key, its measurements, and our nonce. */
function sampleChain(): string {
  const chain = chainOf();
  const [root = rootDer] = chain;
  const key = createPrivateKey(textOf(`${emu}SampleCertChain/TestCert.key`));
  return verdict(judge(exchange({ ...good, chain, root, key, asym: asym.rsa2048 }), { anchors: [root], sets: [] }));
}

async function emulator(file: string): Promise<Judged> {
  const name = file.split('/').at(-1) ?? '';
  switch (name) {
    case 'device_measurement.bin': {
      const [all, unlisted] = [await sample(record()), await sample(record().filter(b => b.index !== 0xfd))];
      return {
        verdict: all === 'affirming' ? 'accept' : 'reject',
        taken: `all seven blocks, signed by a responder of ours over our nonce, against the CoMID: ${all}; without the manifest block: ${unlisted}`,
      };
    }
    case 'SpdmSampleMeasurement.json':
    case 'SpdmSampleCoMid.json': {
      const named = [...textOf('spdm-emu/SampleEvidence/SpdmSampleMeasurement.json').matchAll(/"index": (\d+)/g)].map(m => Number(m[1]));
      const got = await sample(record().filter(b => named.includes(b.index)));
      return {
        verdict: got === 'affirming' ? 'accept' : 'reject',
        taken: `the five blocks that the JSON names, signed by a responder of ours over our nonce, against the CoMID: ${got}`,
      };
    }
    case 'ecc-private-key.pem':
      return judged(
        signedBy(createPrivateKey(textOf(file))) === 'affirming' ? 'accept' : 'key',
        'the key of a responder of ours, certified by us',
      );
    case 'ecc-public-key.pem':
      return judged(
        createPublicKey(textOf(file)).equals(createPublicKey(createPrivateKey(textOf(`${emu}ecc-private-key.pem`))))
          ? 'accept'
          : 'another key',
        'the public half of the private one',
      );
    case 'example.key.pem':
      return judged(
        signedBy(createPrivateKey(textOf(file))) === 'affirming' ? 'accept' : 'key',
        'the key of a responder of ours, certified by us',
      );
    case 'example.cer.pem': {
      const der = new Uint8Array(new X509Certificate(textOf(file)).raw);
      return judged(asResponder(der, [der]), "as a responder's chain of one, anchored by itself, at 2026-11-22");
    }
    case 'readme.md':
      return { verdict: 'accept', taken: 'text: nothing to judge' };
    default: {
      const got = sampleChain();
      return {
        verdict: got === 'warning REFERENCE_MISSING' ? 'accept' : 'reject',
        taken: `TestRoot, TestSub, TestCert with its key in a responder of ours, our nonce, no reference values: ${got}`,
      };
    }
  }
}

/** Stricter than the manifest, each by a clause. */
const deviations: { readonly [file: string]: string } = {
  'spdm-emu/SampleEvidence/device_measurement.bin':
    'the CoMID has no value for its manifest block (RFC 9334 §8.2: all that is measured is appraised), and its mode block says that debugging is active (DSP0274 §10.11.1.1)',
  'spdm-emu/SampleTestKey/example.cer.pem':
    'self-signed, a CA and a leaf at once (DSP0274 §10.6.1), ended on 2020-06-16: it certifies a key and is no chain',
};

describe.skipIf(!manifest.hasVectors)('SPDM files of other projects', () => {
  const rows = manifest.rowsOf(/^spdm\//);

  it('get the verdict that the manifest expects, or a reason', async () => {
    const counts = new Map<string, number>();
    const details: string[] = [];
    const deviated: string[] = [];
    for (const { file: path, expected } of rows) {
      const file = path.slice('spdm/'.length);
      const { verdict: got, taken } = file.includes('fuzz-seeds')
        ? survives(() => seed(file))
        : file.startsWith('libspdm')
          ? libspdm(file)
          : await emulator(file);
      const wanted = expected.startsWith('reject') ? 'reject' : expected.startsWith('parser') ? 'survives' : 'accept';
      const isSame = got === wanted;
      if (!isSame) deviated.push(file);
      const what = `${wanted} → ${got}`;
      note(path, isSame ? 'as expected' : 'deviates', got, `${deviations[file] === undefined ? '' : `${deviations[file]}; `}${taken}`);
      counts.set(what, (counts.get(what) ?? 0) + 1);
      details.push(
        `${file} | ${expected.slice(0, 50)} | ${got} | ${taken}${deviations[file] === undefined ? '' : ` | deviation: ${deviations[file]}`}`,
      );
      if (!isSame) expect(got, `${file}: ${taken}`).toBe('reject');
    }
    process.stderr.write(`${[...counts].map(([what, n]) => `${n} ${what}`).join(', ')}\n${details.join('\n')}\n`);
    expect(deviated.toSorted()).toEqual(Object.keys(deviations).toSorted());
    expect(rows.length).toBe(47);
  });

  it('a leaf that is a CA is no leaf of a responder, whatever vouches for it', () => {
    const at = (name: string): Uint8Array => bytesOf(`libspdm/ecp256/${name}`);
    const chain = [at('ca.cert.der'), at('inter.cert.der')];
    expect(asResponder(at('ca.cert.der'), [...chain, at('end_requester_ca_false.cert.der')])).toBe('PROFILE_VIOLATED');
    expect(asResponder(at('ca.cert.der'), split(at('bundle_responder.certchain_alias_cert_partial_set.der')))).toBe('PROFILE_VIOLATED');
    expect(asResponder(at('ca.cert.der'), [...chain, at('end_requester_without_basic_constraint.cert.der')])).toBe('accept');
  });
});

function seed(file: string): unknown {
  if (file.includes('x509_certificate_check')) return decodeSpdmChain(bytesOf(file), 32);
  if (file.includes('get_certificate')) return decodePortion(bytesOf(file), 0x12);
  return decodeMeasurements(bytesOf(file), file.includes('12.raw') ? 0x12 : 0x11, 64);
}
