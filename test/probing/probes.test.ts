import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { probes } from '../../gateway/probing/index.ts';
import { fits } from '../../gateway/probing/template.ts';
import { context } from './emitted.ts';

const folder = fileURLToPath(new URL('../../gateway/probing', import.meta.url));
const broadcast = probes.filter(p => p.reach === 'broadcast');

describe('the list of probes', () => {
  it('has each name once, and a test for each file that makes one', () => {
    const names = probes.map(p => p.name);
    expect(new Set(names).size).toBe(names.length);
    const files = readdirSync(folder);
    for (const name of names) expect(files).toContain(`${name}.ts`);
    const tests = readdirSync(fileURLToPath(new URL('.', import.meta.url)));
    for (const name of names) expect(tests).toContain(`${name}.test.ts`);
  });

  it('has broadcast probes that send at once, by their templates only, and then only listen', () => {
    expect(broadcast.length).toBeGreaterThanOrEqual(9);
    for (const probe of broadcast) {
      const step = probe.begin(context);
      if (step.kind !== 'send') throw new Error(`${probe.name} is ${step.kind}`);
      for (const message of step.messages)
        expect(
          probe.templates.some(one => fits(one, message)),
          probe.name,
        ).toBe(true);
      for (const heard of [new Uint8Array(0), new Uint8Array(60).fill(0xff), ...step.messages]) expect(step.next(heard).kind).toBe('wait');
    }
  });

  it('has broadcast probes whose datagrams go to a group of this link or to our own subnet', () => {
    for (const { name, medium, proofs } of broadcast) {
      expect(proofs, name).toEqual([]);
      expect(medium.kind, name).not.toBe('tcp');
      if (medium.kind === 'udp') expect(['subnet', '224.0.0.251', '239.255.255.250'], name).toContain(medium.to);
    }
  });
});
