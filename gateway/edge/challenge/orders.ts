import { z } from 'zod';
import { maxCertificates, maxChainBytes } from '../../attestation/evidence.ts';
import { maxEnrolled } from '../../inventory/enrolments.ts';
import { evidenceMediaTypes } from '../../model/attestation.ts';
import { channelNames, maxChannels } from '../../model/settings.ts';
import { anchor, fileList, listedKey, listedVerifier, trustedCrl } from './trust-orders.ts';
import { maxEvidenceBytes } from './wire.ts';

/** The shapes of what the gateway tells the challenger (`ToChallenger`). The gateway is trusted more; this catches versions that differ. */
const text = z.string();
const digest = z.strictObject({ version: text, alg: text, digest: text });
const flag = z.boolean().exactOptional();
const flags = z.strictObject({ notConfigured: flag, notSecure: flag, recovery: flag, debug: flag });
// Strict: a field that is not told here would be dropped, and with it what it demands of the Evidence.
const component = z.strictObject({
  name: text,
  layer: z.number().exactOptional(),
  anyLayer: z.literal(true).exactOptional(),
  index: z.number().exactOptional(),
  key: text.exactOptional(),
  type: text.exactOptional(),
  vendorInfo: text.exactOptional(),
  vendorInfoMask: text.exactOptional(),
  flags: flags.exactOptional(),
  signer: text.exactOptional(),
  minSvn: text.exactOptional(),
  svn: text.exactOptional(),
  versions: z.array(digest),
});
const referenceSet = z.strictObject({
  id: text,
  vendor: text,
  model: text,
  classId: text.exactOptional(),
  source: z.enum(['corim', 'suit']).exactOptional(),
  standing: z.enum(['revoked', 'superseded', 'ended']).exactOptional(),
  signedBy: text.exactOptional(),
  notes: z.array(text).exactOptional(),
  sequence: z.number().exactOptional(),
  notBefore: z.number().exactOptional(),
  notAfter: z.number().exactOptional(),
  minSvn: text.exactOptional(),
  anchors: z.array(text).exactOptional(),
  components: z.array(component),
});
const record = z.object({
  vendorId: z.number(),
  productId: z.number(),
  certificateId: text.exactOptional(),
  deviceType: z.number().exactOptional(),
  versionNumber: z.number().exactOptional(),
});
const matter = z.object({
  revoked: z.array(z.object({ issuerKeyId: text, issuer: text, serials: z.array(text) })).exactOptional(),
  certified: z.array(record).exactOptional(),
});
const trust = z.object({
  anchors: z.array(anchor),
  referenceSets: z.array(referenceSet),
  keys: z.array(listedKey).exactOptional(),
  verifiers: z.array(listedVerifier).exactOptional(),
  matter: matter.exactOptional(),
  fileLists: z.array(fileList).exactOptional(),
  crls: z.array(trustedCrl).exactOptional(),
});

/** The pattern of `z.base64()` goes through groups; a megabyte of them is better seen as one class. */
const base64 = (bytes: number) => text.max(4 * Math.ceil(bytes / 3)).regex(/^[A-Za-z0-9+/]*={0,2}$/);
const freshness = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('handshake'), protocol: text.max(40), resumed: z.boolean() }),
  z.object({ kind: z.literal('nonce'), nonce: base64(64), expires: z.number(), spent: z.boolean(), channel: text.max(200) }),
  z.object({ kind: z.literal('kept'), at: z.number(), expires: z.number() }),
  z.object({ kind: z.literal('none') }),
]);
/** Where a TPM stood; the challenger said so before. */
const clock = z.object({
  ak: text,
  clock: text,
  resetCount: z.number(),
  restartCount: z.number(),
  since: z.enum(['first', 'running', 'resumed', 'rebooted']),
  at: z.number().exactOptional(),
  started: z.object({ before: z.number(), after: z.number().exactOptional() }).exactOptional(),
  ima: z.object({ bank: text, value: text, entries: z.number(), policy: text.exactOptional() }).exactOptional(),
});
const quote = z.object({
  previous: clock.exactOptional(),
  activations: z
    .array(z.object({ ak: text, ek: text }))
    .max(64)
    .exactOptional(),
  enrolledAs: z.object({ vendor: text, model: text }).exactOptional(),
  pcrs: z.array(z.number().int().min(0).max(23)).max(24).exactOptional(),
});
const enrolled = z.strictObject({ instance: text, ak: text, ek: text, ekCertificates: z.array(text), device: text, at: z.number() });
const port = z.number().int().min(0).max(65535);
const channel = z.object({ channel: z.enum(channelNames), port, path: text.exactOptional() });

export const order = z.discriminatedUnion('type', [
  z.object({ type: z.literal('trust'), trust }),
  z.object({ type: z.literal('enrolled'), keys: z.array(enrolled).max(maxEnrolled) }),
  z.object({
    type: z.literal('enrol'),
    id: text.max(80),
    agent: text.max(80),
    ak: base64(8_192),
    ek: base64(8_192),
    certificates: z.array(base64(maxChainBytes)).max(maxCertificates),
    now: z.number(),
  }),
  z.object({ type: z.literal('client'), pem: text.max(65_536) }),
  z.object({ type: z.literal('opc-ua-issuer'), pem: text.max(65_536) }),
  z.object({ type: z.literal('crl'), sha256: text, der: text }),
  z.object({ type: z.literal('kept-revocation'), kind: z.enum(['crl', 'ocsp']), der: text, seen: z.number() }),
  z.object({ type: z.literal('fetching'), management: z.array(text), lan: z.array(text), now: z.number() }),
  z.object({
    type: z.literal('challenge'),
    challenge: z.object({
      id: text,
      mac: text,
      ip: text,
      channels: z.array(channel).max(maxChannels),
      quote: clock.exactOptional(),
      zone: text.exactOptional(),
    }),
    localAddress: text,
    localPorts: z.array(port).max(maxChannels),
    evidenceTtlSeconds: z.number(),
    now: z.number(),
  }),
  z.object({
    type: z.literal('judge'),
    id: text.max(80),
    evidence: z.object({
      mediaType: z.enum(evidenceMediaTypes),
      bytes: base64(maxEvidenceBytes),
      certificates: z.array(base64(maxChainBytes)).max(maxCertificates),
    }),
    freshness,
    quote: quote.exactOptional(),
    ttlSeconds: z.number(),
    zone: text.exactOptional(),
    anchor: anchor.exactOptional(),
    verifier: listedVerifier.exactOptional(),
    now: z.number(),
  }),
]);

export type Order = z.infer<typeof order>;
export type ChallengeOrder = Extract<Order, { readonly type: 'challenge' }>;
export type EnrolOrder = Extract<Order, { readonly type: 'enrol' }>;
export type JudgeOrder = Extract<Order, { readonly type: 'judge' }>;
