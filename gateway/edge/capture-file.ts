import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CaptureReader } from '../codec/capture.ts';
import type { Frame } from '../model/frame.ts';
import { fileFault } from '../model/file-fault.ts';

/** What is read at once: little enough to stay in the cache of the processor, for each byte is written there by the kernel and read from there by us. */
const chunkBytes = 512 * 1024;

/**
 * Feeds a capture file (`-`: the standard input) to `take`, in bounded memory. Throws DecodeError when the file breaks its format, after every whole frame.
 * `progress` is told how much of the file has been read, 0 to 1. It waits for the disk: whoever calls it has nothing else to do.
 */
export function readCaptureFile(path: string, take: (frame: Frame) => void, progress?: (part: number) => void): void {
  const reader = new CaptureReader(take);
  const file = path === '-' ? 0 : tried(path, () => openSync(path, 'r'));
  try {
    const chunk = new Uint8Array(chunkBytes);
    const size = progress === undefined ? 0 : fstatSync(file).size;
    for (let read = 0; ; ) {
      const count = tried(path, () => readSome(file, chunk));
      if (count === 0) break;
      reader.push(chunk.subarray(0, count));
      read += count;
      if (size > 0) progress?.(Math.min(1, read / size));
    }
  } finally {
    closeSync(file);
  }
  reader.finish();
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
