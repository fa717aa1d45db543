import { z } from 'zod';
import { type ReferenceList, type ReferenceRow, referenceStates } from '../model/reference.ts';
import { reason } from './schemas.ts';

/** Schemas of what crosses the API about reference values. Unknown fields are refused. */
const millis = z.int().min(0);
const hex = z.string().regex(/^[0-9a-f]*$/);
const key = z.string().min(1).max(200).describe('Hash and number of the set, as the list shows it');

export const addReferenceBody = z.strictObject({
  file: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,120}\.(?:json|corim|suit)$/)
    .describe('Name of the file; its end says what it is'),
  content: z.base64().min(1).describe('The file, base64'),
  signature: z.base64().max(2048).exactOptional().describe('Detached signature, base64, where the file carries none'),
  reason,
});
/** The longest transition, hours. */
const maxHours = 90 * 24;
export const activateReferenceBody = z.strictObject({
  replaces: z.array(key).max(64).default([]).describe('Sets whose place it takes'),
  hours: z.number().positive().max(maxHours).exactOptional().describe('How long old and new are accepted beside each other'),
  beside: z.literal(true).exactOptional().describe('It takes nobody’s place, though others of its class are in force'),
  reason,
});

const digest = z.object({ alg: z.string(), value: hex });
const row = z.object({
  key,
  set: z.object({
    id: z.string(),
    vendor: z.string(),
    model: z.string(),
    source: z.enum(['corim', 'suit']).exactOptional(),
    signedBy: z.string().exactOptional(),
    notes: z.array(z.string()).exactOptional().describe('What stands in the file besides, and is not used'),
    sequence: z.number().exactOptional(),
    notBefore: millis.exactOptional(),
    notAfter: millis.exactOptional(),
    components: z.number(),
  }),
  state: z.enum(referenceStates),
  at: millis,
  by: z.string(),
  reason: z.string(),
  until: millis.exactOptional().describe('Of a superseded one: accepted until then'),
  replacedBy: key.exactOptional(),
  isPresent: z.boolean(),
  versions: z.array(z.string()).describe('Versions that it lists, some of them where there are many'),
  accepted: z.boolean().describe('What it lists is accepted now'),
  devices: z.number().describe('Devices that lean on it now'),
}) satisfies z.ZodType<ReferenceRow>;
export const referenceList = z.object({
  sets: z.array(row),
  baselines: z.array(
    z.object({ device: z.string(), deviceKey: hex, digests: z.array(digest), at: millis, by: z.string(), reason: z.string() }),
  ),
}) satisfies z.ZodType<ReferenceList>;
const flags = z.record(z.string(), z.boolean());
export const referenceDetail = z.object({
  row,
  classId: hex.exactOptional(),
  components: z.array(
    z.object({
      name: z.string(),
      layer: z.number().exactOptional(),
      anyLayer: z.literal(true).exactOptional(),
      index: z.number().exactOptional(),
      key: z.string().exactOptional(),
      type: hex.exactOptional(),
      vendorInfo: hex.exactOptional(),
      vendorInfoMask: hex.exactOptional(),
      flags: flags.exactOptional(),
      signer: hex.exactOptional(),
      minSvn: z.string().exactOptional(),
      svn: z.string().exactOptional(),
      versions: z.array(z.object({ version: z.string(), alg: z.string(), digest: hex })),
    }),
  ),
});
export type ReferenceDetail = z.infer<typeof referenceDetail>;
