import { z } from 'zod';
import { type AnchorConstraints, anchorUses, type AnchorRevocation, directoryTypes, type NameSubtree } from '../model/trust.ts';

/**
 * What may stand in the YAML files of `anchors/`: what an anchor is limited to, the keys of single devices, and other Verifiers. It checks the files, and the JSON Schemas for
 * editors are made from it. The message of a shape completes the sentence "it is …, must be …".
 */
export const text = (max: number) =>
  z
    .string({ error: 'text (numbers need quotes)' })
    .min(1, { error: 'text' })
    .max(max, { error: `at most ${max} characters` });
export const matching = (pattern: RegExp, error: string) => z.string({ error }).regex(pattern, { error });
export const list = <S extends z.ZodType>(one: S, max: number, what: string) =>
  z
    .array(one, { error: `a list of ${what}` })
    .min(1, { error: `a list of ${what}` })
    .max(max, { error: `a list of at most ${max} ${what}` });
const sha256 = matching(/^[0-9A-Fa-f]{64}$/, 'a SHA-256 in 64 hexadecimal digits').transform(hex => hex.toLowerCase());

const hostText = '(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\\[[0-9A-Fa-f:]{2,39}\\])(?::[1-9][0-9]{0,4})?';
const host = matching(new RegExp(`^${hostText}$`), 'a host such as crl.vendor.example or crl.vendor.example:8080').transform(h =>
  h.toLowerCase(),
);
const httpUrl = matching(new RegExp(`^http://${hostText}/[!-~]{0,500}$`), 'an address such as http://crl.vendor.example/root.crl');

/** `2027-03-01` is the end of that day in UTC; else an instant with its offset. */
const instant = matching(
  /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))?$/,
  'a day such as 2027-03-01 or an instant such as 2027-03-01T18:00Z',
)
  .transform(t => (t.length === 10 ? Date.parse(`${t}T00:00:00Z`) + 86_400_000 : Date.parse(t)))
  .refine(at => Number.isFinite(at), { error: 'a day that there is' });

const directory = list(
  z.union(
    directoryTypes.map(type => z.strictObject({ [type]: text(64) }).transform(o => ({ type, value: Object.values(o)[0] ?? '' }))),
    { error: `one of ${directoryTypes.join(', ')} with its value` },
  ),
  8,
  'attributes, outermost first',
);
const subtree: z.ZodType<NameSubtree> = z.union(
  [
    z.strictObject({ dns: text(253) }),
    z.strictObject({ email: text(320) }),
    z.strictObject({ uri: text(253) }),
    z.strictObject({ ip: matching(/^\d{1,3}(?:\.\d{1,3}){3}\/\d{1,2}$/, 'an IPv4 network in CIDR') }),
    z.strictObject({ directory }),
  ],
  { error: 'one of dns, email, uri, ip or directory' },
);

/** What paths below an anchor are held to. */
export const constraintsShape = z
  .strictObject({
    pathLength: z
      .int({ error: 'a whole number 0–16' })
      .min(0, { error: '0 or more' })
      .max(16, { error: '16 or less' })
      .exactOptional()
      .describe('Most CA certificates between the anchor and the end of the chain; the DeviceID of a DICE device counts as one'),
    purposes: list(matching(/^[0-2](?:\.\d{1,15}){1,20}$/, 'an OID'), 32, 'OIDs')
      .exactOptional()
      .describe('The end of the chain must be for one of these extended key usages'),
    permitted: list(subtree, 64, 'names').exactOptional().describe('Names in these forms must lie within one of them (RFC 5280 §4.2.1.10)'),
    excluded: list(subtree, 64, 'names').exactOptional(),
  })
  .refine(c => Object.keys(c).length > 0, { error: 'at least one constraint' }) satisfies z.ZodType<AnchorConstraints>;

/** How is known whether certificates below an anchor are revoked. */
export const revocationShape = z
  .strictObject({
    whenUnknown: z
      .enum(['refuse', 'tell'], { error: 'refuse or tell' })
      .describe('refuse: a device of which nothing tells whether it is revoked fails; tell: it is let pass, and that is shown'),
    hosts: list(host, 32, 'hosts')
      .default([])
      .describe('The only hosts that CRLs and OCSP responses are fetched from, by HTTP; none: nothing is fetched'),
    crl: list(httpUrl, 32, 'addresses').default([]).describe('CRLs besides those that the certificates name; their hosts must be listed'),
    ocsp: z
      .boolean({ error: 'true or false' })
      .default(false)
      .describe('Ask the OCSP responder that a certificate names, where its host is listed'),
  })
  .superRefine(({ hosts, crl }, context) => {
    for (const [n, url] of crl.entries())
      if (!hosts.includes(new URL(url).host.toLowerCase()))
        context.addIssue({ code: 'custom', path: ['crl', n], message: 'an address at one of hosts' });
  }) satisfies z.ZodType<AnchorRevocation>;

