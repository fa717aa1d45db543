import { hex } from '../codec/address.ts';
import { berTake } from '../codec/ber.ts';
import { sameBytes } from '../codec/bytes.ts';
import { Reader } from '../codec/reader.ts';
import {
  berElement,
  berLongOctets,
  berNumber,
  berTags,
  readScopedPdu,
  readSnmp,
  type SnmpPdu,
  snmpFlags,
  snmpPdus,
  snmpVersions,
} from '../codec/snmp.ts';
import {
  authenticate,
  decrypt,
  encrypt,
  isAuthentic,
  localKey,
  macBytes,
  readUser,
  saltBytes,
  type UserParameters,
  writeUser,
} from '../codec/snmp-user.ts';
import type { SwitchAccess } from '../model/switch.ts';
import { pduTemplates } from './switch-objects.ts';
import type { SnmpDoor } from './switch-walk.ts';
import { fits, type Template, template } from './template.ts';

/** usmStats, RFC 3414 §5: why an agent refuses, by the last part of the object that its report names. */
const reports = '1.3.6.1.6.3.15.1.1.';
const [notInTime, unknownEngine] = ['2', '4'];
const refusals: Readonly<Record<string, string>> = {
  '1': 'it does not let this user in with the protection that was asked for',
  '3': 'it knows no such user',
  '5': 'the password is wrong, or it does not authenticate with SHA-256',
  '6': 'the privacy password is wrong, or it does not encrypt with AES-128',
};
/** How often an agent may correct its name or clock in one reading. */
const maxCorrections = 4;
/** RFC 3414 §2.2.3: how old a message may be. Seconds. */
const windowSeconds = 150;
const nothing = new Uint8Array(0);
/** The largest message that we take, 65507 bytes, and the user-based model. RFC 3412 §6. */
const [largest, model] = [berNumber(65_507), berNumber(3)];

type Agent = {
  readonly engine: Uint8Array;
  readonly key: Uint8Array;
  readonly privacy: Uint8Array | undefined;
  boots: number;
  time: number;
};

/**
 * SNMPv3 with a user: what comes back is proved by the password and, with a privacy password, encrypted both ways. The agent is asked for its name and clock
 * first (RFC 3414 §4). `nonce`: 8 fresh bytes, from which salts count up.
 */
export class UserDoor implements SnmpDoor {
  readonly hasBulk = true;
  readonly #access: Extract<SwitchAccess, { readonly version: '3' }>;
  readonly #flags: number;
  #salt: bigint;
  #agent: Agent | undefined;
  #messageId = 0;
  #corrections = 0;

  constructor(access: Extract<SwitchAccess, { readonly version: '3' }>, nonce: Uint8Array) {
    this.#access = access;
    this.#flags = snmpFlags.authenticated | snmpFlags.reportable | (access.privacyPassword === undefined ? 0 : snmpFlags.encrypted);
    this.#salt = BigInt(`0x${hex(nonce.subarray(0, saltBytes))}`);
  }

