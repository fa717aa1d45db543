import { findNtlm, type Ntlm } from '../gateway/codec/ntlm.ts';
import { Reader } from '../gateway/codec/reader.ts';
import { decodeText, maxText } from '../gateway/codec/text.ts';
import { ofWhole } from '../gateway/codec/whole.ts';
import { word } from '../gateway/codec/words.ts';
import type { Fact } from '../gateway/model/fact.ts';
import { visibleText } from '../gateway/model/visible-text.ts';
import { collector, type Said, tcpStream } from './collector.ts';
import type { Packet } from './packet.ts';
import { tcpServiceName } from './service-names.ts';

/** Over NetBIOS (RFC 1002 §4.3) and directly over TCP (MS-SMB2 §2.1). */
const [netbiosPort, directPort] = [139, 445];
/** Types of session messages, RFC 1002 §4.3.1. */
const session = { message: 0x00, request: 0x81, keepAlive: 0x85 } as const;
const [smb1, smb2] = [0xff534d42, 0xfe534d42];
/** Commands: MS-CIFS §2.2.2.1, MS-SMB2 §2.2.1. */
const commands = { negotiate2: 0x00, sessionSetup2: 0x01, sessionSetup1: 0x73 } as const;
/** DialectRevision, MS-SMB2 §2.2.4. */
const dialects: { readonly [revision: number]: string } = {
  0x0202: '2.0.2',
  0x0210: '2.1',
  0x0300: '3.0',
  0x0302: '3.0.2',
  0x0311: '3.1.1',
};

export type Smb = {
  readonly isServer: boolean;
  /** What was agreed on, of a server only. */
  readonly dialect: string | undefined;
  /** Operating system, of SMB 1 only. */
  readonly system: string | undefined;
  readonly ntlm: Ntlm | undefined;
};
/** `isEnd`: no later message says more. */
type Found = Smb & { readonly isEnd: boolean };
const nothing = { dialect: undefined, system: undefined, ntlm: undefined } as const;

/**
 * The start of an SMB session: dialect, operating system and machine name. MS-CIFS, MS-SMB, MS-SMB2, MS-NLMP. Undefined until the session set-up says who is
 * there: the answer of a server, the last message of a client.
 */
export function decode(bytes: Uint8Array): Smb | undefined {
  const r = new Reader(bytes, 'SMB session');
  let dialect: string | undefined;
  while (r.left >= 4) {
    const type = r.u8();
    const length = r.u8() * 0x10000 + r.u16();
    if (type !== session.message && (type < session.request || type > session.keepAlive)) throw r.fault(`session message ${type}`);
    if (length > r.left) break;
    const message = r.take(length);
    if (type !== session.message || length < 40) continue;
    const protocol = word(message, 0);
    if (protocol !== smb1 && protocol !== smb2) return { isServer: false, ...nothing }; // encrypted or compressed: nothing more to see
    const found = ofWhole(() => (protocol === smb1 ? fromSmb1(message) : fromSmb2(message)));
    dialect = found.dialect ?? dialect;
    const { isServer, system, ntlm } = found;
    if (found.isEnd) return { isServer, dialect, system, ntlm };
  }
  return undefined;
}

/** MS-CIFS §2.2.3.1, §2.2.4.53; MS-SMB §2.2.4.6: the words, then the security blob, then names. A client says them twice, the last time with its name. */
function fromSmb1(message: Uint8Array): Found {
  const r = new Reader(message, 'SMB 1');
  r.skip(4);
  const command = r.u8();
  r.skip(4); // status
  const isServer = (r.u8() & 0x80) !== 0;
  const isUnicode = (r.u16le() & 0x8000) !== 0;
  r.skip(20);
  const words = new Reader(r.take(r.u8() * 2), 'SMB 1 words');
  if (command !== commands.sessionSetup1) return { isServer, isEnd: false, ...nothing };
  const blobLengthAt = blobLengths[words.left];
  if (blobLengthAt !== undefined) words.skip(blobLengthAt);
  const blobLength = blobLengthAt === undefined ? 0 : words.u16le();
  const passwordsAt = isServer || words.left !== plainWords ? undefined : 14;
  if (passwordsAt !== undefined) words.skip(passwordsAt);
  const passwords = passwordsAt === undefined ? 0 : words.u16le() + words.u16le();
  const bytes = new Reader(r.take(r.u16le()), 'SMB 1 bytes');
  const start = message.length - r.left - bytes.left + blobLength;
  const ntlm = findNtlm(bytes.take(blobLength));
  // A request without a blob has passwords where the blob would be, and behind them who logs in and where: MS-CIFS §2.2.4.53.1.
  const systemAt = passwordsAt === undefined ? start : behindNames(message, start + passwords, isUnicode, 2);
  const system = blobLengthAt === undefined && passwordsAt === undefined && !isServer ? '' : nameAt(message, systemAt, isUnicode);
  return {
    isServer,
    isEnd: isServer || ntlm !== undefined || passwordsAt !== undefined,
    dialect: '1.0',
    system: system === '' ? undefined : system,
    ntlm,
  };
}

