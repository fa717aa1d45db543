import type { Millis, PortName } from './address.ts';

/** Bytes seen on a port at an instant, untrusted. */
export type Frame = {
  /** 1-based in a capture file; since the sensor's start when live. */
  readonly number: number;
  readonly at: Millis;
  readonly port: PortName;
  /** What was captured; may be shorter than what was on the wire. Valid only during the call that hands it over. */
  readonly bytes: Uint8Array;
  /** Length on the wire in bytes. */
  readonly wireLength: number;
};
