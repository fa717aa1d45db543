import { describe, expect, it } from 'vitest';
import type { Fact } from '../../gateway/model/fact.ts';
import { siemens, World } from '../detection/world.ts';

const files = [
  {
    path: 'a/fingerprints/plates.yaml',
    text: '- { text: "Gauge {model} v{firmware}", of: [lldp], maker: Acme, kind: sensor, example: Gauge 1 v1, source: a test }\n',
  },
];
const gauge = (version: string): Fact => ({ kind: 'description', text: `Gauge G-20 v${version}` });
const fieldsOf = (world: World): unknown => {
  const [record] = world.inventory.withMac(siemens);
  const { maker, model, firmware, deviceKind } = record?.device.fields ?? {};
  return [maker, model, firmware, deviceKind].map(field => field && `${field.value} by ${field.source}, frame ${field.frame}`);
};
const learned = (world: World): number => world.events.filter(event => event.kind === 'fact-learned').length;

describe('what a device writes about itself', () => {
  it('fills its fields, with the protocol and the frame of the text', () => {
    const world = new World({ files }).address(siemens, '10.20.0.9').say(siemens, [gauge('1.0')], { collector: 'lldp' });
    expect(fieldsOf(world)).toEqual(['Acme', 'G-20', '1.0', 'sensor'].map(value => `${value} by lldp, frame 2`));
  });

  it('is read where the policy says that it stands, and nowhere else', () => {
    expect(fieldsOf(new World({ files }).say(siemens, [gauge('1.0')], { collector: 'snmp' }))).toEqual(Array(4).fill(undefined));
    expect(fieldsOf(new World().say(siemens, [gauge('1.0')], { collector: 'lldp' }))).toEqual(Array(4).fill(undefined));
  });

  it('says nothing that the same message has a field for, whatever comes first', () => {
    const own: readonly Fact[] = [
      { kind: 'firmware', text: 'V 1.0.0' },
      { kind: 'device-kind', text: 'gateway' },
    ];
    for (const said of [
      [gauge('1.0'), ...own],
      [...own, gauge('1.0')],
    ]) {
      const world = new World({ files }).say(siemens, said, { collector: 'lldp' });
      expect(fieldsOf(world)).toEqual(['Acme', 'G-20', 'V 1.0.0', 'gateway'].map(value => `${value} by lldp, frame 1`));
    }
  });

  it('is learnt once, however often it is said; another version is an alarm', () => {
    const world = new World({ files, only: 'firmware-changed' }).say(siemens, [gauge('1.0')], { collector: 'lldp' });
    const once = learned(world);
    for (let i = 0; i < 20; i += 1) world.say(siemens, [gauge('1.0')], { collector: 'lldp' });
    expect(learned(world)).toBe(once);
    expect(world.raised).toEqual([]);
    world.say(siemens, [gauge('2.0')], { collector: 'lldp' });
    expect(world.raised).toEqual([`firmware-changed ${siemens}`]);
    expect(world.alarms[0]?.detail).toBe('runs 2.0 instead of 1.0, by lldp');
  });
});
