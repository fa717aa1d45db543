import type { Readable, Writable } from 'node:stream';

/** Longest line that is kept; a longer one is thrown away whole and counted. Bytes. */
export const maxLine = 8 * 1024 * 1024;

/**
 * Calls `take` with each JSON value of a stream of newline-separated JSON, `spoilt` with each line that is none (cut by a crash, too long).
 * The values are untrusted: check their shape before use.
 */
export function readLines(stream: Readable, take: (value: unknown) => void, spoilt: (why: string) => void): void {
  let parts: Buffer[] = [];
  let held = 0;
  let skipping = false;
  stream.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, end));
      from = end + 1;
      const line = skipping ? '' : Buffer.concat(parts).toString('utf8');
      if (skipping) spoilt(`a line is longer than ${maxLine} bytes`);
      parts = [];
      held = 0;
      skipping = false;
      if (line !== '') takeLine(line, take, spoilt);
    }
    const rest = chunk.subarray(from);
    held += rest.length;
    if (held > maxLine) {
      skipping = true;
      parts = [];
    } else if (!skipping && rest.length > 0) parts.push(rest);
  });
}

function takeLine(line: string, take: (value: unknown) => void, spoilt: (why: string) => void): void {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    spoilt(`a line is no JSON: ${error.message}`);
    return;
  }
  take(value);
}

/** Writes values as lines. Returns a function that says false when the reader is more than `highWater` bytes behind and the value was not sent. */
export function lineWriter<T>(stream: Writable, highWater = 32 * 1024 * 1024): (value: T) => boolean {
  return value => {
    if (stream.destroyed || stream.writableLength > highWater) return false;
    stream.write(`${JSON.stringify(value)}\n`);
    return true;
  };
}
