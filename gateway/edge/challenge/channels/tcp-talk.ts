import { connect, type Socket } from 'node:net';
import type { Millis } from '../../../model/address.ts';
import { DecodeError } from '../../../codec/reader.ts';
import { type Failed, failed, type Target } from './channel.ts';
import { failureOf } from './failure.ts';

/** One step of a conversation in which each message has one answer. `afterMs`: not before; `failed`: what answers is not what we came for. */
export type Talk<T> =
  | { readonly kind: 'send'; readonly message: Uint8Array; readonly afterMs: number; readonly next: (answer: Uint8Array) => Talk<T> }
  /** `parting`: takes leave in the protocol's own way; no answer to it is awaited. */
  | { readonly kind: 'done'; readonly value: T; readonly parting?: Uint8Array }
  | { readonly kind: 'failed'; readonly why: string };

/** How messages lie in the stream. `read`: the message in what was heard, undefined while it is not whole; throws DecodeError. */
export type Framing = {
  readonly write: (message: Uint8Array) => Uint8Array;
  readonly read: (heard: Uint8Array) => Uint8Array | undefined;
  /** Longest answer with its frame, bytes: so much is kept, and no more is taken. */
  readonly maxBytes: number;
};

/** How long the other side may take to close after we took leave. Milliseconds. */
const partingMs = 300;

/**
 * Holds the conversation over one TCP connection. Never rejects; what a device says out of turn, or beyond the cap, ends it. `closing`: `polite` says goodbye and
 * waits for none; `gone` resolves only when nothing is left of the connection on our side, so that its ports can be used again: the other side closes first, or we break it off.
 */
export function talk<T>(
  target: Pick<Target, 'ip' | 'remotePort' | 'localAddress' | 'localPort'>,
  left: Millis,
  first: Talk<T>,
  framing: Framing,
  closing: 'polite' | 'gone' = 'polite',
): Promise<{ readonly kind: 'done'; readonly value: T } | Failed> {
  return new Promise(resolve => {
    const socket = connect({
      host: target.ip,
      port: target.remotePort,
      noDelay: true,
      ...(target.localAddress === undefined ? {} : { localAddress: target.localAddress }),
      ...(target.localPort === undefined ? {} : { localPort: target.localPort }),
    });
    const heard = new Uint8Array(framing.maxBytes);
    let length = 0;
    let waiting: Extract<Talk<T>, { readonly kind: 'send' }> | undefined;
    let pause: NodeJS.Timeout | undefined;
    const finish = (end: Extract<Talk<T>, { readonly kind: 'done' }> | Failed): void => {
      clearTimeout(deadline);
      clearTimeout(pause);
      for (const event of ['data', 'close', 'error']) socket.removeAllListeners(event);
      socket.on('error', () => undefined);
      if (end.kind === 'done' && end.parting !== undefined) socket.write(end.parting);
      if (end.kind === 'done' && closing === 'gone') return leave(socket, () => resolve({ kind: 'done', value: end.value }));
      if (end.kind === 'done') endPolitely(socket);
      else socket.destroy();
      return resolve(end);
    };
    const deadline = setTimeout(() => finish(failed('timeout', `not done within ${Math.round(left)} ms`)), left);
    const go = (step: Talk<T>): void => {
      if (step.kind === 'done') return finish(step);
      if (step.kind === 'failed') return finish(failed('refused', step.why));
      const say = (): void => {
        waiting = step;
        socket.write(framing.write(step.message));
      };
      if (step.afterMs === 0) return say();
      pause = setTimeout(say, step.afterMs);
      return undefined;
    };
    socket.on('data', (chunk: Buffer) => {
      const step = waiting;
      if (step === undefined || length + chunk.length > heard.length)
        return finish(
          failed('refused', step === undefined ? 'talks without being asked' : `more than ${heard.length} bytes in one answer`),
        );
      heard.set(chunk, length);
      length += chunk.length;
      const answer = answerIn(heard.subarray(0, length), framing);
      if (answer === undefined) return undefined;
      if (!(answer instanceof Uint8Array)) return finish(answer);
      // A copy: what was heard is written over by the next answer.
      const message = answer.slice();
      length = 0;
      waiting = undefined;
      return go(step.next(message));
    });
    socket.on('error', (error: Error) => finish(failureOf(error)));
    socket.on('close', () => finish(failed('reset', 'closed before it had answered')));
    socket.once('connect', () => go(first));
  });
}

/** Says goodbye, but waits for none. */
function endPolitely(socket: Socket): void {
  socket.resume();
  socket.end();
  setTimeout(() => socket.destroy(), 200).unref();
}

/** Calls `gone` when nothing of ours is left, in TIME_WAIT neither: that is for who closes first. */
function leave(socket: Socket, gone: () => void): void {
  const patience = setTimeout(() => socket.resetAndDestroy(), partingMs);
  socket.once('close', () => {
    clearTimeout(patience);
    gone();
  });
  socket.resume();
}

function answerIn(heard: Uint8Array, framing: Framing): Uint8Array | Failed | undefined {
  try {
    return framing.read(heard);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return failed('refused', error.message);
  }
}
