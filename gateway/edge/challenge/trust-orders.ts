import { z } from 'zod';
import { anchorUses, directoryTypes } from '../../model/trust.ts';

/** The shapes of anchors, listed keys, Verifiers and CRLs on their way to the challenger (`TrustMaterial`). Strict: a limit that is dropped on the way would widen trust. */
const text = z.string();
const texts = z.array(text);
const subtree = z.union([
  z.strictObject({ dns: text }),
  z.strictObject({ email: text }),
  z.strictObject({ uri: text }),
  z.strictObject({ ip: text }),
  z.strictObject({ directory: z.array(z.strictObject({ type: z.enum(directoryTypes), value: text })) }),
]);
const constraints = z.strictObject({
  pathLength: z.number().exactOptional(),
  purposes: texts.exactOptional(),
  permitted: z.array(subtree).exactOptional(),
  excluded: z.array(subtree).exactOptional(),
});
const provenance = z.strictObject({
  source: text,
  by: text,
  when: text,
  note: text.exactOptional(),
  approvedBy: text.exactOptional(),
  file: text.exactOptional(),
});

export const anchor = z.strictObject({
  name: text,
  certificate: text,
  uses: z.array(z.enum(anchorUses)).exactOptional(),
  vendor: text.exactOptional(),
  model: text.exactOptional(),
  expires: z.number().exactOptional(),
  zones: texts.exactOptional(),
  constraints: constraints.exactOptional(),
  revocation: z.strictObject({ whenUnknown: z.enum(['refuse', 'tell']), hosts: texts, crl: texts, ocsp: z.boolean() }).exactOptional(),
  provenance: provenance.exactOptional(),
});
export const listedKey = z.strictObject({
  instance: text,
  spki: text,
  vendor: text.exactOptional(),
  model: text.exactOptional(),
  classId: text.exactOptional(),
});
export const listedVerifier = z.strictObject({
  name: text,
  spki: text,
  most: z.enum(['warning', 'affirming']),
  maxAgeSeconds: z.number(),
  vendor: text.exactOptional(),
  audience: text.exactOptional(),
  expires: z.number().exactOptional(),
  zones: texts.exactOptional(),
  provenance: provenance.exactOptional(),
});
export const fileList = z.strictObject({
  name: text,
  vendor: text,
  model: text,
  files: z.array(z.tuple([text, texts])),
  excludes: texts,
});
export const trustedCrl = z.strictObject({ name: text, sha256: text, der: text.exactOptional() });
