import { mac as macText } from '../codec/address.ts';
import { decodeLine } from '../codec/text.ts';
import { isGroupMac, type Mac, type Vlan } from '../model/address.ts';
import { switchCaps, type SwitchPort, type SwitchTables } from '../model/switch.ts';
import type { Column, Columns } from './switch-walk.ts';

/** dot1qTpFdbStatus, RFC 4363; dot1dTpFdbStatus says the same, RFC 4188. */
const [learned, self, managed] = [3, 4, 5];
/** Longest text that is kept of a switch. Characters. */
const maxName = 64;
/** lldpRemSysCapEnabled, IEEE 802.1AB: bits 2 and 5 of the first byte from its high end. A telephone also bridges, to the computer behind it: that is no switch. */
const [bridgeBit, telephoneBit] = [0x20, 0x04];
const macSubtype = 4;

/** What the columns of a switch say, joined by their indices. Rows that make no sense are left out. */
export function tablesOf(columns: Columns, truncated: readonly string[], skipped: number): SwitchTables {
  const bridgeAddress = macOf(first(columns.dot1dBaseBridgeAddress));
  const forwarded = forwarding(columns);
  const chassis = chassisOf(first(columns.lldpLocChassisIdSubtype), first(columns.lldpLocChassisId)) || (bridgeAddress ?? '');
  const own = new Set(forwarded.own);
  for (const address of [bridgeAddress, chassis])
    if (address !== undefined && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(address)) own.add(address);
  const ports = portsOf(columns);
  return {
    name: textOf(first(columns.sysName)),
    description: textOf(first(columns.sysDescr)),
    chassis,
    own: [...own].slice(0, switchCaps.neighbours),
    ports,
    entries: forwarded.entries,
    neighbours: neighboursOf(columns, ports),
    truncated: [...truncated],
    skipped,
  };
}

function portsOf(columns: Columns): readonly SwitchPort[] {
  return numbers(columns.dot1dBasePortIfIndex).map(([index, ifIndex]) => {
    const name = textOf(columns.ifName?.get(`${ifIndex}`)) || textOf(columns.ifDescr?.get(`${ifIndex}`)) || index;
    const alias = textOf(columns.ifAlias?.get(`${ifIndex}`));
    return { port: Number(index), name, ...(alias === '' ? {} : { alias }) };
  });
}

/** Who is where, and which addresses are the switch's own. The index is the address, with the number of its database before it where there are VLANs. */
function forwarding(columns: Columns): Pick<SwitchTables, 'own' | 'entries'> {
  const isPerVlan = columns.dot1qTpFdbPort !== undefined;
  const [portColumn, statusColumn] = isPerVlan
    ? [columns.dot1qTpFdbPort, columns.dot1qTpFdbStatus]
    : [columns.dot1dTpFdbPort, columns.dot1dTpFdbStatus];
  const vlans = vlanByDatabase(columns.dot1qVlanFdbId);
  const own: Mac[] = [];
  const entries: { mac: Mac; port: number; vlan?: Vlan }[] = [];
  for (const [index, port] of numbers(portColumn)) {
    const parts = index.split('.').map(Number);
    const address = macOfParts(parts.slice(isPerVlan ? 1 : 0));
    if (address === undefined || isGroupMac(address)) continue;
    const status = statusColumn?.get(index) ?? learned;
    const vlan = isPerVlan ? vlans.get(parts[0] ?? 0) : undefined;
    if (status === self) own.push(address);
    else if (port > 0 && (status === learned || status === managed))
      entries.push({ mac: address, port, ...(vlan === undefined ? {} : { vlan }) });
  }
  return { own, entries };
}

/** Forwarding databases that one VLAN has for itself. The index of the column is a time and the VLAN. */
function vlanByDatabase(column: Column | undefined): ReadonlyMap<number, Vlan> {
  const vlans = new Map<number, Vlan | undefined>();
  for (const [index, database] of numbers(column)) {
    const vlan = Number(index.split('.')[1]);
    if (!(vlan >= 1 && vlan <= 4094)) continue;
    const known = vlans.get(database);
    vlans.set(database, vlans.has(database) && known !== vlan ? undefined : vlan);
  }
  return new Map([...vlans].flatMap(([database, vlan]) => (vlan === undefined ? [] : [[database, vlan] as const])));
}

/** The index of the columns is a time, the local port by LLDP's own number, and a number. */
function neighboursOf(columns: Columns, ports: readonly SwitchPort[]): SwitchTables['neighbours'] {
  const byInterface = new Map(numbers(columns.dot1dBasePortIfIndex).map(([port, ifIndex]) => [ifIndex, Number(port)]));
  const byName = new Map(ports.map(({ name, port }) => [name, port]));
  return [...(columns.lldpRemChassisId ?? [])].flatMap(([index, id]) => {
    const local = Number(index.split('.')[1]);
    // LLDP numbers ports in its own way: its name for the port is asked first, then the number is taken for an interface's, then for a bridge port's.
    const localName = textOf(columns.lldpLocPortId?.get(`${local}`));
    const port = byName.get(localName) ?? byInterface.get(Number(localName)) ?? byInterface.get(local) ?? local;
    const capabilities = columns.lldpRemSysCapEnabled?.get(index);
    const isBridge = typeof capabilities === 'object' && ((capabilities[0] ?? 0) & (bridgeBit | telephoneBit)) === bridgeBit;
    const chassis = chassisOf(columns.lldpRemChassisIdSubtype?.get(index), id);
    return chassis === '' ? [] : [{ port, chassis, name: textOf(columns.lldpRemSysName?.get(index)), isBridge }];
  });
}

function chassisOf(subtype: number | Uint8Array | undefined, id: number | Uint8Array | undefined): string {
  return (subtype === macSubtype ? macOf(id) : undefined) ?? textOf(id);
}

const numbers = (column: Column | undefined): readonly (readonly [string, number])[] =>
  [...(column ?? [])].flatMap(([index, value]) => (typeof value === 'number' ? [[index, value] as const] : []));
const first = (column: Column | undefined): number | Uint8Array | undefined => column?.values().next().value;
const textOf = (value: number | Uint8Array | undefined): string => (typeof value === 'object' ? decodeLine(value, maxName) : '');
const macOf = (value: number | Uint8Array | undefined): Mac | undefined =>
  typeof value === 'object' && value.length === 6 ? macText(value) : undefined;

function macOfParts(parts: readonly number[]): Mac | undefined {
  return parts.length === 6 && parts.every(part => part < 256) ? macText(Uint8Array.from(parts)) : undefined;
}