export const provenance = z
  .strictObject(
    {
      source: text(500).describe('Where it came from'),
      by: text(200).describe('Who checked it'),
      when: matching(/^\d{4}-\d\d-\d\d$/, 'a day such as 2026-03-01'),
      note: text(1000).exactOptional().describe('How its fingerprint was checked'),
    },
    { error: 'source, by and when' },
  )
  .describe('Where it came from, who checked it, when');

const limits = {
  uses: list(z.enum(anchorUses, { error: `one of ${anchorUses.join(', ')}` }), anchorUses.length, 'uses')
    .exactOptional()
    .describe(
      'identity: device certificates; attest: keys below it that sign tokens (EAT, PSA) and SPDM measurements count too; else as the name of the file says',
    ),
  vendor: text(200).exactOptional().describe('The vendor that it speaks for, in place of the O of its subject'),
  model: text(200).exactOptional().describe('The model of devices below it that attest by TPM or token and whose certificates name none'),
  expires: instant.exactOptional().describe('From then on it admits nobody; a day counts to its end in UTC'),
  zones: list(text(64), 256, 'zone names').exactOptional().describe('Zones in which it vouches; elsewhere it admits nobody'),
  constraints: constraintsShape.exactOptional(),
  revocation: revocationShape.exactOptional(),
};
/**
 * Constraints and revocation are about paths of devices; Matter has a profile and a ledger of its own. Who signs reference values may be revoked too, by CRLs in
 * files: whoever fetches does so for devices.
 */
const fitsUses = ({ uses = ['identity'], constraints, revocation }: z.output<z.ZodObject<typeof limits>>): boolean =>
  uses.some(use => use === 'identity' || use === 'attest' || use === 'tpm-ek') ||
  (constraints === undefined && (revocation === undefined || (uses.includes('reference-signer') && revocation.hosts.length === 0)));
const unfit = {
  error:
    'without constraints and revocation unless it is for identity, attest or tpm-ek: Matter has its own, and of reference-signer only whenUnknown counts, with CRLs in files',
};

/** What a person limits an anchor to, also by the API. */
export const limitsShape = z.strictObject(limits).refine(fitsUses, unfit);

/** One entry of `anchors/*.yaml`: which certificate, and what it is limited to. */
export const anchorShape = z
  .strictObject(
    {
      certificate: matching(/^\w[\w.-]{0,200}$/, 'the name of a file in the same folder').describe('File in the same folder, PEM'),
      sha256: sha256.describe('SHA-256 of the certificate in DER, as openssl x509 -fingerprint -sha256 says without colons'),
      ...limits,
      provenance,
    },
    { error: 'an entry with certificate, sha256 and provenance' },
  )
  .refine(fitsUses, unfit);
export type AnchorEntry = z.output<typeof anchorShape>;

const publicKey = text(4000)
  .transform(pem => pem.replace(/-----(?:BEGIN|END) PUBLIC KEY-----|\s+/g, ''))
  .refine(b64 => /^[A-Za-z0-9+/]+={0,2}$/.test(b64), { error: 'a public key in PEM, or its SubjectPublicKeyInfo in base64' })
  .describe('PEM, or SubjectPublicKeyInfo in base64');

/** One entry of `anchors/*.keys.yaml`: the key that one device signs its tokens with. */
export const listedKeyShape = z.strictObject(
  {
    instance: matching(/^(?:[0-9A-Fa-f]{2}){7,33}$/, 'a UEID in hexadecimal digits')
      .transform(hex => hex.toLowerCase())
      .describe('UEID (RFC 9711 §4.2.1), which a PSA token calls instance-id, in hexadecimal digits'),
    publicKey,
    vendor: text(200).exactOptional().describe('Vendor whose reference values judge it'),
    model: text(200).exactOptional(),
    provenance,
  },
  { error: 'an entry with instance, publicKey and provenance' },
);

/** One entry of `anchors/*.verifiers.yaml`: another Verifier, by the key that signs its Attestation Results (EAR), and how far its word goes. */
export const verifierShape = z.strictObject(
  {
    verifier: text(200).describe('What people call it'),
    publicKey,
    most: z
      .enum(['warning', 'affirming'], { error: 'warning or affirming' })
      .default('warning')
      .describe('The best status that its word gives a device: affirming lets devices in that are listed in policies/expected'),
    maxAgeSeconds: z
      .int({ error: 'whole seconds, 1 to 604800' })
      .min(1, { error: '1 or more' })
      .max(604_800, { error: '604800 or less' })
      .default(3600)
      .describe('How old a result may be, whatever end it names'),
    vendor: text(200).exactOptional().describe('The only vendor that it speaks for; absent: its devices are of no vendor here'),
    audience: text(1000).exactOptional().describe('What a result must name as its audience (aud), if it names one'),
    expires: instant.exactOptional().describe('From then on it admits nobody; a day counts to its end in UTC'),
    zones: list(text(64), 256, 'zone names').exactOptional().describe('Zones in which it counts; elsewhere it admits nobody'),
    provenance,
  },
  { error: 'an entry with verifier, publicKey and provenance' },
);
/** How far the word of a Verifier goes that people bring by the API. */
export const verifierLimitsShape = verifierShape.omit({ verifier: true, publicKey: true, provenance: true });
