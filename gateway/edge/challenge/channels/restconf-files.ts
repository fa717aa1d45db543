import { maxListBytes } from '../../../attestation/tpm/list-beside.ts';
import { concat } from '../../../codec/bytes.ts';
import { type Share, shortAnswer } from '../answer-room.ts';
import { type Failed, failed } from './channel.ts';
import type { Https } from './https.ts';
import { jsonIn } from './json-answer.ts';
import { imaEnd, imaTextOf, logQuestion, logs, module } from './restconf-logs.ts';

const json = 'application/yang-data+json';
/** So many entries are asked for at once: some 2 MB of JSON, which this process reads within a moment. A device may send fewer, and one that sends all is heard too. */
const entriesAtOnce = 4_000;
/** Most bytes of one answer, and most answers. */
const maxPiece = 16 * 1024 * 1024;
const maxPieces = 200;

type Files = { readonly kind: 'list'; readonly list: Uint8Array };

/**
 * The list of files that a device ran, by the RPC `log-retrieval` (RFC 9684 §2.1.1.4), piece by piece: each asks for what follows the last entry of the one
 * before (`last-index-number`, `log-entry-quantity`), until nothing follows. Undefined where the device has no such list; then nothing but what it signed speaks
 * for it. What fails on the way says nothing about the device.
 */
export async function filesOf(root: string, https: Https, share: Share | undefined): Promise<Files | Failed | undefined> {
  const path = `${root}/operations/${module}:log-retrieval`;
  const ask = async (body: string) => {
    const headers = { accept: json, 'content-type': json };
    const told = jsonIn(await https.ask({ method: 'POST', path, headers, body, most: maxPiece }), logs);
    if (told.kind === 'failed') return told;
    return { kind: 'piece', ...imaEnd(told.value), bytes: new TextEncoder().encode(imaTextOf(told.value) ?? '') } as const;
  };
  const pieces: Uint8Array[] = [];
  let [bytes, after] = [0, '0'];
  while (pieces.length < maxPieces) {
    const piece = await ask(logQuestion('ima', after, entriesAtOnce));
    if (piece.kind === 'failed' && piece.failure === 'refused') break;
    if (piece.kind === 'failed') return piece;
    const { count, last } = piece;
    if (count === undefined || (count === 0 && pieces.length > 0)) break;
    if (pieces.length === 1 && last === after) {
      // It gives the same entries whatever it is asked for: then all at once.
      const all = await ask(logQuestion('ima'));
      return all.kind === 'failed' ? all : { kind: 'list', list: all.bytes };
    }
    pieces.push(piece.bytes);
    bytes += piece.bytes.length;
    if (bytes > maxListBytes)
      return failed('reset', `answers with ${bytes} bytes or more of files that it ran, at most ${maxListBytes} are taken`);
    if (bytes > shortAnswer) await share?.take();
    // Who sends more than it was asked for has sent all.
    if (last === undefined || last === after || count > entriesAtOnce) break;
    after = last;
  }
  if (pieces.length === maxPieces) return failed('reset', `answers with its list of files in more than ${maxPieces} pieces`);
  return pieces.length === 0 ? undefined : { kind: 'list', list: concat(...pieces) };
}