/** Where the length of the blob stands in the words of session set-up, by their length in bytes: of an answer, and of a request. */
const blobLengths: { readonly [bytes: number]: number } = { 8: 6, 24: 14 };

/** Bytes of the words of a request without a blob. */
const plainWords = 26;

/** Where so many names that stand one behind the other end. */
function behindNames(message: Uint8Array, start: number, isUnicode: boolean, count: number): number {
  const step = isUnicode ? 2 : 1;
  let at = isUnicode ? start + (start & 1) : start;
  for (let i = 0; i < count; i++) {
    while (at + step <= message.length && (message[at] !== 0 || (isUnicode && message[at + 1] !== 0))) at += step;
    at += step;
  }
  return at;
}

/** The name at `start`; of UTF-16 it stands at an even place. */
function nameAt(message: Uint8Array, start: number, isUnicode: boolean): string {
  const at = isUnicode ? start + (start & 1) : start;
  let end = at;
  const step = isUnicode ? 2 : 1;
  while (end + step <= message.length && end - at < maxText * step && (message[end] !== 0 || (isUnicode && message[end + 1] !== 0)))
    end += step;
  const name = message.subarray(at, end);
  return isUnicode ? visibleText(new TextDecoder('utf-16le').decode(name)) : decodeText(name);
}

/** MS-SMB2 §2.2.1.2, §2.2.4, §2.2.6. */
function fromSmb2(message: Uint8Array): Found {
  const r = new Reader(message, 'SMB 2');
  r.skip(12);
  const command = r.u16le();
  r.skip(2); // credits
  const isServer = (r.u32le() & 1) !== 0;
  r.skip(44);
  if (command === commands.negotiate2 && isServer) {
    r.skip(4); // structure size, security mode
    return { isServer, isEnd: false, ...nothing, dialect: dialects[r.u16le()] };
  }
  if (command !== commands.sessionSetup2) return { isServer, isEnd: command > commands.sessionSetup2, ...nothing };
  const ntlm = findNtlm(r.rest());
  return { isServer, isEnd: isServer || ntlm !== undefined, ...nothing, ntlm };
}

/** The DNS name is in the case that people gave it; a workstation without a domain has both alike. */
export function nameOf(ntlm: Ntlm | undefined): readonly Fact[] {
  const [label] = (ntlm?.dnsComputer ?? '').split('.');
  const name = label === undefined || label === '' ? (ntlm?.computer ?? '') : label;
  return name === '' ? [] : [{ kind: 'hostname', name }];
}

/** Machines name themselves; who logs in is not looked at. */
export function observe(m: Smb, packet: Packet): readonly Said[] {
  if (!packet.isOwnAddress) return [];
  const facts: Fact[] = [];
  const { sourcePort: port } = packet;
  if (m.isServer) facts.push({ kind: 'service', protocol: 'tcp', port, name: tcpServiceName(port) ?? 'microsoft-ds' });
  facts.push(...nameOf(m.ntlm));
  const system = m.system ?? (m.ntlm?.version === undefined ? undefined : `version ${m.ntlm.version}`);
  const parts = [...(system === undefined ? [] : [system]), ...(m.isServer && m.dialect !== undefined ? [`SMB ${m.dialect}`] : [])];
  if (parts.length > 0) facts.push({ kind: 'description', text: parts.join(', ').slice(0, maxText), of: 'smb' });
  return facts;
}

function wants({ bytes: b, payload: i }: Packet): boolean {
  const [type, protocol] = [b[i] ?? 0, word(b, i + 4)];
  return (type >= session.request && type <= session.keepAlive) || (type === session.message && (protocol === smb1 || protocol === smb2));
}

export const smb = collector({ name: 'smb', spec: 'MS-SMB2', matches: tcpStream(netbiosPort, directPort), wants, decode, observe });
