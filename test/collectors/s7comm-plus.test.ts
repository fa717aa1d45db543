import { describe, expect, it } from 'vitest';
import { decode, s7commPlus } from '../../collectors/s7comm-plus.ts';
import { device, fromDevice, station, toDevice } from '../vectors/frames/industrial.ts';
import { s7Vectors as v, tpkt } from '../vectors/frames/s7comm.ts';
import { captureFacts, hasCaptures } from './capture-facts.ts';
import { cutsOf, saidBy } from './industrial.ts';
import { drained, protocolsOf } from './observe.ts';
import { peeled } from './peeled.ts';

const identity = [
  { kind: 'maker', text: 'Siemens' },
  { kind: 'model', text: '6ES7 211-1BE31-0XB0' },
  { kind: 'firmware', text: '3.0' },
  { kind: 'device-kind', text: 'plc' },
];

describe('S7comm-plus', () => {
  it('names the controller when a session begins', () => expect(saidBy('s7comm-plus', device, v['s7-plus-session'])).toEqual(identity));

  it('is known of both sides', () => {
    expect(protocolsOf(station, v['s7-plus-request'])).toContain('s7comm-plus');
    expect(protocolsOf(device, v['s7-plus-session'])).toContain('s7comm-plus');
  });

  it('a client names nothing', () => {
    const { body } = peeled(v['s7-plus-session']);
    expect(saidBy('s7comm-plus', station, toDevice(102, body.slice()))).toEqual([]);
  });

  it('a text that is no version names nothing', () => {
    const frame = v['s7-plus-session'];
    // Another separator, another function.
    for (const edited of [frame.with(frame.lastIndexOf(0x3b), 0x2c), frame.with(14 + 20 + 20 + 15, 0xcb)])
      expect(saidBy('s7comm-plus', device, edited)).toEqual([]);
  });

  it('does not decode when its packet is cut', () => {
    for (const name of ['s7-plus-session', 's7-plus-request'] as const) expect(cutsOf(decode, v[name]), name).toEqual([]);
  });

  it('too short for its own head is malformed', () =>
    expect(drained(fromDevice(102, tpkt([0x72, 1, 0, 3, 0x32, 0, 0, 4, 0xca]))).malformed).toMatchObject([
      { mac: device, collector: 's7comm-plus' },
    ]));

  it.skipIf(!hasCaptures)('other people’s capture of an S7-1200 names order number and firmware', () =>
    expect(captureFacts('captures/nDPI/s7comm-plus.pcap', s7commPlus).all).toEqual(identity),
  );
});
