import { describe, expect, it } from 'vitest';
import { Outbox } from '../../../gateway/edge/capture/outbox.ts';
import type { FromSensor } from '../../../gateway/edge/messages.ts';
import type { Observation } from '../../../gateway/model/fact.ts';

const seen = (port: string): Observation => ({
  at: 1,
  port,
  vlan: 0,
  mac: '02:00:5e:00:00:01',
  collector: 'header',
  frame: 1,
  fact: { kind: 'seen' },
});

/** An outbox whose reader takes messages only while it is `open`. */
function outbox(): { box: Outbox; sent: FromSensor[]; reader: { open: boolean }; resyncs: () => number } {
  const sent: FromSensor[] = [];
  const reader = { open: true };
  let resyncs = 0;
  const box = new Outbox(
    message => reader.open && sent.push(message) > 0,
    () => void resyncs++,
  );
  return { box, sent, reader, resyncs: () => resyncs };
}

describe('the outbox of the sensor', () => {
  it('loses nothing silently: it counts per port and has the facts said again', () => {
    const { box, sent, reader, resyncs } = outbox();
    reader.open = false;
    box.observe([seen('v1'), seen('v1'), seen('v2')]);
    reader.open = true;
    box.catchUp();
    const what = 'observations while the gateway was behind';
    expect(sent).toEqual([
      { type: 'overflow', port: 'v1', count: 2, what },
      { type: 'overflow', port: 'v2', count: 1, what },
    ]);
    expect(resyncs()).toBe(1);
    box.catchUp();
    expect(resyncs()).toBe(1);
  });

  it('says the latest state of a port late rather than never', () => {
    const { box, sent, reader } = outbox();
    reader.open = false;
    box.report({ type: 'port', port: 'v1', state: 'down', detail: '' });
    box.report({ type: 'port', port: 'v1', state: 'healed', detail: '' });
    reader.open = true;
    box.catchUp();
    expect(sent).toEqual([{ type: 'port', port: 'v1', state: 'healed', detail: '' }]);
  });

  it('keeps lines short, however much is said again', () => {
    const { box, sent } = outbox();
    box.observe(Array<Observation>(1000).fill(seen('v1')));
    expect(sent.map(m => (m.type === 'observations' ? m.observations.length : 0))).toEqual([256, 256, 256, 232]);
  });
});
