import type { ChallengeOutcome } from '../model/attestation.ts';
import type { ReferenceSet, TrustMaterial } from '../model/trust.ts';
import { toBase64Url } from '../codec/bytes.ts';
import { measuredComponentFormats } from '../codec/measured-component.ts';
import { messageEvidence, sha256 } from './evidence.ts';
import { KeyCache } from './keys.ts';
import type { Scheme } from './scheme.ts';
import { schemeFor } from './schemes/index.ts';
import { prepareTrust } from './trust.ts';

/** A device that exists for a moment only: its key (P-256; `sign` gives r ‖ s) and a nonce of 32 bytes that nobody has used. */
export type SelfTestDevice = {
  readonly spki: Uint8Array;
  readonly sign: (bytes: Uint8Array) => Uint8Array;
  readonly nonce: Uint8Array;
};

/** What the judging half must say of its own device, by what was done to it. */
const cases = [
  { name: 'untouched Evidence', wanted: 'affirming' },
  { name: 'a changed reference value', wanted: 'contraindicated DIGEST_UNKNOWN' },
  { name: 'a changed signature', wanted: 'contraindicated SIGNATURE_INVALID' },
] as const;

const instance = `01${'5a'.repeat(32)}`;
const vendor = 'self-test';
/** Nothing in it has dates, so that any instant does: the test needs no clock. */
const at = 0;

/**
 * Judges Evidence made here, as all Evidence is judged, and then with one reference value and with one signature changed: the first must pass, the others
 * fail. A Verifier that ignores its reference values accepts everything and looks well. Undefined when all is well, else what is wrong.
 */
export function selfTest(device: SelfTestDevice, scheme: Scheme | undefined = schemeFor('application/eat+jwt')): string | undefined {
  const firmware = sha256(device.nonce);
  const token = tokenOf(device, firmware);
  const changed = flipped(firmware);
  const outcomes = [
    judge(scheme, device, token, firmware),
    judge(scheme, device, token, changed),
    judge(scheme, device, withOtherSignature(token), firmware),
  ];
  const wrong = cases.findIndex(({ wanted }, i) => outcomes[i] !== wanted);
  const found = cases[wrong];
  return found === undefined
    ? undefined
    : `Cannot judge: the self-test of the Verifier failed, ${found.name} is ${outcomes[wrong]} and must be ${found.wanted}`;
}

/** One hexadecimal digit is another. */
const flipped = (digest: string): string => `${digest.slice(0, -1)}${digest.endsWith('0') ? '1' : '0'}`;

/** An EAT as JWT (RFC 9711) with one measured component (RFC 10013). */
function tokenOf({ sign, nonce }: SelfTestDevice, firmware: string): Uint8Array {
  const octets = (digits: string): Uint8Array => Uint8Array.from(digits.match(/../g) ?? [], pair => Number.parseInt(pair, 16));
  const component = { id: ['firmware'], digest: ['sha-256', toBase64Url(octets(firmware))] };
  const claims = {
    eat_nonce: toBase64Url(nonce),
    ueid: toBase64Url(octets(instance)),
    measurements: [[measuredComponentFormats.json, JSON.stringify(component)]],
  };
  const part = (value: unknown): string => toBase64Url(utf8(JSON.stringify(value)));
  const input = `${part({ alg: 'ES256' })}.${part(claims)}`;
  return utf8(`${input}.${toBase64Url(sign(utf8(input)))}`);
}
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** One character of the signature is another: of its first byte, so that the text is still canonical base64url. */
function withOtherSignature(token: Uint8Array): Uint8Array {
  const first = token.lastIndexOf('.'.charCodeAt(0)) + 1;
  const [a, b] = ['A'.charCodeAt(0), 'B'.charCodeAt(0)];
  return token.with(first, token[first] === a ? b : a);
}

function judge(scheme: Scheme | undefined, { spki, nonce }: SelfTestDevice, token: Uint8Array, digest: string): string {
  const set: ReferenceSet = {
    id: 'self-test',
    vendor,
    model: vendor,
    components: [{ name: 'firmware', key: 'firmware', versions: [{ version: '1', alg: 'sha-256', digest }] }],
  };
  const key = { instance, spki: btoa(String.fromCharCode(...spki)), vendor, model: vendor };
  const material: TrustMaterial = { anchors: [], referenceSets: [set], keys: [key] };
  const { trust } = prepareTrust(material);
  const freshness = { kind: 'nonce', nonce, expires: at, spent: false, channel: 'self-test' } as const;
  const context = { trust, keys: new KeyCache(), now: at, freshness, ttlSeconds: 60 };
  return verdict(scheme?.judge(messageEvidence('application/eat+jwt', token), context));
}

const verdict = (outcome: ChallengeOutcome | undefined): string =>
  outcome?.kind === 'appraised' ? `${outcome.result.status} ${outcome.result.reason ?? ''}`.trim() : (outcome?.kind ?? 'not judged');
