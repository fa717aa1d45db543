import { z } from 'zod';
import { channelNames, maxChannels } from '../../model/settings.ts';
import { anchorUses } from '../../model/trust.ts';

/** The shapes of what the gateway tells the challenger (`ToChallenger`). The gateway is trusted more; this catches versions that differ. */
const text = z.string();
const digest = z.object({ version: text, alg: text, digest: text });
const component = z.object({
  name: text,
  layer: z.number().exactOptional(),
  key: text.exactOptional(),
  signer: text.exactOptional(),
  minSvn: text.exactOptional(),
  versions: z.array(digest),
});
const referenceSet = z.object({
  id: text,
  vendor: text,
  model: text,
  minSvn: text.exactOptional(),
  anchors: z.array(text).exactOptional(),
  components: z.array(component),
});
const anchor = z.object({ name: text, certificate: text, uses: z.array(z.enum(anchorUses)).exactOptional() });
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
const listedKey = z.object({ instance: text, spki: text, vendor: text.exactOptional(), model: text.exactOptional() });
const trust = z.object({
  anchors: z.array(anchor),
  referenceSets: z.array(referenceSet),
  keys: z.array(listedKey).exactOptional(),
  matter: matter.exactOptional(),
});
const port = z.number().int().min(0).max(65535);
const channel = z.object({ channel: z.enum(channelNames), port, path: text.exactOptional() });
/** Where a TPM stood; from the gateway, to which the challenger told it before. */
export const quoteState = z.object({
  ak: text,
  clock: text,
  resetCount: z.number(),
  restartCount: z.number(),
  since: z.enum(['first', 'running', 'resumed', 'rebooted']),
  ima: z.object({ bank: text, value: text, entries: z.number(), policy: text.exactOptional() }).exactOptional(),
});

export const order = z.discriminatedUnion('type', [
  z.object({ type: z.literal('trust'), trust }),
  z.object({
    type: z.literal('challenge'),
    challenge: z.object({
      id: text,
      mac: text,
      ip: text,
      channels: z.array(channel).max(maxChannels),
      quote: quoteState.exactOptional(),
    }),
    localAddress: text,
    localPorts: z.array(port).max(maxChannels),
    evidenceTtlSeconds: z.number(),
    now: z.number(),
  }),
]);

export type Order = z.infer<typeof order>;
export type ChallengeOrder = Extract<Order, { readonly type: 'challenge' }>;
