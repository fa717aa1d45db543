import { decodeHttpHead } from '../codec/http-head.ts';
import { uriHost } from './address-bytes.ts';
import { answered, reading, refused } from './answer.ts';
import { probe, type ProbeContext, type Step } from './probe.ts';
import { fill, template } from './template.ts';

/*
 * HEAD of the root, RFC 9110 §9.3.2: safe by definition (§9.2.1), and no body comes back. RFC 9112 §3 for the form of the line.
 *
 *   HEAD / HTTP/1.1 CRLF          48454144 20 2f 20 485454502f312e31 0d0a
 *   Host: <host> CRLF             486f7374 3a20 <host> 0d0a                    required, §3.2; address, and port where it is not 80
 *   User-Agent: sallyport CRLF    557365722d4167656e74 3a20 73616c6c79706f7274 0d0a
 *   Connection: close CRLF CRLF   436f6e6e656374696f6e 3a20 636c6f7365 0d0a0d0a    RFC 9112 §9.6: the server closes, too
 */
const head = template(
  'HTTP HEAD of the root',
  `48454144 20 2f 20 485454502f312e31 0d0a
   486f7374 3a20 <host:7-47> 0d0a
   557365722d4167656e74 3a20 73616c6c79706f7274 0d0a
   436f6e6e656374696f6e 3a20 636c6f7365 0d0a0d0a`,
);
/** Where codec/http-head stops to read. Bytes. */
const maxHead = 16_384;

type State = Record<never, never>;

function begin({ target }: ProbeContext): Step<State> {
  if (target === undefined) return refused('there is no device to ask');
  const at = uriHost(target.ip);
  const host = target.service === 80 ? at : `${at}:${target.service}`;
  return { kind: 'send', messages: [fill(head, { host: new TextEncoder().encode(host) })], state: {} };
}

function next(state: State, bytes: Uint8Array): Step<State> {
  return reading(state, () => {
    const answer = decodeHttpHead(bytes);
    if (answer !== undefined && (answer.start.kind !== 'response' || !answer.start.version.startsWith('HTTP/')))
      return refused('its answer is not HTTP');
    if (answer?.isComplete === true) return answered('it sent the head of an answer');
    return bytes.length < maxHead ? { kind: 'wait', state } : refused('the head of its answer does not end');
  });
}

export const httpHead = probe<State>({
  name: 'http-head',
  spec: 'RFC 9110, RFC 9112',
  reach: 'device',
  medium: { kind: 'tcp', port: 'service' },
  templates: [head],
  waitMs: 5000,
  // A server that answered in HTTP, whatever its port is; a port number alone proves nothing.
  proofs: ['http'],
  begin,
  next,
});
