import { z } from 'zod';
import { anchorUses, directoryTypes } from '../../model/trust.ts';

/** The shapes of anchors, listed keys and CRLs on their way to the challenger (`TrustMaterial`). */
const text = z.string();
const texts = z.array(text);
const subtree = z.union([
  z.object({ dns: text }),
  z.object({ email: text }),
  z.object({ uri: text }),
  z.object({ ip: text }),
  z.object({ directory: z.array(z.object({ type: z.enum(directoryTypes), value: text })) }),
]);
const constraints = z.object({
  pathLength: z.number().exactOptional(),
  purposes: texts.exactOptional(),
  permitted: z.array(subtree).exactOptional(),
  excluded: z.array(subtree).exactOptional(),
});
const provenance = z.object({
  source: text,
  by: text,
  when: text,
  note: text.exactOptional(),
  approvedBy: text.exactOptional(),
  file: text.exactOptional(),
});

export const anchor = z.object({
  name: text,
  certificate: text,
  uses: z.array(z.enum(anchorUses)).exactOptional(),
  vendor: text.exactOptional(),
  expires: z.number().exactOptional(),
  zones: texts.exactOptional(),
  constraints: constraints.exactOptional(),
  revocation: z.object({ whenUnknown: z.enum(['refuse', 'tell']), hosts: texts, crl: texts, ocsp: z.boolean() }).exactOptional(),
  provenance: provenance.exactOptional(),
});
export const listedKey = z.object({ instance: text, spki: text, vendor: text.exactOptional(), model: text.exactOptional() });
export const trustedCrl = z.object({ name: text, sha256: text, der: text.exactOptional() });
