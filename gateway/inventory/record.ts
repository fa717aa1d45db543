import type { Millis } from '../model/address.ts';
import type { AttestationState, Device, PersonDecision } from '../model/device.ts';
import type { Enforcement } from '../model/axes.ts';
import type { Decision } from '../model/decision.ts';

/** All that the fold knows of one device. Replaced member by member; what a restart may lose stands in `seen`. */
export type DeviceRecord = {
  device: Device;
  attestation: AttestationState;
  person: PersonDecision | undefined;
  decision: Decision | undefined;
  enforcement: Enforcement;
  /** Counters of the header stage; not journalled. `unicast`: packets to one receiver; absent while no count came. */
  seen: { lastAt: Millis; packets: number; bytes: number; unicast?: number };
};

export const unattested: AttestationState = { status: 'none', assurance: 0, expected: false, checks: [] };

/** Caps of what one device may make us keep. */
export const maxIps = 8;
export const maxHostnames = 8;
export const maxServices = 64;
export const maxProtocols = 64;
export const maxFacts = 96;
export const maxBindings = 32;