  /** What may leave now: the question for name and clock; after it each question under both of them. */
  get templates(): readonly Template[] {
    const [head, agent] = [
      (flags: number) => `30 82 <messageLength:2> 02 01 03 30 82 00 11 02 04 <messageId:4> ${hex(largest)} 04 01 0${flags} ${hex(model)}`,
      this.#agent,
    ];
    if (agent === undefined) {
      const empty = hex(
        berElement(berTags.octets, writeUser({ engine: nothing, boots: 0, time: 0, user: '', mac: nothing, salt: nothing })),
      );
      const pdu = `30 82 00 18 04 00 04 00 a1 82 00 10 02 04 <requestId:4> 02 01 00 02 01 00 30 82 00 00`;
      return [template('the question for the name of the agent', `${head(snmpFlags.reportable)} ${empty} ${pdu}`)];
    }
    const isPrivate = agent.privacy !== undefined;
    const security = hex(berElement(berTags.octets, writeUser(this.#parameters(agent, new Uint8Array(isPrivate ? saltBytes : 0)))));
    const tail = isPrivate ? 2 * (saltBytes + 2) : 4;
    const known = `${head(this.#flags)} ${security.slice(0, -tail - 2 * macBytes)} <mac:${macBytes}> ${isPrivate ? '0408 <salt:8>' : '0400'}`;
    if (isPrivate) return [template('encrypted question', `${known} 04 82 <encryptedLength:2> <encrypted:40-300>`)];
    const scoped = template('v3', `${known} 30 82 <scopedLength:2> ${hex(berElement(berTags.octets, agent.engine))} 04 00`);
    return pduTemplates.map(({ name, parts }) => ({ name, parts: [...scoped.parts, ...parts] }));
  }

  seal(pdu: Uint8Array, requestId: number): Uint8Array {
    this.#messageId = requestId;
    const agent = this.#agent;
    if (agent === undefined) {
      const empty = berElement(snmpPdus.getNext, berNumber(requestId), berNumber(0), berNumber(0), berElement(berTags.sequence));
      const noOne = writeUser({ engine: nothing, boots: 0, time: 0, user: '', mac: nothing, salt: nothing });
      return this.#message(snmpFlags.reportable, noOne, scopedPdu(nothing, empty));
    }
    // Nobody sees inside once it is encrypted.
    if (!pduTemplates.some(each => fits(each, pdu))) throw new Error('Cannot ask: the question fits none of the reviewed templates');
    const parameters = this.#parameters(agent, agent.privacy === undefined ? nothing : this.#nextSalt());
    const scoped = scopedPdu(agent.engine, pdu);
    const data = agent.privacy === undefined ? scoped : berLongOctets(encrypt(scoped, agent.privacy, parameters));
    const message = this.#message(this.#flags, writeUser(parameters), data);
    return authenticate(message, message.length - data.length - 2 - parameters.salt.length - macBytes, agent.key);
  }

  open(message: Uint8Array): SnmpPdu | 'again' | 'foreign' | { readonly refused: string } {
    const read = readSnmp(message);
    if (read.version !== snmpVersions.v3 || read.messageId !== this.#messageId || read.security.length === 0) return 'foreign';
    const theirs = readUser(read.security);
    const agent = this.#agent;
    const isProved =
      agent !== undefined &&
      (read.flags & snmpFlags.authenticated) !== 0 &&
      sameBytes(theirs.engine, agent.engine) &&
      isAuthentic(message, theirs.mac, agent.key);
    if (read.pdu.type === snmpPdus.report) return this.#report(read.pdu, theirs, isProved);
    if (!isProved || theirs.user !== this.#access.user) return { refused: 'an answer that its password does not prove' };
    if (theirs.boots !== agent.boots || theirs.time < agent.time - windowSeconds) return { refused: 'an answer from another time' };
    agent.time = Math.max(agent.time, theirs.time);
    if (agent.privacy === undefined) return read.pdu;
    if ((read.flags & snmpFlags.encrypted) === 0) return { refused: 'an answer in the clear to an encrypted question' };
    const data = berTake(new Reader(read.scoped, 'SNMPv3 encrypted PDU'), berTags.octets, 'SNMPv3 encrypted PDU');
    return readScopedPdu(decrypt(data, agent.privacy, theirs));
  }

  /** A report is believed unproved only where nothing could be proved: it ends the reading, or names an agent that was not named yet. */
  #report({ variables }: SnmpPdu, theirs: UserParameters, isProved: boolean): 'again' | { readonly refused: string } {
    const oid = variables[0]?.oid ?? '';
    const why = oid.startsWith(reports) ? (oid.slice(reports.length).split('.')[0] ?? '') : '';
    if (++this.#corrections > maxCorrections) return { refused: 'it corrects its name or clock again and again' };
    if (why === unknownEngine && this.#agent === undefined && theirs.engine.length >= 5 && theirs.engine.length <= 32) {
      const engine = Uint8Array.from(theirs.engine);
      const { password, privacyPassword } = this.#access;
      const privacy = privacyPassword === undefined ? undefined : localKey(privacyPassword, engine);
      this.#agent = { engine, key: localKey(password, engine), privacy, boots: theirs.boots, time: theirs.time };
      return 'again';
    }
    if (why === notInTime && isProved && this.#agent !== undefined) {
      Object.assign(this.#agent, { boots: theirs.boots, time: theirs.time });
      return 'again';
    }
    return { refused: refusals[why] ?? 'it reports a fault that cannot be mended' };
  }

  #parameters({ engine, boots, time }: Agent, salt: Uint8Array): UserParameters {
    return { engine, boots, time, user: this.#access.user, mac: new Uint8Array(macBytes), salt };
  }

  #nextSalt(): Uint8Array {
    this.#salt = BigInt.asUintN(64, this.#salt + 1n);
    const salt = new Uint8Array(saltBytes);
    new DataView(salt.buffer).setBigUint64(0, this.#salt);
    return salt;
  }

  #message(flags: number, security: Uint8Array, data: Uint8Array): Uint8Array {
    const header = berElement(
      berTags.sequence,
      berNumber(this.#messageId),
      largest,
      berElement(berTags.octets, Uint8Array.of(flags)),
      model,
    );
    return berElement(berTags.sequence, berNumber(snmpVersions.v3), header, berElement(berTags.octets, security), data);
  }
}

const scopedPdu = (engine: Uint8Array, pdu: Uint8Array): Uint8Array =>
  berElement(berTags.sequence, berElement(berTags.octets, engine), berElement(berTags.octets), pdu);
