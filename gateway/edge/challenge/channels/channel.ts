import type { Ip, Millis } from '../../../model/address.ts';
import type { Evidence, QuoteState, TransportFailure } from '../../../model/attestation.ts';
import type { ChannelName } from '../../../model/settings.ts';
import type { Freshness } from '../../../attestation/scheme.ts';
import type { QuoteContext } from '../../../attestation/tpm/context.ts';
import type { ShownAk } from '../../../attestation/tpm/file-list.ts';
import type { Share } from '../answer-room.ts';
import type { Nonce } from '../nonce.ts';

/** Where to ask, and from where: the lane of the reply is open for exactly this pair. */
export type Target = {
  /** A link-local one has its zone, `fe80::1%br0`; so has `localAddress` then. */
  readonly ip: Ip;
  readonly remotePort: number;
  /** The resource, where the way has one to choose; absent: the usual one. */
  readonly path?: string;
  readonly localAddress?: Ip;
  readonly localPort?: number;
  /** Makes the nonce of this one question. `exporter`: keying material of the connection it leaves by, to which it is then bound (RFC 5705). */
  readonly nonce: (exporter?: Uint8Array) => Nonce;
  /** PCRs that reference values speak of: a quote should have them. */
  readonly pcrs?: readonly number[];
  /** Where its TPM stood at the last authentic quote. */
  readonly previous?: QuoteState;
  /** Some reference values judge by events: then the firmware's log is wanted, where it must be asked for. */
  readonly bootLog?: boolean;
  /** Where long answers wait for room beside those of others; absent: nobody else asks. */
  readonly share?: Share;
  /** From which entry on the list of files that it ran is wanted of whoever shows this key; undefined: not at all. */
  readonly filesFrom?: (ak: ShownAk) => number | undefined;
};

/** Host and port as URLs and HTTP's Host name them: IPv6 in brackets (RFC 3986 §3.2.2), and without its zone, which means nothing to the device (RFC 6874 §4). */
export const authority = ({ ip, remotePort }: Pick<Target, 'ip' | 'remotePort'>): string =>
  ip.includes(':') ? `[${ip.replace(/%.*$/, '')}]:${remotePort}` : `${ip}:${remotePort}`;

/** What a question gave. The Evidence is untrusted, and `quote` is what a quote is to be judged with besides. */
export type Exchange =
  | {
      readonly kind: 'answered';
      readonly evidence: Evidence;
      readonly freshness: Freshness;
      readonly quote?: QuoteContext;
      /** The OCSP response that came in the handshake (RFC 6066 §8), DER, untrusted. */
      readonly staple?: Uint8Array;
    }
  | { readonly kind: 'failed'; readonly failure: TransportFailure; readonly detail: string };
export type Failed = Extract<Exchange, { readonly kind: 'failed' }>;

/**
 * One way to ask a device for Evidence: connects to the target and nowhere else, gives up after `left`, and takes no more bytes than it says
 * beside its cap. Never rejects for anything that a device does.
 */
export type Channel = {
  readonly name: ChannelName;
  /** How long a device may need; absent: `usualPatience`. At most `mostPatience`. */
  readonly patience?: Millis;
  readonly ask: (target: Target, left: Millis) => Promise<Exchange>;
};

export const usualPatience: Millis = 5_000;
/** A TPM takes seconds to sign. */
export const mostPatience: Millis = 15_000;

export const failed = (failure: TransportFailure, detail: string): Failed => ({ kind: 'failed', failure, detail });
