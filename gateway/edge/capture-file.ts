import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CaptureReader } from '../codec/capture.ts';
import { DecodeError } from '../codec/reader.ts';
import type { Frame } from '../model/frame.ts';
import { fileFault } from '../model/file-fault.ts';

/** What is read at once: little enough to stay in the cache of the processor, for each byte is written there by the kernel and read from there by us. */
const chunkBytes = 512 * 1024;

/** How a packed capture begins: RFC 1952, RFC 8878. What unpacks it is loaded for such ones only. */
const packings = { gzip: [0x1f, 0x8b], zstd: [0x28, 0xb5, 0x2f, 0xfd] } as const;
export type Packing = keyof typeof packings;

/**
 * Feeds a capture file (`-`: the standard input), also a packed one, to `take`, in bounded memory. Throws DecodeError when the file breaks its
 * format, after every whole frame. `progress` is told how much of the file has been read, 0 to 1. It waits for the disk: whoever calls it has
 * nothing else to do.
 */
export async function readCaptureFile(path: string, take: (frame: Frame) => void, progress?: (part: number) => void): Promise<void> {
  const reader = new CaptureReader(take);
  const file = path === '-' ? 0 : tried(path, () => openSync(path, 'r'));
  try {
    const chunks = chunksOf(path, file, progress);
    const first = chunks.next();
    const head = first.done === true ? new Uint8Array(0) : first.value;
    const packing = packingOf(head);
    if (packing !== undefined) {
      const { unpack } = await import('./packed-capture.ts');
      const isWhole = await unpack(packing, head, chunks, chunk => reader.push(chunk));
      if (!isWhole) throw new DecodeError(`Cannot read capture: the ${packing} file is cut or broken`);
    } else {
      if (head.length > 0) reader.push(head);
      for (const chunk of chunks) reader.push(chunk);
    }
    reader.finish();
  } catch (error) {
    if (!(error instanceof DecodeError) || reader.frames === 0) throw error;
    throw new DecodeError(`${error.message}; ${reader.frames} frames before it were read`);
  } finally {
    closeSync(file);
  }
}

function packingOf(head: Uint8Array): Packing | undefined {
  if (packings.gzip.every((value, i) => head[i] === value)) return 'gzip';
  return packings.zstd.every((value, i) => head[i] === value) ? 'zstd' : undefined;
}

/** Each is valid until the next is asked for. */
function* chunksOf(path: string, file: number, progress: ((part: number) => void) | undefined): Generator<Uint8Array, void> {
  const chunk = new Uint8Array(chunkBytes);
  const size = progress === undefined ? 0 : fstatSync(file).size;
  for (let read = 0; ; ) {
    const count = tried(path, () => readSome(file, chunk));
    if (count === 0) return;
    yield chunk.subarray(0, count);
    read += count;
    if (size > 0) progress?.(Math.min(1, read / size));
  }
}

/** What a call on the file returns, or an error that says what is wrong with it. */
function tried<T>(path: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw new Error(`Cannot read ${path}: ${fileFault(error)}`, { cause: error });
  }
}

/** Reads what there is; a standard input that has nothing yet is waited for. 0 at the end. */
function readSome(file: number, chunk: Uint8Array): number {
  for (;;)
    try {
      return readSync(file, chunk, 0, chunk.length, null);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
}
