import { Reader } from '../codec/reader.ts';
import { answered, counted, isSame, reading, refused } from './answer.ts';
import { probe, type Step } from './probe.ts';
import { fill, template } from './template.ts';

/*
 * Two system status lists of a controller. TPKT: RFC 1006 §6. COTP class 0: ISO 8073 §13. S7 itself is not published: the bytes are those which public
 * captures and free clients agree on; the lists are in the SIMATIC System Software Reference (SZL-ID W#16#xy11, W#16#xy1C).
 *
 * Connection request:    0300 0016  TPKT, 22 bytes      11 e0  length, CR      0000 <reference> 00  nobody's, ours, class 0
 *   c0 01 0a  TPDUs of at most 1024 bytes     c1 02 0100  calling TSAP     c2 02 0302  called TSAP
 * The called TSAP is 03, a basic S7 connection, and 02, rack 0 and slot 2. Controllers keep connections for a programming device (01) and a panel (02):
 * those are for people and operation, and we take neither. A CPU of the S7-300 is always in slot 2; one that sits elsewhere declines, and that is that:
 * places are not tried one after the other.
 *
 * Behind TPKT and `02 f0 80` (data, the last of it) comes S7: 32, kind of message, 0000, <reference>, length of parameters, length of data.
 *   kind 01 (job)       f0 00 0001 0001 01e0    set up communication: one job at a time each way, PDUs of at most 480 bytes
 *   kind 07 (userdata)  00 01 12 04 11 44 01 00    head, request, group 4 (CPU functions), subfunction 1 (read SZL), sequence 0
 *                       ff 09 0004 0011 0000       octets, 4 of them: list 0011 (identification of the module), any index
 *                       ff 09 0004 001c 0000       the same for list 001c (identification of the component)
 * Lists that need several PDUs are not asked for in full: the first holds the serial number.
 *
 * There is no word of parting: a connection of class 0 ends with its TCP connection (ISO 8073 §6.7.1.5), so a disconnect request is not sent.
 */
const connectRequest = template('COTP connection request', '0300 0016 11 e0 0000 <reference:2> 00 c0 01 0a c1 02 0100 c2 02 0302');
const setUp = template('S7 setup communication', '0300 0019 02 f0 80 32 01 0000 <reference:2> 0008 0000 f0 00 0001 0001 01e0');
const listHead = '0300 0021 02 f0 80 32 07 0000 <reference:2> 0008 0008 00 01 12 04 11 44 01 00 ff 09 0004';
const readModule = template('S7 read SZL 0011', `${listHead} 0011 0000`);
const readComponent = template('S7 read SZL 001C', `${listHead} 001c 0000`);
const questions = [connectRequest, setUp, readModule, readComponent] as const;

const [confirm, data, endOfData] = [0xd0, 0xf0, 0x80];
const [protocolId, answerWithData, userdata] = [0x32, 3, 7];
const [setUpFunction, readList, good] = [0xf0, Uint8Array.of(0x84, 1), 0xff];
const [isDone, isDeclined, isOther] = ['it told its status lists', 'it declined', 'its answer is to another question'];

/** `turn`: place in `questions` of what was asked last. */
type State = { readonly drawn: Uint8Array; readonly turn: number };

function ask(drawn: Uint8Array, turn: number): Step<State> {
  const question = questions[turn];
  if (question === undefined) return answered(isDone);
  return { kind: 'send', messages: [fill(question, { reference: referenceOf(drawn, turn) })], state: { drawn, turn } };
}

/** Odd for the connection: 0 would be no reference (ISO 8073 §13.3.3). */
function referenceOf(drawn: Uint8Array, turn: number): Uint8Array {
  const [high = 0, low = 0] = counted(drawn, turn);
  return Uint8Array.of(high, turn === 0 ? low | 1 : low);
}

function next(state: State, bytes: Uint8Array): Step<State> {
  return reading(state, () => {
    const r = new Reader(bytes, 'TPKT');
    const version = r.u8();
    r.skip(1);
    const length = r.u16();
    if (version !== 3 || length < 7 || length > 1028) return refused('its answer is not ISO transport');
    const packet = r.take(length - 4);
    if (r.left > 0) return refused('more came than the answer to one question');
    return answerTo(state, packet);
  });
}

function answerTo(state: State, packet: Uint8Array): Step<State> {
  const reference = referenceOf(state.drawn, state.turn);
  const [, kind = 0] = packet;
  if (state.turn === 0) {
    if ((kind & 0xf0) !== confirm) return refused('it declined the transport connection');
    return isSame(packet.subarray(2, 4), reference) ? ask(state.drawn, 1) : refused('its answer has another reference');
  }
  if (packet[0] !== 2 || kind !== data || packet[2] !== endOfData) return refused('its answer is not one whole message');
  const s7 = packet.subarray(3);
  if (s7[0] !== protocolId || !isSame(s7.subarray(4, 6), reference)) return refused(isOther);
  if (state.turn === 1) {
    // 10 and 11: error class and code; parameters begin at 12.
    if (s7[1] !== answerWithData || s7[12] !== setUpFunction) return refused(isOther);
    return s7[10] === 0 && s7[11] === 0 ? ask(state.drawn, 2) : refused(isDeclined);
  }
  // Parameters begin at 10 and are 12 long: group and subfunction at 15, data behind them with its return code.
  if (s7[1] !== userdata || !isSame(s7.subarray(15, 17), readList)) return refused(isOther);
  if (s7[22] !== good) return state.turn === 2 ? refused(isDeclined) : answered(isDone);
  return ask(state.drawn, state.turn + 1);
}

export const s7Szl = probe<State>({
  name: 's7-szl',
  spec: 'RFC 1006, SIMATIC System Software Reference',
  reach: 'device',
  medium: { kind: 'tcp', port: 102 },
  templates: questions,
  waitMs: 5000,
  // Not `tcp/102`, where the protection relays of IEC 61850 listen too.
  proofs: ['s7comm'],
  begin: ({ nonce }) => ask(nonce.slice(0, 2), 0),
  next,
});
