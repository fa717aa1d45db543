import type { Device } from '../model/device.ts';

/** Fields that a device says itself. */
export type SaidField = Exclude<keyof Device['fields'], 'vendor' | 'kind' | 'location'>;

/**
 * Which protocol is believed over which, for what a device says of itself; the higher level wins, within one the newer word.
 * 3 proved: Evidence stands apart (AttestationResult) and is shown before any of these.
 * 2 identity: protocols whose purpose is to read out the type plate.
 * 1 announcements: what it tells everybody by itself.
 * 0 descriptions: free text for people, headers of web pages and the like.
 * The registry's vendor and the fingerprints' kind are fields of their own: nothing here replaces them.
 */
const identity: ReadonlySet<string> = new Set([
  ...[
    'ethernet-ip',
    'enip',
    'cip',
    'modbus',
    'umas',
    's7comm',
    's7comm-plus',
    'profinet',
    'profinet-dcp',
    'profinet-io',
    'bacnet',
    'bacnet-ethernet',
  ],
  ...['opc-ua', 'opcua', 'ethercat', 'knxnet-ip', 'knxnetip', 'hart-ip', 'fins', 'omron-fins', 'ads', 'beckhoff-ads', 'fox', 'niagara-fox'],
  ...['codesys', 'gvcp', 'zebra', 'melsec', 'dnp3', 'iec-104', 'mms', 'matter', 'onvif'],
]);
const descriptions: ReadonlySet<string> = new Set([
  'http',
  'rtsp',
  'sip',
  'ssh',
  'tls',
  'mqtt',
  'coap',
  'radius',
  'syslog',
  'dns',
  'ntp',
  'cldap',
  'sql-browser',
  'iscsi',
  'rtps',
  'vtp',
  'dtp',
  'activity',
]);

/** Where a protocol stands otherwise for one field: NetBIOS cuts names at 15 characters, a certificate's or a web page's words name software. */
const exceptions: { readonly [name in SaidField]?: Readonly<Record<string, number>> } = {
  hostname: { nbns: 0, nbss: 0, smtp: 0, llmnr: 0, modbus: 0 },
  description: { snmp: 2, lldp: 2, cdp: 2, http: 0 },
  model: { snmp: 0, dhcpv4: 0 },
  maker: { snmp: 0, dhcpv4: 0 },
  firmware: { snmp: 0, dhcpv4: 0 },
  deviceKind: { lldp: 2, cdp: 2 },
};

const levelOf = (field: SaidField, source: string): number =>
  exceptions[field]?.[source] ?? (identity.has(source) ? 2 : descriptions.has(source) ? 0 : 1);

/** True iff what `source` says of this field takes the place of what `old` said. */
export const isTrustedOver = (field: SaidField, source: string, old: string): boolean => levelOf(field, source) >= levelOf(field, old);
