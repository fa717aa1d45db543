import { cipClasses, type CipQuestion, cipReads, unpackCip } from './cip.ts';
import { DecodeError, Reader } from './reader.ts';
import { decodeText } from './text.ts';

/** What an Identity object says, CIP Volume 1 §5A-2, as far as it was asked. Untrusted. */
export type CipIdentity = {
  readonly vendor?: number;
  readonly deviceType?: number;
  readonly revision?: string;
  readonly serial?: number;
  readonly productName?: string;
};

/** What one object answered. `isRouted` as in the question; undefined also where nobody heard it. */
export type CipTold = {
  readonly identity: CipIdentity;
  /** Of the TCP/IP Interface object. CIP Volume 2 §5-4.3. */
  readonly hostName?: string;
  readonly isRouted: boolean | undefined;
};
type Draft = { identity: { -readonly [member in keyof CipIdentity]: CipIdentity[member] }; hostName?: string };

const replyBit = 0x80;
/** General status: some attributes of the list could not be read; some messages of the packet failed. CIP Volume 1 §B-1. */
const [attributeListError, embeddedError] = [0x0a, 0x1e];
const packetReply = 0x0a | replyBit;

/** Instance 1 of the Identity object, attributes 1 to 7; more may follow. */
export function readCipIdentity(r: Reader): CipIdentity {
  const told: Draft = { identity: {} };
  for (const attribute of identityOrder) readIdentity(r, attribute, told);
  return told.identity;
}
const identityOrder = [1, 2, 3, 4, 5, 6, 7];
const interfaceOrder = [1, 2, 3, 4, 5, 6];

/**
 * What objects that tell who a device is answer to an explicit message. CIP Volume 1 §2-4.1, §A-4. `questions` are those of the message; undefined where
 * nobody heard it: then an Identity object is known by its shape.
 */
export function readCipAnswers(bytes: Uint8Array, questions: readonly CipQuestion[] | undefined): readonly CipTold[] {
  const whole = readReply(bytes);
  if (questions === undefined) return whole.service === (cipReads.all | replyBit) && whole.status === 0 ? guessed(whole.data) : [];
  if (whole.service !== packetReply) return toldOf(whole, questions[0]);
  if (whole.status !== 0 && whole.status !== embeddedError) return [];
  return unpackCip(whole.data).flatMap((one, i) => toldOf(readReply(one), questions[i]));
}

type Reply = { readonly service: number; readonly status: number; readonly data: Uint8Array };

function readReply(bytes: Uint8Array): Reply {
  const r = new Reader(bytes, 'CIP answer');
  const service = r.u8();
  r.skip(1); // reserved
  const status = r.u8();
  r.skip(r.u8() * 2); // additional status
  return { service, status, data: r.rest() };
}

/** An answer that does not fit the question is one to another: numbers come again. */
function toldOf({ service, status, data }: Reply, question: CipQuestion | undefined): readonly CipTold[] {
  if (question === undefined || question.instance !== 1 || service !== (question.service | replyBit)) return [];
  const isList = question.service === cipReads.list;
  if (status !== 0 && !(isList && status === attributeListError)) return [];
  const told: Draft = { identity: {} };
  const read =
    question.classId === cipClasses.identity ? readIdentity : question.classId === cipClasses.tcpIpInterface ? readInterface : undefined;
  if (read === undefined) return [];
  try {
    const r = new Reader(data, 'CIP attributes');
    if (isList) readAttributeList(r, read, told);
    else {
      const all = question.classId === cipClasses.identity ? identityOrder : interfaceOrder;
      for (const attribute of question.service === cipReads.all ? all : question.attributes) read(r, attribute, told);
    }
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return [];
  }
  return [{ ...told, isRouted: question.isRouted }];
}

/** Number, status and value of each attribute; one of unknown length ends what can be read. CIP Volume 1 §. */
function readAttributeList(r: Reader, read: typeof readIdentity, told: Draft): void {
  const count = r.u16le();
  for (let i = 0; i < count && r.left > 0; i++) {
    const [attribute, status] = [r.u16le(), r.u16le()];
    if (status === 0 && !read(r, attribute, told)) return;
  }
}

/** False for an attribute whose length is not known. CIP Volume 1 §5A-2.2. */
function readIdentity(r: Reader, attribute: number, { identity }: Draft): boolean {
  switch (attribute) {
    case 1:
      identity.vendor = r.u16le();
      return true;
    case 2:
      identity.deviceType = r.u16le();
      return true;
    case 4:
      identity.revision = `${r.u8()}.${r.u8()}`;
      return true;
    case 6:
      identity.serial = r.u32le();
      return true;
    case 7:
      identity.productName = decodeText(r.take(r.u8())).trim();
      return true;
    case 3: // product code
    case 5: // status
    case 9: // configuration consistency
      r.skip(2);
      return true;
    case 8: // state
    case 10: // heartbeat
      r.skip(1);
      return true;
    default:
      return false;
  }
}

/** Of the TCP/IP Interface object only the host name is kept: the addresses are those of its packets. CIP Volume 2 §5-4.3.2. */
function readInterface(r: Reader, attribute: number, told: Draft): boolean {
  switch (attribute) {
    case 1: // status
    case 2: // capability
    case 3: // control
      r.skip(4);
      return true;
    case 4: // path to the link
      r.skip(r.u16le() * 2);
      return true;
    case 5:
      r.skip(5 * 4); // address, mask, gateway, name servers
      readString(r); // domain
      return true;
    case 6:
      told.hostName = decodeText(readString(r)).trim();
      return true;
    default:
      return false;
  }
}

/** STRING, padded to an even length; the padding may be missing at the end. CIP Volume 1 §C-5. */
function readString(r: Reader): Uint8Array {
  const size = r.u16le();
  const text = r.take(size);
  r.skip(Math.min(size % 2, r.left));
  return text;
}

/** It is an Identity object when its name fits to the end, or to a few attributes before it. */
function guessed(data: Uint8Array): readonly CipTold[] {
  const behind = data.length - 15 - (data[14] ?? 0);
  const name = data.subarray(15, 15 + (data[14] ?? 0));
  const isIdentity = name.length > 2 && behind >= 0 && behind <= 8 && name.every(byte => byte >= 0x20 && byte < 0x7f);
  return isIdentity ? [{ identity: readCipIdentity(new Reader(data, 'CIP identity')), isRouted: undefined }] : [];
}
