import { randomBytes, randomInt } from 'node:crypto';
import type { Millis } from '../../../model/address.ts';
import { sameBytes } from '../../../codec/bytes.ts';
import {
  blockOf,
  blockValue,
  type CoapBlock,
  coapCodes,
  type CoapMessage,
  coapOptions,
  coapTypes,
  coapUint,
  decodeCoap,
  encodeCoap,
} from '../../../codec/coap.ts';
import { DecodeError } from '../../../codec/reader.ts';
import { type Failed, failed } from './channel.ts';

/** What carries datagrams to one peer and back; `heard` and `broke` are set by the client. */
export type Datagrams = {
  readonly send: (bytes: Uint8Array) => void;
  heard: (bytes: Uint8Array) => void;
  broke: (why: Failed) => void;
};

export type CoapQuestion = {
  readonly path: readonly string[];
  readonly contentFormat: number;
  /** Absent: whatever the server has. */
  readonly accept?: number;
  readonly payload: Uint8Array;
};
export type CoapAnswer = {
  readonly kind: 'coap';
  readonly code: number;
  readonly contentFormat: number | undefined;
  readonly body: Uint8Array;
};

/** How long the first of our messages waits for its acknowledgement, and how often it is repeated, twice as late each time (RFC 7252 §4.8). */
const ackTimeout: Millis = 2_000;
const maxRetransmit = 4;
/** Most bytes of a body, of blocks that make it up, and of datagrams that we look at for one block. */
const maxBody = 262_144;
const maxBlocks = 16_384;
const maxDatagrams = 64;
/** The size of blocks that we ask for first. */
const blockSize = 1024;
/** Options that a response may have and that must be understood (odd numbers, RFC 7252 §5.4.1). */
const understood: ReadonlySet<number> = new Set([coapOptions.block1, coapOptions.block2]);

/** FETCH (RFC 8132 §2) to one server, its answer block by block (RFC 7959 §2.4). Never rejects. */
export class CoapClient {
  readonly #datagrams: Datagrams;
  readonly #end: Millis;
  #messageId = randomInt(65_536);

  /** `left`: for the whole conversation. */
  constructor(datagrams: Datagrams, left: Millis) {
    this.#datagrams = datagrams;
    this.#end = performance.now() + left;
  }

  async fetch(question: CoapQuestion): Promise<CoapAnswer | Failed> {
    const body: Uint8Array[] = [];
    let length = 0;
    let etag: Uint8Array | undefined;
    let size = blockSize;
    for (let number = 0; number < maxBlocks; number++) {
      const response = await this.#ask(question, { number, more: false, size });
      if ('kind' in response) return response;
      const { code, options, payload } = response;
      const block = blockOf(options.get(coapOptions.block2)?.[0]);
      const tag = options.get(coapOptions.etag)?.[0];
      if (number > 0 && (code !== coapCodes.content || block?.number !== number || !isSame(tag, etag)))
        return failed('reset', 'its answer changed between two blocks');
      etag = tag;
      length += payload.length;
      if (length > maxBody) return failed('reset', `answers with more than ${maxBody} bytes`);
      body.push(payload);
      if (block?.more === true) {
        // A small device answers in smaller blocks than we asked for, and then in these to the end (§2.4).
        if (number === 0 && block.size < size) size = block.size;
        if (block.size === size && payload.length === size) continue;
        return failed('reset', `answers in blocks of ${block.size} bytes that hold ${payload.length}`);
      }
      const format = options.get(coapOptions.contentFormat)?.[0];
      return { kind: 'coap', code, contentFormat: uint(format), body: new Uint8Array(Buffer.concat(body)) };
    }
    return failed('reset', `answers in more than ${maxBlocks} blocks`);
  }

  /** One request, repeated until it is answered. */
  #ask({ path, contentFormat, accept, payload }: CoapQuestion, block: CoapBlock): Promise<CoapMessage | Failed> {
    this.#messageId = (this.#messageId + 1) & 0xffff;
    const messageId = this.#messageId;
    const token = new Uint8Array(randomBytes(8));
    const options = new Map<number, readonly Uint8Array[]>([
      [coapOptions.uriPath, path.map(part => new TextEncoder().encode(part))],
      [coapOptions.contentFormat, [coapUint(contentFormat)]],
      ...(accept === undefined ? [] : [[coapOptions.accept, [coapUint(accept)]] as const]),
      [coapOptions.block2, [blockValue(block)]],
    ]);
    // Each further block is asked for with the whole question: a server need not remember it.
    const request = encodeCoap({ type: coapTypes.confirmable, code: coapCodes.fetchCode, messageId, token, options, payload });
    return new Promise(resolve => {
      let repeats = 0;
      let seen = 0;
      let wait = ackTimeout * (1 + Math.random() / 2);
      const settle = (result: CoapMessage | Failed): void => {
        clearTimeout(deadline);
        clearTimeout(repeat);
        resolve(result);
      };
      const deadline = setTimeout(() => settle(failed('timeout', 'no whole answer in time')), Math.max(1, this.#end - performance.now()));
      const again = (): void => {
        if (repeats++ >= maxRetransmit) return settle(failed('timeout', `no answer to ${repeats} messages`));
        this.#datagrams.send(request);
        wait *= 2;
        repeat = setTimeout(again, wait);
        return undefined;
      };
      let repeat = setTimeout(again, wait);
      this.#datagrams.broke = settle;
      this.#datagrams.heard = bytes => {
        if (++seen > maxDatagrams) return settle(failed('reset', `sends more than ${maxDatagrams} datagrams for one answer`));
        const message = tryDecode(bytes);
        if (message === undefined) return undefined;
        const isToThis = message.messageId === messageId && message.type >= coapTypes.acknowledgement;
        if (isToThis && message.type === coapTypes.reset) return settle(failed('refused', 'does not understand us (reset)'));
        // An empty acknowledgement: the answer comes by itself, and ours need not be repeated (§5.2.2).
        if (isToThis && message.code === coapCodes.empty) return clearTimeout(repeat);
        if (!sameBytes(message.token, token) || (message.type === coapTypes.acknowledgement && !isToThis) || message.code < 0x40)
          return undefined;
        if (message.type === coapTypes.confirmable) this.#acknowledge(message.messageId);
        if ([...message.options.keys()].some(option => option % 2 === 1 && !understood.has(option)))
          return settle(failed('refused', 'answers with an option that must be understood and is not'));
        return settle(message);
      };
      this.#datagrams.send(request);
    });
  }

  #acknowledge(messageId: number): void {
    const empty = { token: new Uint8Array(), options: new Map<number, readonly Uint8Array[]>(), payload: new Uint8Array() };
    this.#datagrams.send(encodeCoap({ type: coapTypes.acknowledgement, code: coapCodes.empty, messageId, ...empty }));
  }
}

const uint = (value: Uint8Array | undefined): number | undefined =>
  value === undefined || value.length > 2 ? undefined : value.reduce((sum, byte) => sum * 256 + byte, 0);

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : sameBytes(a, b);

function tryDecode(bytes: Uint8Array): CoapMessage | undefined {
  try {
    return decodeCoap(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return undefined;
  }
}
