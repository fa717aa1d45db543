import { describe, expect, it } from 'vitest';
import { Dissector } from '../../collectors/dissector.ts';
import * as b from '../vectors/frames/build.ts';

const liar = '02:00:00:00:66:66';
const hostOf = (i: number): string => `02:00:00:00:${(i >> 8).toString(16)}:${(i & 255).toString(16)}`;
const ipOf = (i: number): string => `10.20.${i >> 8}.${i & 255}`;
const claim = (mac: string, ip: string): Uint8Array => b.ethernet(mac, b.broadcast, 0x0806, b.arp(2, mac, ip, mac, ip));

/** How many addresses the sensor tells of the liar, who keeps up 8 of nobody and then claims those of so many hosts, twice. */
function told(hosts: number, secondsApart: number): number {
  const sensor = new Dissector();
  let [at, number] = [1_700_000_000_000, 0];
  const send = (mac: string, ip: string): void => {
    const bytes = claim(mac, ip);
    sensor.frame({ number: ++number, at, port: 'v1', bytes, wireLength: bytes.length });
  };
  for (let i = 0; i < hosts; i++) send(hostOf(i), ipOf(i));
  for (let i = 0; i < 8; i++) send(liar, `10.99.0.${i}`);
  sensor.drain();
  let found = 0;
  for (const _ of [1, 2])
    for (let i = 0; i < hosts; i++) {
      at += secondsApart * 1000;
      send(liar, ipOf(i));
      found += sensor.drain().observations.filter(({ mac, fact }) => mac === liar && fact.kind === 'address').length;
    }
  return found;
}

describe('who has as many addresses as are kept of one', () => {
  it('and claims those of others is told of each, again when it had to give way', () => expect(told(20, 1)).toBe(40));

  it('and claims those of a whole network is told of 240 within a minute', () => {
    expect(told(1000, 0)).toBe(240 - 1); // that it speaks ARP is one of what is new of it
    expect(told(300, 1)).toBe(600);
  });
});
