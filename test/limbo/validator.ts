import { isIP } from 'node:net';
import { EvidenceError } from '../../gateway/attestation/evidence-error.ts';
import { KeyCache } from '../../gateway/attestation/keys.ts';
import { pathFindings } from '../../gateway/attestation/path-findings.ts';
import { buildPath } from '../../gateway/attestation/path-build.ts';
import type { Rules } from '../../gateway/attestation/path-rules.ts';
import { checkRevocation } from '../../gateway/attestation/revocation.ts';
import { checkServerName, type Reference } from '../../gateway/attestation/server-name.ts';
import { type Anchor, readAnchor } from '../../gateway/attestation/trust.ts';
import { DecodeError } from '../../gateway/codec/reader.ts';
import { Work } from '../../gateway/attestation/work.ts';
import { decodeCrl } from '../../gateway/codec/x509-crl.ts';
import { decodeCertificate } from '../../gateway/codec/x509.ts';
import type { KeyUsageName } from '../../gateway/codec/x509-extension.ts';

/** The contract of the C2SP x509-limbo harness. */
export type Input = {
  readonly leafPem: string;
  readonly intermediatesPem: readonly string[];
  readonly rootsPem: readonly string[];
  readonly crlsPem: readonly string[];
  readonly time: Date;
  readonly peerName: { readonly kind: 'DNS' | 'IP' | 'RFC822'; readonly value: string } | null;
  readonly purpose: string | null;
  readonly keyUsage: readonly KeyUsageName[];
  readonly maxDepth: number | null;
  readonly policy: {
    readonly requireExplicit: boolean;
    readonly inhibitMapping: boolean;
    readonly inhibitAny: boolean;
    readonly initialSet: readonly string[] | null;
  } | null;
};

/** OIDs of the purposes that the suite names (RFC 5280 §4.2.1.12). */
const purposes: Readonly<Record<string, string>> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  emailProtection: '1.3.6.1.5.5.7.3.4',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  OCSPSigning: '1.3.6.1.5.5.7.3.9',
};
const der = (pem: string): Uint8Array => new Uint8Array(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));

/** The project's validator under the rules for servers of the web. What cannot be read is left out, but for the leaf. */
export async function validate(input: Input): Promise<{ readonly ok: boolean; readonly reason?: string }> {
  try {
    const leaf = decodeCertificate(der(input.leafPem));
    const work = new Work(new KeyCache());
    const intermediates = readable(input.intermediatesPem, pem => decodeCertificate(der(pem)));
    // Where the suite gives CRLs it wants to know of every certificate whether it is revoked.
    const crls = readable(input.crlsPem, pem => decodeCrl(der(pem)));
    const sources = { crls, signers: intermediates, ocsp: [], whenUnknown: 'refuse' } as const;
    const path = buildPath(
      {
        leaf,
        intermediates,
        anchors: readable(input.rootsPem, (pem, i): Anchor => readAnchor(`root ${i}`, der(pem))),
        rules: rulesOf(input),
        ...(input.crlsPem.length === 0 ? {} : { accept: found => checkRevocation(found, sources, input.time.getTime(), work) }),
        ...(input.maxDepth === null ? {} : { maxIntermediates: input.maxDepth }),
      },
      work,
    );
    if (input.peerName !== null) checkServerName(leaf, referenceOf(input.peerName));
    return {
      ok: true,
      reason: pathFindings(path)
        .map(f => `RFC 5280 ${f.clause}: ${f.text}`)
        .join('; '),
    };
  } catch (error) {
    if (!(error instanceof EvidenceError || error instanceof DecodeError)) throw error;
    return { ok: false, reason: error instanceof EvidenceError ? `${error.code}: ${error.message}` : error.message };
  }
}

const rulesOf = ({ time, purpose, keyUsage, policy }: Input): Rules => ({
  now: time.getTime(),
  purpose: purpose === null ? 'any' : (purposes[purpose] ?? purpose),
  leafUsage: keyUsage,
  judgeAnchorDates: true,
  policies: {
    requireExplicit: policy?.requireExplicit === true,
    inhibitMapping: policy?.inhibitMapping === true,
    inhibitAny: policy?.inhibitAny === true,
    ...(policy === null || policy.initialSet === null ? {} : { acceptable: policy.initialSet }),
  },
});

function referenceOf({ kind, value }: NonNullable<Input['peerName']>): Reference {
  if (kind !== 'IP') return { kind: kind === 'DNS' ? 'dns' : 'email', value };
  return { kind: 'ip', octets: isIP(value) === 4 ? Uint8Array.from(value.split('.').map(Number)) : ip6Octets(value) };
}

function ip6Octets(text: string): Uint8Array {
  const [head = '', tail = ''] = text.split('::');
  const groups = (part: string): readonly number[] => (part === '' ? [] : part.split(':').map(g => Number.parseInt(g, 16)));
  const [before, after] = [groups(head), groups(tail)];
  const all = [...before, ...Array.from({ length: 8 - before.length - after.length }, () => 0), ...after];
  return Uint8Array.from(all.flatMap(g => [g >> 8, g & 0xff]));
}

function readable<T>(pems: readonly string[], read: (pem: string, i: number) => T): readonly T[] {
  return pems.flatMap((pem, i) => {
    try {
      return [read(pem, i)];
    } catch (error) {
      if (!(error instanceof EvidenceError || error instanceof DecodeError)) throw error;
      return [];
    }
  });
}
