import { beforeEach, describe, expect, it } from 'vitest';
import { EvidenceError } from '../../../gateway/attestation/evidence-error.ts';
import { KeyCache } from '../../../gateway/attestation/keys.ts';
import { checkPath } from '../../../gateway/attestation/path.ts';
import { prepareTrust, type Trust } from '../../../gateway/attestation/trust.ts';
import { decodeCertificate } from '../../../gateway/codec/x509.ts';
import { maxEntries, type Learned, RevocationFetcher } from '../../../gateway/edge/challenge/revocation/fetcher.ts';
import { FetchError, type Wish } from '../../../gateway/edge/challenge/revocation/http-get.ts';
import { isListed } from '../../../gateway/attestation/revocation-places.ts';
import type { AnchorRevocation } from '../../../gateway/model/trust.ts';
import { oid, sequence, tlv, utf8 } from '../../vectors/der-encode.ts';
import { ca, certificate, crl, crlNumber, extension, type Keys, newKeys, ocsp, type OcspPlan, usage } from '../../vectors/path-pki.ts';

const uri = (text: string): Uint8Array => tlv(0x86, utf8(text));
const crlAt = (url: string): Uint8Array => extension('2.5.29.31', false, sequence(sequence(tlv(0xa0, tlv(0xa0, uri(url))))));
const ocspAt = (url: string): Uint8Array => extension('1.3.6.1.5.5.7.1.1', false, sequence(sequence(oid('1.3.6.1.5.5.7.48.1'), uri(url))));
const list = 'http://pki.acme.example/root.crl';
const responder = 'http://pki.acme.example/ocsp';
const hour = 3_600_000;
const day = 24 * hour;

const [root, device, other] = [newKeys(), newKeys(), newKeys()];
const anchorDer = certificate({
  subject: 'CN=Root',
  issuer: 'CN=Root',
  keys: root,
  signer: root,
  extensions: [ca()],
  from: '20200101000000Z',
  until: '20400101000000Z',
});
const leaf = (serial: number, ...extensions: readonly Uint8Array[]) =>
  decodeCertificate(
    certificate({
      subject: `CN=d${serial}`,
      issuer: 'CN=Root',
      keys: device,
      signer: root,
      serial,
      extensions: [usage(0), ...extensions],
      from: '20200101000000Z',
      until: '20400101000000Z',
    }),
  );
const at = (millis: number): string => new Date(millis).toISOString().replace(/[-:T]|\.\d+/g, '');

/** The clock, what the web has at each address, what was asked for and what was learnt. */
let now = 0;
let web: Map<string, (wish: Wish) => Uint8Array | Promise<Uint8Array>>;
let wishes: Wish[];
let learned: Learned[];
let fetcher: RevocationFetcher;
const start = (): RevocationFetcher =>
  new RevocationFetcher({
    now: () => now,
    random: () => 0.5,
    get: async wish => {
      wishes.push(wish);
      const answer = web.get(wish.url);
      if (answer === undefined) throw new FetchError('status 404');
      return answer(wish);
    },
    keys: new KeyCache(),
    learned: what => void learned.push(what),
    log: () => {},
  });
beforeEach(() => {
  now = Date.UTC(2026, 5, 1);
  web = new Map();
  wishes = [];
  learned = [];
  fetcher = start();
});

const settings: AnchorRevocation = { whenUnknown: 'refuse', hosts: ['pki.acme.example'], crl: [], ocsp: true };
function trust(change: Partial<AnchorRevocation> = {}): Trust {
  const anchor = { name: 'acme', certificate: Buffer.from(anchorDer).toString('base64'), revocation: { ...settings, ...change } };
  return prepareTrust({ anchors: [anchor], referenceSets: [] }).trust;
}
/** `accepted`, or the reason code, of one certificate under the anchor. */
const verdict = (
  of: ReturnType<typeof leaf>,
  { by = trust(), left = 1_000, staple }: { by?: Trust; left?: number; staple?: Uint8Array } = {},
) =>
  fetcher.judged(by, staple, left, ({ anchors, revocation }) => {
    try {
      checkPath([of], anchors, now, new KeyCache(), revocation);
      return 'accepted';
    } catch (error) {
      if (!(error instanceof EvidenceError)) throw error;
      return error.code;
    }
  });
