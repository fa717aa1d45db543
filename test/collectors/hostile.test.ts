import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import type { Observation } from '../../gateway/model/fact.ts';
import { isGroupMac } from '../../gateway/model/address.ts';
import { isHostIp } from '../../gateway/codec/address.ts';
import { frame } from '../vectors/frames/build.ts';
import { vectors } from '../vectors/frames/index.ts';

/** Frames that a sensor gets before another takes its place: making one costs as much as reading 45 frames. */
const perSensor = 64;
const hour = 3_600_000;

/**
 * Feeds frame after frame, an hour apart, so that flows, streams and openings of those before have ended and each is read as the first one was.
 * Every frame shows: as a sighting of its sender, as malformed or as overflow. Anything but a decoded or malformed frame would throw here or show as `defect:`.
 */
function sensor(): (bytes: Uint8Array) => readonly Observation[] {
  let dissector = new Dissector({ maxAddresses: 64, maxAddressesPerPort: 64 });
  let fed = 0;
  return bytes => {
    if (fed > 0 && fed % perSensor === 0) dissector = new Dissector({ maxAddresses: 64, maxAddressesPerPort: 64 });
    dissector.frame(frame(bytes, { at: 1_700_000_000_000 + hour * fed++ }));
    const { observations, malformed, overflow } = dissector.drain(true);
    for (const m of malformed)
      if (m.message.startsWith('defect:') || !/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(m.mac)) expect.fail(JSON.stringify(m));
    for (const o of observations) if (!isSound(o)) expect.fail(JSON.stringify(o));
    if (dissector.sightings().length + malformed.length + overflow.length === 0) expect.fail('the frame is lost');
    return observations;
  };
}

/** What must hold of every Observation, whatever was sent. */
function isSound({ mac, vlan, fact }: Observation): boolean {
  if (isGroupMac(mac) || mac === '00:00:00:00:00:00' || vlan >= 4095) return false;
  if ((fact.kind === 'address' || fact.kind === 'dhcp-lease' || fact.kind === 'dhcp-server') && !isHostIp(fact.ip)) return false;
  const text = JSON.stringify(fact);
  return text.length < 1400 && !/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]/.test(text);
}

describe.each(Object.entries(vectors))('%s', (_, bytes) => {
  it('cut anywhere is malformed, cut short of a sender, or says no more than the whole', () => {
    const whole = new Set(sensor()(bytes).map(o => JSON.stringify(o.fact)));
    const feed = sensor();
    for (let length = 0; length < bytes.length; length++)
      for (const { fact } of feed(bytes.subarray(0, length)))
        if (fact.kind !== 'seen' && !whole.has(JSON.stringify(fact))) expect.fail(`${length} bytes: ${JSON.stringify(fact)}`);
  });

  it('edited decodes or is malformed', () => {
    const feed = sensor();
    const edits = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(edits, list => {
        const edited = bytes.slice();
        for (const [at, value] of list) edited[at] = value;
        feed(edited);
      }),
      { numRuns: 300, interruptAfterTimeLimit: 150_000, markInterruptAsFailure: true },
    );
  });
});

it('every single byte set to 0 or 255 decodes or is malformed', () => {
  for (const bytes of Object.values(vectors)) {
    const feed = sensor();
    for (const value of [0, 255]) for (let at = 0; at < bytes.length; at++) feed(bytes.with(at, value));
  }
});
