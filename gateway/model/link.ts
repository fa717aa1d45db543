import type { DeviceId, Millis } from './address.ts';

/**
 * What a record says that tells one device from others. `identifier` facts go by their scheme; `mac` is one registered address in several
 * VLANs of a port, `ethercat-twin` the address with the local bit that EtherCAT gives its frames on their way back; `serial` only parts.
 */
export const signNames = [
  'device-key',
  'cip-serial',
  's7-serial',
  'bacnet-device',
  'profinet-device',
  'lldp-chassis',
  'snmp-engine-id',
  'knx-serial',
  'mac',
  'ethercat-twin',
  'duid',
  'dhcp-client-id',
  'hostname',
  'uuid',
  'tls-key',
  'ssh-host-key',
  'mqtt-client-id',
  'opcua-application-uri',
  'ams-net-id',
  'niagara-host',
  'matter-instance',
  'ptp-clock',
  'cdp-device-id',
  'serial',
] as const;
export type SignName = (typeof signNames)[number];

/** One thing that two records say alike, or (when it is why they were parted) unlike. Text of devices is untrusted. */
export type LinkEvidence = {
  readonly sign: SignName;
  readonly value: string;
  /** What the second record says instead; set iff it contradicts. */
  readonly against?: string;
  /** Frames in which the two said it, the first record's first; 0 where no frame did. */
  readonly frames: readonly [number, number];
};

/**
 * Why an interface counts as one of a device: what it says alike with another one. A relation between records and nothing more: no
 * approval, proof or admission passes along it.
 */
export type DeviceLink = {
  readonly a: DeviceId;
  readonly b: DeviceId;
  readonly at: Millis;
  readonly evidence: readonly LinkEvidence[];
  /** 100 is one strong sign or two medium ones; absent for a person's word. */
  readonly score?: number;
  /** Who linked them by hand; absent when the machine did. */
  readonly by?: string;
  readonly reason?: string;
};

/** The records that count as one device. `id`: that of the oldest. */
export type DeviceGroup = { readonly id: DeviceId; readonly members: readonly DeviceId[]; readonly links: readonly DeviceLink[] };
