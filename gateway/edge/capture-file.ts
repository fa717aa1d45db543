import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { CaptureReader } from '../codec/capture.ts';
import type { Frame } from '../model/frame.ts';

/** What is read at once: little enough to stay in the cache of the processor, for each byte is written there by the kernel and read from there by us. */
const chunkBytes = 512 * 1024;

/**
 * Feeds a capture file to `take`, in bounded memory. Throws DecodeError when the file breaks its format, after every whole frame.
 * `progress` is told how much of the file has been read, 0 to 1. It waits for the disk: whoever calls it has nothing else to do.
 */
export function readCaptureFile(path: string, take: (frame: Frame) => void, progress?: (part: number) => void): void {
  const reader = new CaptureReader(take);
  const file = openCapture(path);
  try {
    const chunk = new Uint8Array(chunkBytes);
    const size = progress === undefined ? 0 : fstatSync(file).size;
    for (let read = 0; ; ) {
      const count = readSync(file, chunk, 0, chunk.length, null);
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

function openCapture(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const isMissing = 'code' in error && error.code === 'ENOENT';
    throw new Error(`Cannot read ${path}: ${isMissing ? 'there is no such file' : error.message}`, { cause: error });
  }
}
