import type { Admission, AttestationStatus, Assurance, Enforcement } from '../../gateway/model/axes.ts';
import type { ReasonCode } from '../../gateway/model/reason.ts';
import type { Role } from './hosts/host.ts';

/** What the page, the CLI and the wire must show of a host. `assurance` and `expected` are asserted only where they are given. */
export type Expectation = {
  readonly attestation: AttestationStatus;
  readonly assurance?: Assurance;
  readonly expected?: boolean;
  readonly admission?: Admission;
  readonly enforcement: Enforcement;
  readonly reason: ReasonCode;
  readonly rule?: string;
};

/** One host of the demo warehouse: how it is plugged in, what it plays, and what must come of it. */
export type Row = {
  readonly name: string;
  readonly title: string;
  readonly port: string;
  readonly mac: string;
  /** CIDR of a host that sets its own address; the others ask by DHCP and get `lease`. */
  readonly ip?: string;
  readonly lease?: string;
  readonly role: Role;
  readonly credential?: 'good' | 'tampered' | 'elsewhere' | 'page';
  readonly expect: Expectation;
  /** A person lets it in at last; absent: nobody does, or nobody needs to. */
  readonly approved?: true;
};

export const rows: readonly Row[] = [
  {
    name: 'sensor',
    title: 'sensor, good',
    port: 'v1',
    mac: '00:1b:c5:00:00:01',
    lease: '10.20.100.1',
    role: 'sensor',
    credential: 'good',
    expect: {
      attestation: 'affirming',
      assurance: 5,
      expected: true,
      admission: 'admitted',
      enforcement: 'open',
      reason: 'SIGNED_AND_EXPECTED',
      rule: 'signed-and-expected',
    },
  },
  {
    name: 'tampered',
    title: 'sensor, tampered',
    port: 'v2',
    mac: '00:1b:c5:00:00:02',
    lease: '10.20.100.2',
    role: 'sensor',
    credential: 'tampered',
    expect: { attestation: 'contraindicated', admission: 'denied', enforcement: 'quarantined', reason: 'DIGEST_UNKNOWN' },
  },
  {
    name: 'elsewhere',
    title: 'sensor, genuine but bought elsewhere',
    port: 'v3',
    mac: '00:1b:c5:00:00:03',
    lease: '10.20.100.3',
    role: 'sensor',
    credential: 'elsewhere',
    expect: { attestation: 'affirming', expected: false, admission: 'pending', enforcement: 'held', reason: 'NOT_EXPECTED' },
    approved: true,
  },
  {
    name: 'plc',
    title: 'legacy PLC',
    port: 'v4',
    mac: '00:80:f4:00:00:04',
    ip: '10.20.4.4/16',
    role: 'plc',
    expect: { attestation: 'none', admission: 'pending', enforcement: 'held', reason: 'CANNOT_ATTEST' },
    approved: true,
  },
  {
    name: 'printer',
    title: 'printer',
    port: 'v5',
    mac: '00:07:4d:00:00:05',
    lease: '10.20.100.5',
    role: 'printer',
    credential: 'page',
    expect: { attestation: 'none', admission: 'pending', enforcement: 'held', reason: 'NO_EVIDENCE' },
    approved: true,
  },
  {
    name: 'camera',
    title: 'camera nobody asked for',
    port: 'v6',
    mac: '44:19:b6:00:00:06',
    lease: '10.20.100.6',
    role: 'camera',
    expect: {
      attestation: 'none',
      admission: 'denied',
      enforcement: 'quarantined',
      reason: 'POLICY_DENY',
      rule: 'cameras-nobody-asked-for',
    },
    approved: true,
  },
  {
    name: 'clone',
    title: "clone of the good sensor's MAC",
    port: 'v7',
    mac: '00:1b:c5:00:00:01',
    ip: '10.20.7.7/16',
    role: 'quiet',
    expect: { attestation: 'none', enforcement: 'dropped', reason: 'MAC_CLONED' },
  },
  {
    name: 'stealth',
    title: 'stealth host',
    port: 'v8',
    mac: 'b8:27:eb:00:00:08',
    ip: '10.20.8.8/16',
    role: 'quiet',
    expect: { attestation: 'none', admission: 'pending', enforcement: 'held', reason: 'STEALTH_DEVICE' },
  },
];

/** The host that tries to get out of its lane; held like any unknown device. */
export const hostile: Row = {
  name: 'hostile',
  title: 'hostile host',
  port: 'v9',
  mac: '00:e0:4c:00:00:09',
  ip: '10.20.9.9/16',
  role: 'quiet',
  expect: { attestation: 'none', admission: 'pending', enforcement: 'held', reason: 'CANNOT_ATTEST' },
};