type Span = {
  readonly from?: number;
  readonly until?: number;
  readonly number?: number;
  readonly signer?: Keys;
  readonly serials?: readonly number[];
};
const crlOf = ({ from = now - hour, until = now + day, number = 1, signer = root, serials = [] }: Span = {}): Uint8Array =>
  crl({
    issuer: 'CN=Root',
    signer,
    from: at(from),
    until: at(until),
    entries: serials.map(serial => ({ serial })),
    extensions: [crlNumber(number)],
  });
const answerTo = (serial: number, status: OcspPlan['status'], change: Partial<OcspPlan> = {}): Uint8Array =>
  ocsp({
    issuer: 'CN=Root',
    issuerKeys: root,
    serial,
    status,
    responder: 'CN=Root',
    signer: root,
    from: at(now - hour),
    until: at(now + day),
    ...change,
  });

describe('a CRL that a certificate names', () => {
  it('is fetched when nothing tells, once for all, and decides', async () => {
    web.set(list, () => crlOf({ serials: [8] }));
    expect(await verdict(leaf(7, crlAt(list)))).toBe('accepted');
    expect(await verdict(leaf(8, crlAt(list)))).toBe('CERT_REVOKED');
    expect(await verdict(leaf(9, crlAt(list)))).toBe('accepted');
    expect(wishes).toHaveLength(1);
    expect(wishes[0]).toMatchObject({ url: list, accept: 'application/pkix-crl', most: 5_500_000 });
    expect(learned).toMatchObject([{ kind: 'crl', dropped: [] }]);
    expect(learned[0]?.news).toBeUndefined(); // who waited for it has judged by it
  });
  it('is fetched from no host that the anchor does not list, nor by anything but HTTP', async () => {
    for (const url of [
      'http://evil.example/root.crl',
      'http://pki.acme.example:8080/x',
      'http://pki.acme.example@evil.example/',
      'https://pki.acme.example/x',
      'file:///etc/passwd',
      'ldap://pki.acme.example/x',
    ])
      expect(await verdict(leaf(7, crlAt(url))), url).toBe('REVOCATION_UNKNOWN');
    expect(await verdict(leaf(7, crlAt(list)), { by: trust({ hosts: [] }) })).toBe('REVOCATION_UNKNOWN');
    expect(wishes).toEqual([]);
    expect(isListed('http://pki.acme.example:80/x', ['pki.acme.example'])).toBe(true);
    expect(isListed('http://pki.acme.example:8080/x', ['pki.acme.example:8080'])).toBe(true);
    expect(isListed('http://xpki.acme.example/x', ['pki.acme.example'])).toBe(false);
  });
  it('is fetched from where the configuration says, for certificates that name none', async () => {
    web.set('http://pki.acme.example/other.crl', () => crlOf());
    expect(await verdict(leaf(7), { by: trust({ crl: ['http://pki.acme.example/other.crl'] }) })).toBe('accepted');
  });
  it.each([
    ['signed by another key', () => crlOf({ signer: other })],
    ['overdue', () => crlOf({ from: now - day, until: now - hour })],
    ['of the future', () => crlOf({ from: now + day, until: now + 2 * day })],
    ['of another issuer', () => crl({ issuer: 'CN=Other', signer: root })],
    ['no CRL', () => utf8('<html>not here</html>')],
    ['empty', () => new Uint8Array()],
  ])('that is %s tells nothing and is not kept', async (_, body) => {
    web.set(list, body);
    expect(await verdict(leaf(7, crlAt(list)))).toBe('REVOCATION_UNKNOWN');
    expect(await verdict(leaf(7, crlAt(list)), { by: trust({ whenUnknown: 'tell' }) })).toBe('accepted');
    expect(learned).toEqual([]);
  });
  it('that is forged, with a high number, does not push the genuine one out', async () => {
    web.set(list, () => crlOf({ serials: [8] }));
    await verdict(leaf(7, crlAt(list)));
    web.set(list, () => crlOf({ signer: other, number: 1000 }));
    now += 2 * hour;
    fetcher.tick();
    await settled();
    expect(wishes).toHaveLength(2);
    expect(await verdict(leaf(8, crlAt(list)))).toBe('CERT_REVOKED');
    expect(learned).toHaveLength(1);
  });
});

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe('an OCSP responder that a certificate names', () => {
  it('is asked about this certificate, by its issuer’s hashes, and decides', async () => {
    web.set(responder, ({ body }) =>
      answerTo(8, body !== undefined && Buffer.from(body.bytes).toString('hex').endsWith('020108') ? 'revoked' : 'unknown'),
    );
    expect(await verdict(leaf(8, ocspAt(responder)))).toBe('CERT_REVOKED');
    web.set(responder, () => answerTo(7, 'good'));
    expect(await verdict(leaf(7, ocspAt(responder)))).toBe('accepted');
    expect(await verdict(leaf(7, ocspAt(responder)))).toBe('accepted');
    expect(wishes).toHaveLength(2);
    expect(wishes[0]?.body?.type).toBe('application/ocsp-request');
  });
  it('is not asked unless the anchor says so', async () => {
    web.set(responder, () => answerTo(7, 'good'));
    expect(await verdict(leaf(7, ocspAt(responder)), { by: trust({ ocsp: false }) })).toBe('REVOCATION_UNKNOWN');
    expect(wishes).toEqual([]);
  });
  it.each([
    ['a forged good', () => answerTo(7, 'good', { signer: other })],
    ['an answer about another certificate', () => answerTo(8, 'good')],
    ['an answer of yesterday', () => answerTo(7, 'good', { from: at(now - 2 * day), until: at(now - day) })],
    ['an unauthorised responder', () => answerTo(7, 'good', { responder: 'CN=d9', signer: device, certificates: [leaf(9).der] })],
    ['try later', () => Uint8Array.of(0x30, 3, 0x0a, 1, 3)],
    ['rubbish', () => Uint8Array.of(0x30, 0x80, 1)],
  ])('with %s tells nothing, and is not kept', async (_, body) => {
    web.set(responder, body);
    expect(await verdict(leaf(7, ocspAt(responder)))).toBe('REVOCATION_UNKNOWN');
    expect(learned).toEqual([]);
  });
});

