import { describe, expect, it } from 'vitest';
import { probes } from '../../gateway/probing/index.ts';
import type { ProbeName } from '../../gateway/model/probe.ts';
import { type Template, template } from '../../gateway/probing/template.ts';

/** What a template always says at a place, before its first hole of varying length; undefined inside a hole. */
function byteAt({ parts }: Template, offset: number): number | undefined {
  let at = 0;
  for (const part of parts) {
    const length = 'hole' in part ? part.min : part.length;
    if (offset < at + length) return 'hole' in part ? undefined : part[offset - at];
    if ('hole' in part && part.min !== part.max) return undefined;
    at += length;
  }
  return undefined;
}
const fixed = ({ parts }: Template): string => parts.map(part => ('hole' in part ? '.' : Buffer.from(part).toString('hex'))).join('');

/**
 * Why a template of a probe could change something; undefined when it only reads. Each protocol says in one byte what is asked of the device, and
 * that byte must stand fixed in the template: a hole there could be filled with anything.
 */
function writes(name: ProbeName, one: Template): string | undefined {
  const only = (offset: number, allowed: readonly number[]): string | undefined => {
    const byte = byteAt(one, offset);
    if (byte === undefined) return `byte ${offset} is a hole`;
    return allowed.includes(byte) ? undefined : `byte ${offset} is ${byte.toString(16)}`;
  };
  const starts = (pattern: RegExp): string | undefined => (pattern.test(fixed(one)) ? undefined : `it does not begin as ${pattern.source}`);
  const has = (pattern: RegExp): string | undefined => (pattern.test(fixed(one)) ? undefined : `it has no ${pattern.source}`);
  switch (name) {
    case 'arp-sweep':
      return only(21, [1]); // RFC 826: request
    case 'icmpv6-all-nodes':
      return only(20, [58]) ?? only(54, [128]); // RFC 4443 §4.1: echo request
    case 'mdns-query':
      return only(2, [0]); // RFC 1035 §4.1.1: QR and OPCODE 0, query
    case 'ssdp-search':
      return starts(/^4d2d534541524348202a20/); // M-SEARCH *
    case 'wsd-probe':
      return has(/2f646973636f766572792f50726f6265/); // …/discovery/Probe
    case 'nbstat':
      return only(2, [0]); // RFC 1002 §4.2.1.1: OPCODE 0, query
    case 'enip-list-identity':
      return only(0, [0x63]) ?? only(1, [0]); // ListIdentity, little-endian
    case 'dcp-identify':
      return only(16, [5]) ?? only(17, [0]); // FrameID fefe, ServiceID 5 Identify, ServiceType 0 request
    case 'bacnet-who-is':
      return has(/1008/); // ASHRAE 135 §20.1.3: unconfirmed request, Who-Is
    case 'modbus-device-id':
      return only(7, [0x2b]) ?? only(8, [0x0e]); // V1.1b3 §6.21
    case 's7-szl': {
      // COTP connect; S7 job f0 (set up communication) or user data 07 with function group 4 (CPU), subfunction 1 (read SZL).
      if (byteAt(one, 5) === 0xe0) return undefined;
      const rosctr = byteAt(one, 8);
      if (rosctr === 1) return only(17, [0xf0]);
      return rosctr === 7 ? (only(22, [0x44]) ?? only(23, [1])) : `ROSCTR is ${rosctr}`;
    }
    case 'opcua-endpoints':
      return starts(/^(48454c|4f504e|4d5347|434c4f)46/); // Hello, OpenSecureChannel, Message, CloseSecureChannel; the services below
    case 'snmp-get':
      return /a3/.test(fixed(one)) ? 'it could be a SetRequest' : has(/a[01]/);
    case 'tls-hello':
      return starts(/^(1603|15)/); // handshake, or the closing alert
    case 'http-head':
      return starts(/^48454144202f20485454502f/); // HEAD / HTTP/
    case 'switch-tables':
      return /a3/.test(fixed(one)) ? 'it could be a SetRequest' : undefined;
  }
}

describe('no probe has bytes that write', () => {
  const all = probes.flatMap(one => one.templates.map(each => [one.name, each] as const));
  it.each(all.map(([name, one]) => [name, one.name, one] as const))('%s: %s', (name, _, one) => expect(writes(name, one)).toBeUndefined());

  it('OPC UA messages are GetEndpoints only', () => {
    const messages = all.filter(([name, one]) => name === 'opcua-endpoints' && fixed(one).startsWith('4d534746'));
    expect(messages.length).toBeGreaterThan(0);
    for (const [, one] of messages) expect(fixed(one)).toMatch(/0100ac01/); // NodeId ns=0, i=428: GetEndpointsRequest
  });

  const planted: readonly (readonly [ProbeName, string])[] = [
    ...[5, 6, 15, 16, 22, 23].map(
      code => ['modbus-device-id', `0001 0000 0006 ff ${code.toString(16).padStart(2, '0')} 00000001`] as const,
    ),
    ['modbus-device-id', '0001 0000 0006 ff <function:1> 0e0100'],
    ['s7-szl', '03000019 02f080 32 01 0000 0001 0008 0000 05 0112040b1d'],
    ['s7-szl', '03000019 02f080 32 01 0000 0001 0008 0000 28 0000000000'],
    ['s7-szl', '03000019 02f080 32 01 0000 0001 0008 0000 29 0000000000'],
    ['dcp-identify', '010ecf000000 020000000001 8892 fefd 04 00 00000001 0000 0000'],
    ['bacnet-who-is', '810a0011 0104 0005 010f 0c'],
    ['snmp-get', '302902010104067075626c6963a31c0201'],
    ['enip-list-identity', '6f00 0000'],
    ['http-head', '50555420 2f 20 48545450 2f'],
    ['http-head', '504f5354 20 2f 20 48545450 2f'],
  ];
  it.each(planted)('and a planted write in %s is found: %s', (name, text) => expect(writes(name, template('planted', text))).toBeDefined());
});
