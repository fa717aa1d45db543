import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ip4, mac } from '../../gateway/codec/address.ts';
import { probes } from '../../gateway/probing/index.ts';
import { nonceBytes } from '../../gateway/probing/probe.ts';
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

  it('has broadcast probes that keep to their templates and to one packet a message wherever they stand', () => {
    const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
    const places = fc.record({
      mac: bytesOf(6).map(b => mac(b)),
      ip: bytesOf(4).map(b => ip4(b)),
      bits: fc.integer({ min: 0, max: 32 }),
      nonce: bytesOf(nonceBytes),
    });
    fc.assert(
      fc.property(places, fc.constantFrom(...broadcast), ({ bits, nonce, ...at }, probe) => {
        const step = probe.begin({ own: { ...at, prefix: `${at.ip}/${bits}` }, nonce, now: 0 });
        if (step.kind !== 'send') return false;
        const longest = probe.medium.kind === 'frame' ? 1514 : 1472;
        const all = new Set(step.messages.map(message => Buffer.from(message).toString('latin1')));
        const isGood = (m: Uint8Array): boolean => m.length <= longest && probe.templates.some(one => fits(one, m));
        return all.size === step.messages.length && all.size <= 1024 && step.messages.every(isGood);
      }),
    );
  });

  it('has broadcast probes whose datagrams go to a group of this link or to our own subnet', () => {
    for (const { name, medium, proofs } of broadcast) {
      expect(proofs, name).toEqual([]);
      expect(medium.kind, name).not.toBe('tcp');
      if (medium.kind === 'udp') expect(['subnet', '224.0.0.251', '239.255.255.250'], name).toContain(medium.to);
    }
  });
});
