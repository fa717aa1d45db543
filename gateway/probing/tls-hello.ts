import { decodeHandshakeStart, handshakeTypes } from '../codec/tls.ts';
import { answered, reading, refused } from './answer.ts';
import { probe, type Step } from './probe.ts';
import { fill, template } from './template.ts';

/*
 * A ClientHello of TLS 1.2 (RFC 5246 §7.4.1.2), read up to the end of the server's first flight. TLS 1.3 encrypts the certificate, so it is not offered:
 * then whoever hears the wire can read it, our own collector too. A server that speaks nothing but TLS 1.3 declines; its certificate is seen when it is
 * challenged. No key is agreed on and nothing is encrypted, so old suites are offered as well: they make old devices show their certificate.
 *
 *   16 0301 0091       record: handshake, in the version that old servers expect (appendix E.1), 145 bytes
 *   01 00008d 0303     ClientHello, 141 bytes, TLS 1.2
 *   <random>           32 bytes
 *   00                 no session to resume
 *   0030 …             24 suites: ECDHE with AES-GCM, ChaCha20; DHE; AES-CBC; RSA; 3DES; then the signal of RFC 5746 §3.3
 *   01 00              no compression
 *   0034               52 bytes of extensions:
 *     000a 000a 0008 001d 0017 0018 0019       groups: X25519, P-256, P-384, P-521 (RFC 8422 §5.1.1)
 *     000b 0002 01 00                          points uncompressed (§5.1.2)
 *     000d 001c 001a 0403 … 0201               signatures: ECDSA, EdDSA, RSA-PSS, RSA, with SHA-1 for old ones (RFC 5246 §7.4.1.4.1)
 *                        no server name: an address is none (RFC 6066 §3)
 *
 * Parting, RFC 5246 §7.2.2: `user_canceled` (5a, a warning) says that no fault was found, `close_notify` (00) that nothing more comes; in the version
 * that the server chose.
 */
const hello = template(
  'TLS 1.2 ClientHello',
  `16 0301 0091 01 00008d 0303 <random:32> 00
   0030 c02b c02c c02f c030 cca9 cca8 009e 009f c023 c027 c009 c00a c013 c014 0033 0039 009c 009d 003c 003d 002f 0035 000a 00ff
   01 00
   0034 000a 000a 0008 001d 0017 0018 0019
        000b 0002 01 00
        000d 001c 001a 0403 0503 0603 0807 0808 0804 0805 0806 0401 0501 0601 0203 0201`,
);
const cancelled = template('TLS user_canceled and close_notify', '15 03 <minor:1> 0002 01 5a 15 03 <minor:1> 0002 01 00');
/** Versions that the server may have chosen: TLS 1.0 to 1.2. */
const minors: ReadonlySet<number> = new Set([1, 2, 3]);

type State = Record<never, never>;

function next(state: State, bytes: Uint8Array): Step<State> {
  return reading(state, () => {
    const { messages, isOver } = decodeHandshakeStart(bytes);
    const [first] = messages;
    if (first === undefined) return isOver ? refused('it declined the hello') : { kind: 'wait', state };
    const minor = first.body[1] ?? 0;
    if (first.type !== handshakeTypes.serverHello || first.body[0] !== 3 || !minors.has(minor))
      return refused('its answer is no ServerHello');
    if (!isOver) return { kind: 'wait', state };
    const parting = [fill(cancelled, { minor: Uint8Array.of(minor) })];
    const hasShown = messages.some(({ type }) => type === handshakeTypes.certificate);
    return hasShown ? answered('it showed its certificate', parting) : refused('it has shown no certificate', parting);
  });
}

export const tlsHello = probe<State>({
  name: 'tls-hello',
  spec: 'RFC 5246',
  reach: 'device',
  medium: { kind: 'tcp', port: 'service' },
  templates: [hello, cancelled],
  waitMs: 5000,
  // A server that was heard to speak TLS, whatever its port is.
  proofs: ['tls'],
  // The random is no secret of ours: no key comes of it.
  begin: ({ nonce }) => ({ kind: 'send', messages: [fill(hello, { random: Uint8Array.of(...nonce, ...nonce) })], state: {} }),
  next,
});
