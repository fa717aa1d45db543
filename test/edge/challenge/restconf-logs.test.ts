import 'reflect-metadata';
import { GeneralName, Name, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FileList, ReferenceSet, TrustMaterial } from '../../../gateway/model/trust.ts';
import { decodeEventLog } from '../../../gateway/codec/tcg-event-log.ts';
import { bootLogOf, imaTextOf } from '../../../gateway/edge/challenge/channels/restconf-logs.ts';
import { boot, certify, model, referenceSet } from '../../attestation/tpm/world.ts';
import { base64 } from '../../attestation/world.ts';
import { type Credential, makeSelfSigned, makeVendor, type Vendor } from '../../vectors/pki.ts';
import { type File, imaAscii } from '../../vectors/soft-tpm.ts';
import { noSwtpm } from '../../vectors/swtpm.ts';
import { RestconfDevice } from './restconf-device.ts';
import { Site } from './site.ts';
import { bootSet, TpmDevice } from './tpm-device.ts';

const missing = noSwtpm();
if (missing !== undefined) process.stderr.write(`skip: ${missing}\n`);

const agent: File = { path: '/usr/bin/routed', content: 'routed 7' };
const door: File = { path: '/usr/bin/routed', content: 'routed 7 with a door' };
const digestOf = (file: File): string => /(sha256:[0-9a-f]{64})/.exec(imaAscii([file]))?.[1] ?? '';
const fileList: FileList = { name: 'edge.ima.yaml:1', vendor: 'Acme Edge', model, files: [[agent.path, [digestOf(agent)]]], excludes: [] };
const module = 'ietf-tpm-remote-attestation';

/** Network gear (a simulator of ours, a TPM of others) that nobody listed: all that vouches for its key is a certificate, which names its model. */
describe.skipIf(missing !== undefined)('a router with the YANG module of RFC 9684, trusted by its certificate alone', () => {
  let credential: Credential;
  let acme: Vendor;
  let tpm: TpmDevice;
  let router: RestconfDevice;
  const sites: Site[] = [];
  beforeAll(async () => {
    [credential, acme, tpm] = [await makeSelfSigned({ cn: 'router' }), await makeVendor({ name: 'Acme Edge' }), await TpmDevice.make()];
  });
  afterAll(async () => tpm?.tpm.remove());
  beforeEach(async () => {
    await tpm.tpm.reset();
    tpm.tpm.loadKeys();
    tpm.boots();
    const name = new GeneralName('dn', new Name([{ '2.23.133.5.1.1': ['Acme Edge'] }, { '2.23.133.5.1.4': [model] }]).toString());
    const certificate = await certify(
      acme,
      { privateKey: tpm.akKey },
      {
        edit: plan => ({ ...plan, extensions: [...(plan.extensions ?? []), new SubjectAlternativeNameExtension([name])] }),
      },
    );
    router = new RestconfDevice(tpm, certificate);
  });
  afterEach(async () => {
    for (const site of sites.splice(0)) await site.close();
    await router.close();
  });
  const open = async (set: ReferenceSet = referenceSet, fileLists: readonly FileList[] = []): Promise<Site> => {
    const anchors = [{ name: 'acme', certificate: base64(acme.anchorDer) }];
    const trust: TrustMaterial = { anchors, referenceSets: [set], ...(fileLists.length === 0 ? {} : { fileLists }) };
    const site = await Site.open([{ channel: 'restconf', port: await router.serve(credential) }], trust, 'serial: "EB3-0001"');
    sites.push(site);
    return site;
  };

  it('is admitted by reference values of events, for which it is asked for the log of its firmware', async () => {
    const { attestation, decision } = await (await open()).asked();
    expect(attestation.checks.filter(c => c.outcome === 'failed')).toEqual([]);
    expect([attestation.status, attestation.assurance, decision.access]).toEqual(['affirming', 5, 'admit']);
    expect(attestation.result?.identity).toMatchObject({ vendor: 'Acme Edge', model, serial: 'EB3-0001' });
    expect(router.asked).toEqual(['keystore/asymmetric-keys', 'tpm20-challenge-response-attestation', `${module}:bios`]);
  });

  it('is not asked for logs that nothing here judges', async () => {
    expect((await (await open(bootSet)).asked()).attestation.status).toBe('affirming');
    expect(router.asked).toEqual(['keystore/asymmetric-keys', 'tpm20-challenge-response-attestation']);
  });

  it('whose log leaves an event out, or that has no such log, is contraindicated', async () => {
    const site = await open();
    router.shows = () => ({ boot: boot.filter(({ pcr, type }) => !(pcr === 4 && type !== 4)), ran: [] });
    expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'LOG_MISMATCH' });
    router.shows = undefined;
    await site.asked();
    expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'DIGEST_UNKNOWN' });
  });

  it('is judged by the files that it ran where somebody listed those of its model', async () => {
    router.runs(agent);
    const site = await open(bootSet, [fileList]);
    const view = await site.asked();
    expect([view.attestation.status, view.attestation.result?.quote?.ima?.entries]).toEqual(['affirming', 1]);
    expect(router.asked.at(-1)).toBe(`${module}:ima`);
    router.runs(door);
    router.shows = () => ({ boot, ran: router.ran.slice(0, 1) });
    expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'LOG_MISMATCH' });
    router.shows = () => ({ boot, ran: router.ran });
    await site.asked();
    expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'FILE_NOT_LISTED' });
  });

  it('gives a long list piece by piece; one that knows nothing of pieces gives it whole', async () => {
    const many = Array.from({ length: 9_000 }, (_, i) => ({ path: `/opt/data/${i}`, content: 'x' }));
    router.runs(agent, ...many);
    const lists = [{ ...fileList, excludes: ['/opt/data/'] }];
    const site = await open(bootSet, lists);
    const asked = async (): Promise<readonly unknown[]> => {
      router.asked.length = 0;
      const { attestation } = await site.asked();
      const pieces = router.asked.filter(what => what === `${module}:ima`).length;
      return [attestation.status, attestation.result?.quote?.ima?.entries, pieces];
    };
    expect(await asked()).toEqual(['affirming', 9_001, 4]);
    router.heeds = ({ 'log-entry-quantity': quantity }) => (quantity === undefined ? {} : { 'log-entry-quantity': quantity });
    expect(await asked()).toEqual(['affirming', 9_001, 3]);
    router.heeds = () => ({});
    expect(await asked()).toEqual(['affirming', 9_001, 1]);
    // It may give fewer at a time than it is asked for.
    router.heeds = selector => ({ ...selector, 'log-entry-quantity': 2_500 });
    expect(await asked()).toEqual(['affirming', 9_001, 5]);
    router.shows = () => ({ boot, ran: router.ran.toSpliced(8_000, 1, door) });
    expect((await site.asked()).attestation).toMatchObject({ status: 'contraindicated', reason: 'ROLLED_BACK' });
  }, 480_000);
});