describe('a stapled OCSP response', () => {
  it('spares the question', async () => {
    expect(await verdict(leaf(7, ocspAt(responder)), { staple: answerTo(7, 'good') })).toBe('accepted');
    expect(wishes).toEqual([]);
  });
  it('that says revoked is believed; forged or unreadable ones say nothing', async () => {
    expect(await verdict(leaf(7), { staple: answerTo(7, 'revoked') })).toBe('CERT_REVOKED');
    expect(await verdict(leaf(7), { staple: answerTo(7, 'good', { signer: other }) })).toBe('REVOCATION_UNKNOWN');
    expect(await verdict(leaf(7), { staple: Uint8Array.of(1, 2, 3) })).toBe('REVOCATION_UNKNOWN');
  });
  it('of good does not outdo a CRL of revoked', async () => {
    web.set(list, () => crlOf({ serials: [7] }));
    await verdict(leaf(9, crlAt(list)));
    expect(await verdict(leaf(7, crlAt(list)), { staple: answerTo(7, 'good') })).toBe('CERT_REVOKED');
  });
});

describe('what was fetched', () => {
  it('is asked for again before it ends, and a new revocation is news for the devices below the anchor', async () => {
    web.set(list, () => crlOf({ until: now + 2 * hour }));
    await verdict(leaf(7, crlAt(list)));
    web.set(list, () => crlOf({ serials: [7], number: 2 }));
    now += 0.5 * hour;
    fetcher.tick();
    expect(wishes).toHaveLength(1);
    now += 0.5 * hour; // an hour at most, less the jitter
    fetcher.tick();
    await settled();
    expect(wishes).toHaveLength(2);
    expect(learned[1]).toMatchObject({ news: { anchor: 'acme', issuer: 'CN=Root', revoked: 1 } });
    expect(learned[1]?.dropped).toHaveLength(1);
    expect(await verdict(leaf(7, crlAt(list)))).toBe('CERT_REVOKED');
  });
  it('survives a restart: nothing is asked for while it lasts, and it is asked for again all the same', async () => {
    web.set(list, () => crlOf());
    await verdict(leaf(7, crlAt(list)));
    fetcher = start();
    for (const { kind, der } of learned) fetcher.restore(kind, der, now);
    fetcher.restore('crl', Uint8Array.of(1), now); // a torn file
    expect(await verdict(leaf(7, crlAt(list)))).toBe('accepted');
    expect(wishes).toHaveLength(1);
    now += hour;
    fetcher.tick();
    await settled();
    expect(wishes).toHaveLength(2);
  });
  it('of which the same comes again is no news', async () => {
    const same = crlOf({ until: now + 10 * day });
    web.set(list, () => same);
    await verdict(leaf(7, crlAt(list)));
    now += hour;
    fetcher.tick();
    await settled();
    expect(wishes).toHaveLength(2);
    expect(learned.filter(l => l.news !== undefined)).toEqual([]);
  });
});

