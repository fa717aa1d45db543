import { hex } from '../codec/address.ts';
import { berObjectId } from '../codec/snmp.ts';
import { switchCaps } from '../model/switch.ts';
import { type Template, template } from './template.ts';

/** One object of a switch that is read: a scalar or a column. `rows`: the most that are kept. */
export type SwitchObject = {
  readonly name: string;
  readonly oid: readonly number[];
  readonly value: 'number' | 'octets';
  readonly rows: number;
};

const mib2 = [1, 3, 6, 1, 2, 1];
const lldp = [1, 0, 8802, 1, 1, 2, 1];
const bridge = [...mib2, 17];
const { ports, entries, neighbours } = switchCaps;
const vlans = 4096;

/** Everything that a switch is asked, in this order: RFC 3418 (system), RFC 2863 (interfaces), RFC 4188 (bridge), RFC 4363 (Q-BRIDGE), IEEE 802.1AB (LLDP). */
export const switchObjects = [
  { name: 'sysDescr', oid: [...mib2, 1, 1], value: 'octets', rows: 1 },
  { name: 'sysName', oid: [...mib2, 1, 5], value: 'octets', rows: 1 },
  { name: 'ifName', oid: [...mib2, 31, 1, 1, 1, 1], value: 'octets', rows: ports },
  { name: 'ifDescr', oid: [...mib2, 2, 2, 1, 2], value: 'octets', rows: ports },
  { name: 'ifAlias', oid: [...mib2, 31, 1, 1, 1, 18], value: 'octets', rows: ports },
  { name: 'dot1dBaseBridgeAddress', oid: [...bridge, 1, 1], value: 'octets', rows: 1 },
  { name: 'dot1dBasePortIfIndex', oid: [...bridge, 1, 4, 1, 2], value: 'number', rows: ports },
  { name: 'dot1qTpFdbPort', oid: [...bridge, 7, 1, 2, 2, 1, 2], value: 'number', rows: entries },
  { name: 'dot1qTpFdbStatus', oid: [...bridge, 7, 1, 2, 2, 1, 3], value: 'number', rows: entries },
  { name: 'dot1qVlanFdbId', oid: [...bridge, 7, 1, 4, 2, 1, 3], value: 'number', rows: vlans },
  { name: 'dot1dTpFdbPort', oid: [...bridge, 4, 3, 1, 2], value: 'number', rows: entries },
  { name: 'dot1dTpFdbStatus', oid: [...bridge, 4, 3, 1, 3], value: 'number', rows: entries },
  { name: 'lldpLocChassisIdSubtype', oid: [...lldp, 3, 1], value: 'number', rows: 1 },
  { name: 'lldpLocChassisId', oid: [...lldp, 3, 2], value: 'octets', rows: 1 },
  { name: 'lldpLocPortId', oid: [...lldp, 3, 7, 1, 3], value: 'octets', rows: ports },
  { name: 'lldpRemChassisIdSubtype', oid: [...lldp, 4, 1, 1, 4], value: 'number', rows: neighbours },
  { name: 'lldpRemChassisId', oid: [...lldp, 4, 1, 1, 5], value: 'octets', rows: neighbours },
  { name: 'lldpRemSysName', oid: [...lldp, 4, 1, 1, 9], value: 'octets', rows: neighbours },
  { name: 'lldpRemSysCapEnabled', oid: [...lldp, 4, 1, 1, 12], value: 'octets', rows: neighbours },
] as const satisfies readonly SwitchObject[];
export type SwitchObjectName = (typeof switchObjects)[number]['name'];

/** A question inside its message: GetNext with no, GetBulk with some repetitions, of one object and a place in it. No other PDU exists here. */
const pduText = (type: 'a1' | 'a5', { oid }: SwitchObject): string =>
  `${type} 82 <pduLength:2> 02 04 <requestId:4> 02 01 00 02 01 ${type === 'a1' ? '00' : '<repetitions:1>'}
   30 82 <listLength:2> 30 82 <variableLength:2> 06 <nameLength:1> ${hex(berObjectId(oid))} <index:0-60> 05 00`;

/** What may leave to a switch inside of its version's message, for each object. */
export const pduTemplates: readonly Template[] = switchObjects.flatMap(object => [
  template(`GetNext ${object.name}`, pduText('a1', object)),
  template(`GetBulk ${object.name}`, pduText('a5', object)),
]);
