import type { Device } from '../../gateway/model/device.ts';
import type { ProbeName } from '../../gateway/model/probe.ts';
import { type ListedProbe, probe } from '../../gateway/probing/probe.ts';
import { fill, template } from '../../gateway/probing/template.ts';

const hello = template('hello', '68 65 6c 6c 6f');

/** A probe that says hello once and takes the first answer. */
export const helloProbe = (name: ProbeName, more: Partial<ListedProbe> = {}): ListedProbe => ({
  ...probe({
    name,
    spec: 'none: a probe of the tests',
    reach: 'device',
    medium: { kind: 'tcp', port: 502 },
    templates: [hello],
    waitMs: 1000,
    proofs: ['tcp/502'],
    begin: () => ({ kind: 'send', messages: [fill(hello)], state: 0 }),
    next: () => ({ kind: 'done', how: 'answered', detail: 'it said something' }),
  }),
  ...more,
});

/** A device that serves Modbus. */
export const plc = (n: number, more: Partial<Device> = {}): Device => ({
  id: `d${n}`,
  mac: `02:00:5e:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`,
  port: 'v1',
  vlan: 0,
  zone: 'cell',
  seenBy: 'announcement',
  ips: [`10.20.${n >> 8}.${n & 255}`],
  bindings: [],
  fields: {},
  services: [{ service: 'tcp/502', name: 'mbap' }],
  facts: [],
  firstSeen: 0,
  ...more,
});
