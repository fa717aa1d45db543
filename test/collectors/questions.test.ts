import { describe, expect, it } from 'vitest';
import type { Packet } from '../../collectors/packet.ts';
import { PerSensor, Questions } from '../../collectors/questions.ts';
import * as b from '../vectors/frames/build.ts';
import { peeled } from './peeled.ts';

const at = 1_700_000_000_000;
const packet = (source: string, target: string, ports: readonly [number, number], time = at): Packet => {
  const mac = `02:00:00:00:${source
    .split('.')
    .slice(2)
    .map(n => Number(n).toString(16).padStart(2, '0'))
    .join(':')}`;
  return peeled(b.ethernet(mac, '02:00:00:00:ff:ff', 0x0800, b.ipv4(source, target, 17, b.udp(ports[0], ports[1], b.bytes(1)))), {
    at: time,
  });
};
const [client, server] = ['198.51.100.1', '198.51.100.2'];
const question = packet(client, server, [40_000, 502]);
const answer = packet(server, client, [502, 40_000]);

describe('questions', () => {
  it('are found by their answer: of whom was asked, to who asked, with the same number', () => {
    const asked = new Questions<string>();
    asked.ask(question, '7', 'who');
    expect(asked.answered(answer, '7')).toBe('who');
    // A bridge shows the answer on two ports.
    expect(asked.answered(answer, '7')).toBe('who');
    expect(asked.answered(answer, '8')).toBeUndefined();
    expect(asked.answered(packet(server, client, [502, 40_001]), '7')).toBeUndefined();
    expect(asked.answered(packet('198.51.100.3', client, [502, 40_000]), '7')).toBeUndefined();
    expect(asked.answered(question, '7')).toBeUndefined();
  });

  it('are forgotten after ten seconds, also where the clock jumps back', () => {
    const asked = new Questions<string>();
    asked.ask(question, '7', 'who');
    expect(asked.mayAnswer(answer)).toBe(true);
    for (const later of [10_001, -10_001]) {
      const late = packet(server, client, [502, 40_000], at + later);
      expect([asked.mayAnswer(late), asked.answered(late, '7')]).toEqual([false, undefined]);
    }
  });

  it('are each forgotten by their own age', () => {
    const asked = new Questions<string>();
    asked.ask(question, '7', 'who');
    asked.ask(packet('198.51.100.9', server, [40_000, 502], at + 9000), '1', 'later');
    const late = packet(server, client, [502, 40_000], at + 10_001);
    expect([asked.mayAnswer(late), asked.answered(late, '7')]).toEqual([true, undefined]);
  });

  it('in a flood only make room for each other: a sender has 32, all have 128', () => {
    const asked = new Questions<string>();
    asked.ask(question, '7', 'who');
    for (let n = 0; n < 1000; n++) asked.ask(packet('198.51.100.9', server, [40_000, 502]), String(n), 'noise');
    expect(asked.size).toBe(33);
    expect(asked.answered(answer, '7')).toBe('who');
    for (let n = 0; n < 3000; n++) asked.ask(packet(`198.51.${(n >> 8) & 255}.${n & 255}`, server, [40_000, 502]), '1', 'noise');
    expect(asked.size).toBe(128);
  });

  it('are remembered of each sensor by itself', () => {
    const state = new PerSensor(() => new Questions<string>());
    const other = packet(client, server, [40_000, 502]);
    state.of(question).ask(question, '7', 'who');
    expect([state.of(question).size, state.of(other).size]).toEqual([1, 0]);
    // What a tunnel carries the same sensor sees.
    other.peelInner(question, { start: question.start, segment: 7, vlan: 0, isCut: false });
    expect(state.of(other).size).toBe(1);
  });
});
