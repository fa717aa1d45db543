import { hex } from '../codec/address.ts';
import { communityMessage, readSnmp, snmpVersions } from '../codec/snmp.ts';
import { pduTemplates } from './switch-objects.ts';
import type { SnmpDoor } from './switch-walk.ts';
import { type Template, template } from './template.ts';

/** SNMP of version 1 or 2c: a community, in the clear, and nothing that protects what comes back. RFC 1157, RFC 1901. */
export function communityDoor(version: '1' | '2c', community: string): SnmpDoor & { readonly templates: readonly Template[] } {
  const name = version === '1' ? 'v1' : 'v2c';
  const secret = new TextEncoder().encode(community);
  const head = template(
    name,
    `30 82 <messageLength:2> 02 01 ${hex(Uint8Array.of(snmpVersions[name]))} 04 ${hex(Uint8Array.of(secret.length))} ${hex(secret)}`,
  );
  return {
    hasBulk: version === '2c',
    seal: pdu => communityMessage(name, secret, pdu),
    open: message => {
      const { version: theirs, pdu } = readSnmp(message);
      return theirs === snmpVersions[name] ? pdu : 'foreign';
    },
    templates: pduTemplates.map(({ name: what, parts }) => ({ name: what, parts: [...head.parts, ...parts] })),
  };
}
