import { expect, it } from 'vitest';
import { decode, pjl } from '../../collectors/pjl.ts';
import * as b from '../vectors/frames/build.ts';
import { pjlAnswer } from '../vectors/frames/banner.ts';
import { conversation, fromServer } from '../vectors/frames/stream.ts';
import { cutsWaitOrThrow, told } from './stream-facts.ts';

it('a printer that is asked names its model, behind other answers too', () =>
  expect(told(pjl, conversation(9100, { client: b.bytes('\u001b%-12345X@PJL INFO ID\r\n'), server: pjlAnswer }, 10))).toEqual({
    client: [],
    host: [
      { kind: 'model', text: 'LabelThing 420d V1.2' },
      { kind: 'device-kind', text: 'printer' },
      { kind: 'service', protocol: 'tcp', port: 9100, name: 'pdl-datastream' },
    ],
    malformed: [],
  }));

it('an answer without quotation marks is read too', () => expect(decode(b.bytes('@PJL INFO ID\r\nX100\r\n\f'))).toEqual({ model: 'X100' }));

it('a printer that says other things stays unknown, and is given up', () => {
  expect(decode(b.bytes('@PJL USTATUS\r\n'))).toBeUndefined();
  expect(told(pjl, conversation(9100, { server: b.bytes('@PJL ECHO x\r\n'.repeat(400)) }))).toEqual({
    client: [],
    host: [],
    malformed: [],
  });
});

it('what is printed is not read, nor an answer that a router passed on', () => {
  expect(told(pjl, conversation(9100, { client: pjlAnswer })).client).toEqual([]);
  expect(told(pjl, [fromServer(9100, pjlAnswer, { ttl: 63 })]).host).toEqual([]);
});

it('cut anywhere it waits for the rest', () => cutsWaitOrThrow(decode, pjlAnswer));
