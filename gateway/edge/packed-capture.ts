import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Packing } from './capture-file.ts';

/**
 * Unpacks a capture, of which `head` has been read already, some of it at a time: memory does not grow with what comes out. False when the
 * packed file is cut or broken, after what came before; throws what `push` throws.
 */
export async function unpack(
  packing: Packing,
  head: Uint8Array,
  rest: Iterable<Uint8Array>,
  push: (plain: Uint8Array) => void,
): Promise<boolean> {
  // The reader of the file uses its memory again and again.
  function* copies(): Generator<Uint8Array> {
    yield head.slice();
    for (const chunk of rest) yield chunk.slice();
  }
  const unpacker = packing === 'gzip' ? createGunzip() : createZstdDecompress();
  try {
    await pipeline(Readable.from(copies()), unpacker, async (plain: AsyncIterable<Uint8Array>) => {
      for await (const chunk of plain) push(chunk);
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!/^(Z_|ZSTD_)/.test(code)) throw error;
    return false;
  }
  return true;
}
