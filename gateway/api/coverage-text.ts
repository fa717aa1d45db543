import { wrap } from '../model/terminal-text.ts';
import { visibleText } from './contract.ts';
import type { Coverage } from './contract.ts';

/** Devices that are named in a line. */
const maxIds = 8;

const many = (n: number, one: string, more: string): string => `${n} ${n === 1 ? one : more}`;

/** What is not seen, for people: a paragraph each, wrapped at `width` characters (0: not at all). */
export function coverageText({ ports, vlans, gaps }: Coverage, width: number): string {
  const addresses = ports.reduce((sum, port) => sum + port.addresses, 0);
  const tagged = vlans.filter(({ vlan }) => vlan > 0).map(({ vlan }) => vlan);
  const untagged = vlans.length > tagged.length ? ['untagged'] : [];
  const where = [...untagged, ...(tagged.length === 0 ? [] : [`in VLAN ${tagged.join(', ')}`])].join(' and ');
  const head = `${many(addresses, 'address', 'addresses')} on ${many(ports.length, 'port', 'ports')}${where === '' ? '' : `, ${where}`}`;
  const paragraphs = gaps.flatMap(({ kind, count, devices, notSeen, toDo }) => {
    const ids = devices.length === 0 ? '' : `: ${devices.slice(0, maxIds).join(' ')}${devices.length > maxIds ? ' …' : ''}`;
    return ['', `${kind}${count > 0 ? ` (${count})` : ''}${ids}`, ...wrap(`${notSeen}.`, width), ...wrap(`To do: ${toDo}.`, width)];
  });
  return [...wrap(head, width, ''), ...(gaps.length === 0 ? ['', 'Nothing is known to be hidden'] : paragraphs)]
    .map(line => `${visibleText(line)}\n`)
    .join('');
}
