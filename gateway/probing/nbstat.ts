import { listens, probe } from './probe.ts';
import { ascii, fill, template } from './template.ts';

/**
 * Node status request (RFC 1002 §4.2.17): transaction, flags with opcode 0 query and B broadcast, one question, no record; the name `*` with
 * fifteen zeros in first-level encoding (RFC 1001 §14.1: each half byte a letter from A, so 2a is `CK` and 00 `AA`), type 0021 NBSTAT, class 1.
 */
const request = template(
  'netbios node status request',
  `<transaction:2> 0010 0001 0000 0000 0000 20 ${ascii(`CK${'AA'.repeat(15)}`)} 00 0021 0001`,
);

/**
 * Lets NetBIOS hosts tell their names. Samba's nmbd answers a request that came by broadcast as it answers one sent to it alone; hosts that do not are
 * met when they register their names, which they do by broadcast themselves.
 */
export const nbstat = probe({
  name: 'nbstat',
  spec: 'RFC 1002 §4.2.17',
  reach: 'broadcast',
  medium: { kind: 'udp', to: 'subnet', port: 137 },
  templates: [request],
  waitMs: 2_000,
  proofs: [],
  begin: ({ nonce }) => ({ kind: 'send', messages: [fill(request, { transaction: nonce.slice(0, 2) })], state: undefined }),
  next: listens,
});
