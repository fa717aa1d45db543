import { Reader } from './reader.ts';
import { decodeText, decodeUtf16 } from './text.ts';

const signature = new TextEncoder().encode('NTLMSSP\0');
const messageTypes = { challenge: 2, authenticate: 3 } as const;
/** NegotiateFlags, MS-NLMP §2.2.2.5. */
const flags = { unicode: 0x0000_0001, version: 0x0200_0000 } as const;
/** AvId of AV_PAIR, MS-NLMP §2.2.2.1. */
const pairs = { end: 0, netbiosComputer: 1, dnsComputer: 3 } as const;
const maxPairs = 32;

/** What a side of NTLM says of the machine that it runs on; names are empty when it does not say. User names and hashes are not read. */
export type Ntlm = {
  readonly kind: 'challenge' | 'authenticate';
  /** NetBIOS name. */
  readonly computer: string;
  /** Fully qualified, of a challenge only. */
  readonly dnsComputer: string;
  /** `10.0.19041`, as the sender chose to say it. */
  readonly version?: string;
};

/** Finds the first challenge or authentication of NTLM in a message that wraps it somehow (SPNEGO). MS-NLMP §2.2.1. Undefined when there is none. Throws DecodeError. */
export function findNtlm(bytes: Uint8Array): Ntlm | undefined {
  const at = indexOf(bytes, signature);
  if (at < 0) return undefined;
  const whole = bytes.subarray(at);
  const r = new Reader(whole, 'NTLM');
  r.skip(signature.length);
  const type = r.u32le();
  if (type === messageTypes.challenge) return challenge(whole, r);
  return type === messageTypes.authenticate ? authenticate(whole, r) : undefined;
}

/** MS-NLMP §2.2.1.2. */
function challenge(whole: Uint8Array, r: Reader): Ntlm {
  r.skip(8); // target name
  const said = r.u32le();
  r.skip(16); // challenge, reserved
  const info = new Reader(field(whole, r), 'NTLM target info');
  const names = new Map<number, string>();
  for (let n = 0; n < maxPairs && info.left >= 4; n++) {
    const [id, length] = [info.u16le(), info.u16le()];
    if (id === pairs.end) break;
    const value = info.take(length);
    if (id === pairs.netbiosComputer || id === pairs.dnsComputer) names.set(id, unicode(value));
  }
  const [computer, dnsComputer] = [names.get(pairs.netbiosComputer) ?? '', names.get(pairs.dnsComputer) ?? ''];
  return { kind: 'challenge', computer, dnsComputer, ...version(said, r) };
}

/** MS-NLMP §2.2.1.3. */
function authenticate(whole: Uint8Array, r: Reader): Ntlm {
  r.skip(32); // LM and NT response, domain, user
  const workstation = field(whole, r);
  r.skip(8); // session key
  const said = r.u32le();
  const computer = (said & flags.unicode) !== 0 ? unicode(workstation) : decodeText(workstation);
  return { kind: 'authenticate', computer, dnsComputer: '', ...version(said, r) };
}

/** Length, room and offset of a field of the payload. */
function field(whole: Uint8Array, r: Reader): Uint8Array {
  const length = r.u16le();
  r.skip(2);
  const payload = new Reader(whole, 'NTLM payload');
  payload.skip(r.u32le());
  return payload.take(length);
}

/** MS-NLMP §2.2.2.10. */
function version(said: number, r: Reader): { readonly version?: string } {
  if ((said & flags.version) === 0) return {};
  return { version: `${r.u8()}.${r.u8()}.${r.u16le()}` };
}

const unicode = (bytes: Uint8Array): string => decodeUtf16(bytes).trim();

function indexOf(bytes: Uint8Array, what: Uint8Array): number {
  for (let i = bytes.indexOf(what[0] ?? 0); i >= 0 && i + what.length <= bytes.length; i = bytes.indexOf(what[0] ?? 0, i + 1))
    if (what.every((byte, n) => bytes[i + n] === byte)) return i;
  return -1;
}
