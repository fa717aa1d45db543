import { wrap } from '../model/terminal-text.ts';
import { visibleText } from './contract.ts';
import type { Coverage } from './contract.ts';

/** Devices that are named in a line. */
const maxIds = 8;

/** What is not seen, for people: a paragraph each, wrapped at `width` characters (0: not at all). */
export function coverageText({ ports, vlans, gaps }: Coverage, width: number): string {
  const addresses = ports.reduce((sum, port) => sum + port.addresses, 0);
  const head = `${addresses} addresses on ${ports.length} ports, in ${vlans.length} VLANs (0 is untagged: ${vlans.map(v => v.vlan).join(', ')})`;
  const paragraphs = gaps.flatMap(({ kind, count, devices, notSeen, toDo }) => {
    const ids = devices.length === 0 ? '' : `: ${devices.slice(0, maxIds).join(' ')}${devices.length > maxIds ? ' …' : ''}`;
    return ['', `${kind}${count > 0 ? ` (${count})` : ''}${ids}`, ...wrap(`${notSeen}.`, width), ...wrap(`To do: ${toDo}.`, width)];
  });
  return [...wrap(head, width, ''), ...(gaps.length === 0 ? ['', 'Nothing is known to be hidden'] : paragraphs)]
    .map(line => `${visibleText(line)}\n`)
    .join('');
}
