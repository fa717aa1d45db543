import { macBytes, rangeOf, u16Bytes } from './address-bytes.ts';
import { listens, probe } from './probe.ts';
import { fill, template } from './template.ts';

/** A slot of the answers' delay, milliseconds, and the most slots: as many as a /22 has hosts. The format allows 6400. IEC 61158-6-10, ResponseDelayFactor. */
const slotMs = 10;
const mostSlots = 1022;

/**
 * DCP Identify of everybody (IEC 61158-6-10 §4.3): to the group 01:0e:cf:00:00:00, from us, EtherType 8892, FrameID fefe Identify-ReqPDU; service 05
 * Identify, type 00 request; Xid; ResponseDelayFactor; 4 bytes of data: option ff, suboption ff (all stations), no value. Then zeros to 60 bytes.
 */
const request = template(
  'profinet dcp identify all',
  `010ecf000000 <source:6> 8892 fefe 05 00 <xid:4> <delay:2> 0004  ff ff 0000
   000000000000000000000000000000000000000000000000000000000000`,
);

/**
 * Lets PROFINET stations tell who they are. A station waits (the last two bytes of its address modulo the factor) slots of 10 ms before it answers,
 * so a factor spreads the answers; 1 is no delay.
 */
export const dcpIdentify = probe({
  name: 'dcp-identify',
  spec: 'IEC 61158-6-10 §4.3',
  reach: 'broadcast',
  medium: { kind: 'frame' },
  templates: [request],
  waitMs: mostSlots * slotMs + 1_000,
  proofs: [],
  begin: ({ own, nonce }) => {
    const values = { source: macBytes(own.mac), xid: nonce.slice(0, 4), delay: u16Bytes(delayFactor(own.prefix)) };
    return { kind: 'send', messages: [fill(request, values)], state: undefined };
  },
  next: listens,
});

/**
 * ResponseDelayFactor by the size of the segment: one slot for each host that our prefix has room for, from 1 to 1022. So a full segment answers with one
 * frame in 10 ms on average, and the last answer comes after 10.2 s; where our prefix is no IPv4 prefix, as for a /22.
 */
export function delayFactor(prefix: string): number {
  const range = rangeOf(prefix);
  return range === undefined ? mostSlots : Math.min(Math.max(range.last - range.first - 1, 1), mostSlots);
}
