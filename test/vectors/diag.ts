import { encode, Tagged } from 'cborg';

/** CBOR diagnostic notation (RFC 8949 §8) as far as published vectors use it, to values that cborg encodes: maps are Maps, tags are Tagged. */
export function readDiag(text: string): unknown {
  // A text is tried before a comment, since its slashes open none.
  const all = text.matchAll(/h'[0-9a-fA-F\s]*'|"(?:[^"\\]|\\.)*"|\/[^/]*\/|-?\d+|true|false|null|<<|>>|[[\]{}(),:]/g);
  const tokens = [...all].map(([token]) => token).filter(token => !token.startsWith('/'));
  let at = 0;
  const next = (): string => tokens[at++] ?? '';
  const isNext = (mark: string): boolean => {
    if (tokens[at] !== mark) return false;
    at++;
    return true;
  };
  const list = <T>(end: string, read: () => T): T[] => {
    const found: T[] = [];
    while (!isNext(end)) {
      if (at >= tokens.length) throw new Error(`diag: no ${end}`);
      found.push(read());
      isNext(',');
    }
    return found;
  };
  const value = (): unknown => {
    const token = next();
    if (token === '[') return list(']', value);
    if (token === '<<') return encode(list('>>', value)[0]);
    if (token === '{')
      return new Map(
        list('}', () => {
          const key = value();
          if (!isNext(':')) throw new Error('diag: no colon');
          return [key, value()] as const;
        }),
      );
    if (token.startsWith("h'")) return Uint8Array.from(Buffer.from(token.slice(2, -1).replace(/\s/g, ''), 'hex'));
    if (token.startsWith('"')) return token.slice(1, -1).replace(/\n/g, '').replaceAll('\\"', '"');
    if (token === 'true' || token === 'false') return token === 'true';
    if (token === 'null') return null;
    if (!/^-?\d+$/.test(token)) throw new Error(`diag: ${token}`);
    if (!isNext('(')) return Number(token);
    const [inner] = list(')', value);
    return new Tagged(Number(token), inner);
  };
  const whole = value();
  if (at !== tokens.length) throw new Error('diag: something after the end');
  return whole;
}
