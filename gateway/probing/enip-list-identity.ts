import { listens, probe } from './probe.ts';
import { fill, template } from './template.ts';

/**
 * ListIdentity (CIP Volume 2 §2-4.2), little-endian: command 0063, no data, no session, status 0; of the sender context the first two bytes are the
 * most milliseconds that an answer may be delayed at random (07d0, two seconds, which is also what 0 means); options 0.
 */
const request = template('enip list identity', '6300 0000 00000000 00000000 d007 000000000000 00000000');

/** Lets EtherNet/IP devices tell who they are. They keep no session for it and answer from port 44818. */
export const enipListIdentity = probe({
  name: 'enip-list-identity',
  spec: 'CIP Volume 2 §2-4.2',
  reach: 'broadcast',
  medium: { kind: 'udp', to: 'subnet', port: 44_818 },
  templates: [request],
  waitMs: 3_000,
  proofs: [],
  begin: () => ({ kind: 'send', messages: [fill(request)], state: undefined }),
  next: listens,
});
