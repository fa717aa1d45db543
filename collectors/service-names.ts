/**
 * Names of TCP ports whose use is known, as registered with IANA (service names and transport protocol port numbers); S7 has none of its
 * own and shares the port of ISO-on-TCP (RFC 1006).
 */
const tcpServiceNames = {
  21: 'ftp',
  22: 'ssh',
  23: 'telnet',
  25: 'smtp',
  53: 'domain',
  80: 'http',
  102: 's7comm',
  110: 'pop3',
  135: 'epmap',
  139: 'netbios-ssn',
  143: 'imap',
  389: 'ldap',
  443: 'https',
  445: 'microsoft-ds',
  502: 'modbus',
  515: 'printer',
  554: 'rtsp',
  631: 'ipp',
  789: 'red-lion',
  802: 'modbus-secure',
  1433: 'ms-sql-s',
  1883: 'mqtt',
  1911: 'niagara-fox',
  2404: 'iec-104',
  3306: 'mysql',
  3389: 'ms-wbt-server',
  4840: 'opc-ua',
  4843: 'opcua-tls',
  5222: 'xmpp-client',
  5269: 'xmpp-server',
  5432: 'postgresql',
  5900: 'rfb',
  8080: 'http-alt',
  8443: 'https-alt',
  8883: 'secure-mqtt',
  9100: 'pdl-datastream',
  20000: 'dnp3',
  44818: 'ethernet-ip',
} as const;

const names = new Map<number, string>(Object.entries(tcpServiceNames).map(([port, name]) => [Number(port), name]));
const places = new Uint8Array(65_536);
[...names.keys()].forEach((port, i) => {
  places[port] = i + 1;
});

/** 1-based place of a port in the table, 0 when its use is not known. Called for every TCP frame. */
export const tcpPortPlace = (port: number): number => places[port] ?? 0;

export const tcpServiceName = (port: number): string | undefined => names.get(port);
