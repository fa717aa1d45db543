import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import type { Observation } from '../../gateway/model/fact.ts';
import { isGroupMac } from '../../gateway/model/address.ts';
import { isHostIp } from '../../gateway/codec/address.ts';
import { frame } from '../vectors/frames/build.ts';
import { vectors } from '../vectors/frames/index.ts';

/** Feeds one frame to a sensor, a fresh one unless given. Anything but a decoded or malformed frame would throw here or show as `defect:`. */
function feed(bytes: Uint8Array, known?: Dissector): readonly Observation[] {
  const dissector = known ?? new Dissector({ maxAddresses: 64, maxAddressesPerPort: 64 });
  dissector.frame(frame(bytes));
  const { observations, malformed, overflow } = dissector.drain(true);
  for (const m of malformed) {
    expect(m.message).not.toMatch(/^defect:/);
    expect(m.mac).toMatch(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/);
  }
  for (const o of observations) isSound(o);
  if (observations.length === 0 && known === undefined) expect(malformed.length + overflow.length).toBeGreaterThan(0);
  return observations;
}

/** What must hold of every Observation, whatever was sent. */
function isSound({ mac, vlan, fact }: Observation): void {
  expect(isGroupMac(mac) || mac === '00:00:00:00:00:00').toBe(false);
  expect(vlan).toBeLessThan(4095);
  if (fact.kind === 'address' || fact.kind === 'dhcp-lease' || fact.kind === 'dhcp-server') expect(isHostIp(fact.ip), fact.ip).toBe(true);
  const text = JSON.stringify(fact);
  expect(text.length).toBeLessThan(1400);
  expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/);
}

describe.each(Object.entries(vectors))('%s', (_, bytes) => {
  it('cut anywhere is malformed, cut short of a sender, or says no more than the whole', () => {
    const whole = new Set(feed(bytes).map(o => JSON.stringify(o.fact)));
    for (let length = 0; length < bytes.length; length++)
      for (const o of feed(bytes.subarray(0, length)))
        if (o.fact.kind !== 'seen') expect(whole, `${length} bytes`).toContain(JSON.stringify(o.fact));
  });

  it('edited decodes or is malformed', () => {
    const edits = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(edits, list => {
        const edited = bytes.slice();
        for (const [at, value] of list) edited[at] = value;
        feed(edited);
      }),
      { numRuns: 300, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true },
    );
  });
});

it('every single byte set to 0 or 255 decodes or is malformed', () => {
  for (const bytes of Object.values(vectors)) {
    // One sensor for all edits of a vector: a fresh one costs more than the frame.
    const dissector = new Dissector();
    for (const value of [0, 255]) for (let at = 0; at < bytes.length; at++) feed(bytes.with(at, value), dissector);
  }
});
