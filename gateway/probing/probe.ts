import type { OwnIp6 } from '../codec/ip6.ts';
import type { Ip, Mac, Millis } from '../model/address.ts';
import type { ProbeName } from '../model/probe.ts';
import type { Template } from './template.ts';

/** What a probe may know. `nonce` gives fresh bytes for transaction ids; the edge draws them. */
export type ProbeContext = {
  readonly own: { readonly mac: Mac; readonly ip: Ip; readonly prefix: string; readonly ip6?: readonly OwnIp6[] };
  readonly target?: { readonly mac: Mac; readonly ip: Ip; readonly service: number };
  readonly nonce: Uint8Array;
  /** For protocols in which a question says when it was asked. */
  readonly now: Millis;
  /** IPv4 prefix that a person named to be swept, in place of our own; at most a /20. */
  readonly sweep?: string;
};

/** Length of `ProbeContext.nonce`. Bytes. */
export const nonceBytes = 16;

/** An IPv4 group, dotted quad. */
type Group = `${number}.${number}.${number}.${number}`;

/**
 * How the bytes travel. `frame`: whole Ethernet frames by the bridge; `udp` to the device or to a group or broadcast address; `tcp`: one connection,
 * closed in full at the end. `device` stands for the target's address, `subnet` for the broadcast address of our prefix; a port of `service` is the
 * target's, where it was seen to serve. `localPort`: where the question leaves from and the answers come to, for protocols whose answers may leave
 * from any port; without it the kernel draws one.
 */
export type Medium =
  | { readonly kind: 'frame' }
  | { readonly kind: 'udp'; readonly to: 'device' | 'subnet' | Group; readonly port: number | 'service'; readonly localPort?: number }
  | { readonly kind: 'tcp'; readonly port: number | 'service' };

/** The end of a probe. `parting`: messages that take leave in the protocol's own way; no answer to them is awaited before the connection is closed. */
export type Done = {
  readonly kind: 'done';
  readonly how: 'answered' | 'refused';
  readonly detail: string;
  readonly parting?: readonly Uint8Array[];
};

/** What a probe wants next. `send`: these messages one after the other, then what comes in; `wait`: more bytes are needed; `done`: close. */
export type Step<S> =
  | { readonly kind: 'send'; readonly messages: readonly Uint8Array[]; readonly state: S }
  | { readonly kind: 'wait'; readonly state: S }
  | Done;

/**
 * A question in a protocol: a pure step machine over reviewed templates. It reads of an answer no more than it needs to go on: the identity in it is
 * read by the collectors, from the wire. `next` throws nothing: bytes that it does not understand are `done` as `refused`.
 */
export type Probe<S> = {
  readonly name: ProbeName;
  readonly spec: string;
  /** `broadcast`: everybody who hears it answers; `device`: one that already spoke the protocol. */
  readonly reach: 'broadcast' | 'device';
  readonly medium: Medium;
  /** All that may ever leave, message by message. */
  readonly templates: readonly Template[];
  /** How long it waits for answers after what it sent last. Milliseconds. */
  readonly waitMs: number;
  /** A device seen to serve one of these may be asked; `tcp/502`, `udp/161`, or a collector's name. Empty for broadcast. */
  readonly proofs: readonly string[];
  readonly begin: (context: ProbeContext) => Step<S>;
  /**
   * TCP: everything that came since the last `send`, at most 64 KiB, again with each arrival. UDP and frames: one datagram or frame. Broadcast probes
   * hear nothing: their answers are the sensor's, they end by time.
   */
  readonly next: (state: S, bytes: Uint8Array) => Step<S>;
};

/** A step of a probe under way, its state kept inside: what the list holds and the edge runs. */
export type Asking =
  | { readonly kind: 'send'; readonly messages: readonly Uint8Array[]; readonly next: (bytes: Uint8Array) => Asking }
  | { readonly kind: 'wait'; readonly next: (bytes: Uint8Array) => Asking }
  | Done;

/** What a broadcast probe does with what it hears: nothing. */
export const listens = <S>(state: S): Step<S> => ({ kind: 'wait', state });

/** A probe as it stands in the list. */
export type ListedProbe = Omit<Probe<never>, 'begin' | 'next'> & { readonly begin: (context: ProbeContext) => Asking };

/** Makes a probe fit for the list, whatever its state is. */
export function probe<S>({ begin, next, ...rest }: Probe<S>): ListedProbe {
  const asking = (step: Step<S>): Asking => {
    if (step.kind === 'done') return step;
    const onward = (bytes: Uint8Array): Asking => asking(next(step.state, bytes));
    return step.kind === 'send' ? { kind: 'send', messages: step.messages, next: onward } : { kind: 'wait', next: onward };
  };
  return { ...rest, begin: context => asking(begin(context)) };
}
