import { listens, probe } from './probe.ts';
import { fill, template } from './template.ts';

/**
 * Who-Is by original broadcast. BVLC (ASHRAE 135 §J.2.11): type 81, function 0b, length; NPDU (§6.2): version 1, control 00: for this network, so that no
 * router carries it onto its slow trunks, and no answer awaited; APDU (§20.1.4, §16.10): 10 unconfirmed request, 08 Who-Is; context tags 0 and 1
 * with the lowest and the highest instance that are meant, each in as few bytes as it needs (§20.2.4).
 */
const requests = [
  template('bacnet who-is 0–999', '81 0b 000d  01 00  10 08  09 00  1a 03e7'),
  template('bacnet who-is 1000–9999', '81 0b 000e  01 00  10 08  0a 03e8  1a 270f'),
  template('bacnet who-is 10000–99999', '81 0b 000f  01 00  10 08  0a 2710  1b 01869f'),
  template('bacnet who-is 100000–999999', '81 0b 0010  01 00  10 08  0b 0186a0  1b 0f423f'),
  template('bacnet who-is 1000000–4194303', '81 0b 0010  01 00  10 08  0b 0f4240  1b 3fffff'),
];

/**
 * Lets BACnet devices tell who they are, one range of instances after the other: all devices of a building that answer at once are a storm. The ranges are those
 * by which installers number, and together they are all there are (§12.11, Object_Identifier). Answers come by broadcast or to us, from port 47808.
 */
export const bacnetWhoIs = probe({
  name: 'bacnet-who-is',
  spec: 'ASHRAE 135 §16.10',
  reach: 'broadcast',
  medium: { kind: 'udp', to: 'subnet', port: 47_808 },
  templates: requests,
  waitMs: 3_000,
  proofs: [],
  begin: () => ({ kind: 'send', messages: requests.map(one => fill(one)), state: undefined }),
  next: listens,
});
