import { readdirSync, readFileSync } from 'node:fs';
import { run } from './namespace.ts';

/** What a lab uses below /run, but for the folders that carry a process id and are swept; other programs of the machine come and go there as they like. */
const ours = /avahi|dbus|dhcp|dnsmasq|netns|sallyport/;

/** Everything of the machine itself that a lab could spoil, as text to compare. What counts by itself is left out: packets, and the life of announced routes. */
export async function machineState(): Promise<string> {
  const asked = [
    ['ip', '-br', 'link'],
    ['ip', '-br', 'addr'],
    ['ip', 'route', 'show', 'table', 'all'],
    ['nft', '-s', 'list', 'ruleset'],
    ['sysctl', '-a', '--pattern', '^net.(ipv4.(ip_forward|conf|neigh)|bridge)'],
  ];
  const shown = await Promise.all(asked.map(argv => run(undefined, argv)));
  const below = readdirSync('/run').filter(name => ours.test(name) && !/^sallyport-(test|doors)-/.test(name));
  return [
    ...shown.map(s => s.stdout.replaceAll(/ expires \d+sec/g, '')),
    readFileSync('/etc/resolv.conf', 'utf8'),
    below.toSorted().join(' '),
  ].join('\n');
}