describe('the logs of RFC 9684', () => {
  const of = (result: object) => ({ [`${module}:output`]: { 'system-event-logs': { 'node-data': [{ 'log-result': result }] } } });
  const sha256 = (byte: number) => ({ 'hash-algo': 'ietf-tcg-algs:TPM_ALG_SHA256', digest: [Buffer.alloc(32, byte).toString('base64')] });
  const sha1 = { 'hash-algo': 'ietf-tcg-algs:TPM_ALG_SHA1', digest: [Buffer.alloc(20, 9).toString('base64')] };

  it('of the firmware become the log that is measured, in each hash, without the header that it may list itself', () => {
    const header = { 'event-type': 3, 'pcr-index': 0, 'event-data': [...Buffer.from('Spec ID Event03\0')] };
    const entries = [header, { 'event-type': 8, 'pcr-index': 0, 'digest-list': [sha1, sha256(1)], 'event-data': [1, 2] }];
    const short = { 'event-type': 4, 'pcr-index': 7, 'digest-list': [{ ...sha256(2), digest: ['AAAA'] }, sha1] };
    const log = decodeEventLog(bootLogOf(of({ 'bios-event-logs': { 'bios-event-entry': [...entries, short] } })) ?? new Uint8Array());
    expect(log.hashes.map(({ name }) => name)).toEqual(['sha1', 'sha256']);
    expect(log.events.slice(1).map(({ pcr, type, digests }) => [pcr, type, [...digests.keys()]])).toEqual([
      [0, 8, ['sha1', 'sha256']],
      [7, 4, ['sha1']],
    ]);
  });

  it('that a device does not have are none, which is not an empty one', () => {
    expect([bootLogOf(of({})), imaTextOf(of({}))]).toEqual([undefined, undefined]);
    expect(imaTextOf(of({ 'ima-event-logs': {} }))).toBeUndefined();
    expect(imaTextOf(of({ 'ima-event-logs': { 'ima-event-entry': [] } }))).toBe('');
  });
});