describe('a server that is slow or gone', () => {
  it('does not hold a judgement; what comes later is news', async () => {
    let answer: (der: Uint8Array) => void = () => {};
    web.set(list, () => new Promise(resolve => (answer = resolve)));
    expect(await verdict(leaf(7, crlAt(list)), { left: 50 })).toBe('REVOCATION_UNKNOWN');
    answer(crlOf());
    await settled();
    expect(learned).toMatchObject([{ news: { anchor: 'acme', revoked: 0 } }]);
    expect(await verdict(leaf(7, crlAt(list)))).toBe('accepted');
    expect(wishes).toHaveLength(1);
  });
  it('is asked again after a minute, two, four … and not by every device', async () => {
    const asked: number[] = [];
    const begun = now;
    for (let n = 0; n < 60; n++) {
      await verdict(leaf(n + 1, crlAt(list)));
      fetcher.tick();
      await settled();
      if (wishes.length > asked.length) asked.push(Math.round((now - begun) / 1000));
      now += 10_000;
    }
    expect(asked).toEqual([0, 60, 170, 380]);
    web.set(list, () => crlOf());
    now += hour;
    fetcher.tick();
    await settled();
    expect(learned).toMatchObject([{ news: { revoked: 0 } }]); // who was refused for want of it is asked again
  });
});

describe('a flood of certificates', () => {
  it('asks a responder a few times a second only, and is remembered within bounds', async () => {
    for (let serial = 1; serial <= 3_000; serial++) {
      void verdict(leaf(serial, ocspAt(`${responder}/${serial}`)), { left: 0 });
      if (serial % 500 === 0) await settled();
    }
    await settled();
    expect(wishes.length).toBeLessThanOrEqual(60);
    expect(fetcher.entries).toBeLessThanOrEqual(maxEntries);
    now += 10_000;
    fetcher.tick();
    for (let n = 0; n < 100; n++) await settled();
    expect(wishes.length).toBeLessThanOrEqual(120);
  });
  it('is forgotten when no device has needed it for a day', async () => {
    await verdict(leaf(7, ocspAt(responder)));
    expect(fetcher.entries).toBe(1);
    now += 25 * hour;
    fetcher.tick();
    await settled();
    expect(fetcher.entries).toBe(0);
  });
});
