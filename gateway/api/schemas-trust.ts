import { z } from 'zod';
import { attestationStatuses } from '../model/axes.ts';
import { anchorUses } from '../model/trust.ts';
import { constraintsShape, limitsShape, revocationShape, verifierLimitsShape } from '../policy/anchor-shapes.ts';
import { reasonBody } from './schemas.ts';

export { reasonBody };

/** What is asked and answered about trust anchors. */
const reason = reasonBody.shape.reason;
const millis = z.int().min(0).max(8.64e15);

export const stageAnchorBody = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]{0,63}$/, { error: 'lower-case letters, digits and hyphens' })
    .describe('How people call it; unique'),
  pem: z.string().max(20_000).describe('One CA certificate in PEM'),
  source: z.string().min(3).max(500).describe('Where it came from'),
  note: z.string().max(1000).exactOptional().describe('How its fingerprint was checked'),
  limits: limitsShape.default({}).describe('What it is limited to, as in policies/anchors'),
  reason,
});
export const stageVerifierBody = z.strictObject({
  ...stageAnchorBody.omit({ pem: true, limits: true }).shape,
  pem: z.string().max(4_000).describe('Its public key in PEM'),
  limits: verifierLimitsShape.describe('How far its word goes, as in policies/anchors'),
});
export type StageVerifierBody = z.output<typeof stageVerifierBody>;
export type StageAnchorBody = z.output<typeof stageAnchorBody>;
export const approveAnchorBody = z.strictObject({
  newlyAdmits: z.int().min(0).describe('How many devices the preview said that it would newly admit; refused when it is more by now'),
  reason,
});
export const expireAnchorBody = z.strictObject({ at: millis.exactOptional().describe('Milliseconds since 1970; absent: now'), reason });

const said = z.object({ by: z.string(), at: millis, reason: z.string() });
const shownAnchor = z.object({
  name: z.string(),
  sha256: z.string(),
  subject: z.string(),
  uses: z.array(z.enum([...anchorUses, 'verifier'])),
  vendor: z.string().optional(),
  model: z.string().optional(),
  expires: millis.optional(),
  zones: z.array(z.string()).optional(),
  constraints: constraintsShape.optional(),
  revocation: revocationShape.optional(),
  provenance: z
    .object({
      source: z.string(),
      by: z.string(),
      when: z.string(),
      note: z.string().optional(),
      approvedBy: z.string().optional(),
      file: z.string().optional(),
    })
    .optional(),
  state: z.enum(['staged', 'in-force']),
  from: z.enum(['file', 'people']),
  staged: said.optional(),
  approved: said.optional(),
  devices: z.int().describe('Devices that have proved by it who they are, as they stand now'),
  deviceIds: z.array(z.string()).describe('Ids of some of them'),
});
export const trustState = z.object({ anchors: z.array(shownAnchor) });
export const anchorPreview = z.object({
  newlyAdmitted: z.array(z.string()).describe('Ids of devices that it would newly admit'),
  judged: z.int().describe('Devices whose last Evidence was judged anew'),
  untold: z.int().describe('Devices of which that cannot be told'),
  notLetAttest: z.int().optional().describe('Devices whose tokens or measurements would count only if it were for attestation keys too'),
});
const listOfFiles = { name: z.string().describe('Where it stands'), vendor: z.string(), model: z.string(), excludes: z.array(z.string()) };
export const enrolledKeys = z.object({
  keys: z.array(
    z.object({
      device: z.string(),
      instance: z.string().describe('Under what the device goes by itself, hex'),
      ak: z.string().describe('SHA-256 of the public area of its attestation key'),
      ek: z.string().describe('SHA-256 of the key of its TPM'),
      certificates: z.int().describe('Certificates that vouch for its TPM'),
      at: millis,
      status: z.enum(attestationStatuses).describe('What the device proves now'),
    }),
  ),
});
export const fileLists = z.object({
  lists: z.array(
    z.object({
      ...listOfFiles,
      state: z.enum(['in-force']),
      files: z.int().describe('Entries'),
      judged: z.int().describe('Devices that it judges now'),
      odd: z.int().describe('Those of them that ran what it does not list'),
    }),
  ),
});
export const fileListDetail = z.object({ ...listOfFiles, files: z.array(z.tuple([z.string(), z.array(z.string())])) });
export const staged = z.object({ ok: z.literal(true), sha256: z.string(), subject: z.string() });
