import { dateTime, messageType, opcUaTypes, readResponseHeader, string } from '../codec/opc-ua.ts';
import { Reader } from '../codec/reader.ts';
import { decodeText } from '../codec/text.ts';
import { ofWhole } from '../codec/whole.ts';
import { uriHost } from './address-bytes.ts';
import { answered, isSame, reading, refused } from './answer.ts';
import { probe, type ProbeContext, type Step } from './probe.ts';
import { fill, template } from './template.ts';

/*
 * GetEndpoints over a channel without security: OPC 10000-4 §5.5.4 and §5.5.1, which every server must answer to anybody without a session. Encoded by
 * OPC 10000-6 §5.2, §6.7 and §7.1, all numbers little-endian. No session is made and no user is named.
 *
 * HELF <size>            Hello (§7.1.2.3), final: protocol 0, buffers of 65535 both ways, messages of at most 65535 in at most 8 chunks, the URL
 * OPNF 84000000          OpenSecureChannel (§6.7.4): channel 0 (a new one), policy `…#None` (2f bytes), no certificate, no thumbprint;
 *                        sequence 1, request 1; type i=446; request header; protocol 0, issue (0), mode None (1), no nonce, for 10 s
 * MSGF <size>            channel and token as given; sequence 2, request 2; type i=428; request header; the URL, no locales, no profiles
 * CLOF 39000000          CloseSecureChannel: channel and token; sequence 3, request 3; type i=452; request header. It has no answer: the client closes
 *                        the socket (§7.1.4), so it is the parting
 *
 * Request header (OPC 10000-4 §7.32): no session (0000), the time (some servers insist on one), handle 1, no diagnostics, no audit entry (-1), time-out 5 s, nothing more (000000).
 */
const header = '0000 <time:8> 01000000 00000000 ffffffff 88130000 000000';
const policyNone = Array.from('http://opcfoundation.org/UA/SecurityPolicy#None', c => c.charCodeAt(0).toString(16)).join('');
const hello = template(
  'OPC UA Hello',
  '48454c46 <size:1>000000 00000000 ffff0000 ffff0000 ffff0000 08000000 <urlLength:1>000000 <url:19-57>',
);
const open = template(
  'OPC UA OpenSecureChannel without security',
  `4f504e46 84000000 00000000 2f000000 ${policyNone} ffffffff ffffffff 01000000 01000000
   0100be01 ${header} 00000000 00000000 01000000 ffffffff 10270000`,
);
const getEndpoints = template(
  'OPC UA GetEndpoints',
  `4d534746 <size:1>000000 <channel:4> <token:4> 02000000 02000000
   0100ac01 ${header} <urlLength:1>000000 <url:19-57> ffffffff ffffffff`,
);
const close = template(
  'OPC UA CloseSecureChannel',
  `434c4f46 39000000 <channel:4> <token:4> 03000000 03000000
   0100c401 ${header}`,
);
/** Bytes of a message apart from its URL. And what we said that we take. */
const [helloSize, getEndpointsSize, maxSize, maxChunks] = [32, 69, 65_535, 8];
const openResponse = 449;
const isOther = 'its answer is to another question';

type Channel = { readonly channel: Uint8Array; readonly token: Uint8Array };
type State = {
  readonly turn: 'hello' | 'open' | 'endpoints';
  readonly url: Uint8Array;
  readonly time: Uint8Array;
  readonly opened?: Channel;
};

function begin({ target, now }: ProbeContext): Step<State> {
  if (target === undefined) return refused('there is no device to ask');
  const url = new TextEncoder().encode(`opc.tcp://${uriHost(target.ip)}:${target.service}`);
  return { kind: 'send', messages: [fill(hello, { ...sizes(helloSize, url), url })], state: { turn: 'hello', url, time: dateTime(now) } };
}

const sizes = (size: number, url: Uint8Array) => ({ size: Uint8Array.of(size + url.length), urlLength: Uint8Array.of(url.length) });

function next(state: State, bytes: Uint8Array): Step<State> {
  return reading(state, () => {
    const r = new Reader(bytes, 'OPC UA');
    if (state.turn === 'endpoints') return afterEndpoints(state, r);
    const { type, isFinal, body } = chunk(r);
    if (type === 'ERR') return refused('it answered with an error');
    if (r.left > 0 || !isFinal) return refused('more came than the answer to one question');
    return state.turn === 'hello' ? afterHello(state, type) : afterOpen(state, type, body);
  });
}

/** Message header, §7.1.2.2 and §6.7.2.2. */
function chunk(r: Reader): { readonly type: string; readonly isFinal: boolean; readonly body: Reader } {
  const type = decodeText(r.take(3));
  const kind = r.u8();
  const size = r.u32le();
  if (size < 8 || size > maxSize) throw r.fault('size');
  return { type, isFinal: kind === 0x46, body: new Reader(r.take(size - 8), 'OPC UA') };
}

const afterHello = (state: State, type: string): Step<State> =>
  type === 'ACK' ? { kind: 'send', messages: [fill(open, { time: state.time })], state: { ...state, turn: 'open' } } : refused(isOther);

function afterOpen({ url, time }: State, type: string, body: Reader): Step<State> {
  if (type !== 'OPN') return refused(isOther);
  const opened = ofWhole(() => readOpened(body));
  if (opened === undefined) return refused('it opened no channel');
  const question = fill(getEndpoints, { ...sizes(getEndpointsSize, url), ...opened, url, time });
  return { kind: 'send', messages: [question], state: { turn: 'endpoints', url, time, opened } };
}

/** The channel and its token, §6.7.4; undefined when it is declined or not ours. */
function readOpened(r: Reader): Channel | undefined {
  const channel = r.take(4);
  string(r); // policy
  string(r); // certificate
  string(r); // thumbprint
  r.skip(4); // sequence
  const [request, type] = [r.u32le(), messageType(r)];
  if (request !== 1 || type !== openResponse || readResponseHeader(r) !== 0) return undefined;
  r.skip(4); // protocol
  return isSame(r.take(4), channel) ? { channel, token: r.take(4) } : undefined;
}

/** Channel, token and sequence, and the request that is answered: the second. */
function isOurs(r: Reader, { channel }: Channel): boolean {
  const isChannel = isSame(r.take(4), channel);
  r.skip(8);
  return r.u32le() === 2 && isChannel;
}

/** As many chunks as we said, all of our channel; what they say is for the collector. */
function afterEndpoints({ opened, time }: State, r: Reader): Step<State> {
  if (opened === undefined) return refused(isOther);
  const parting = [fill(close, { ...opened, time })];
  for (let count = 0; count < maxChunks; count++) {
    const { type, isFinal, body } = chunk(r);
    if (type === 'ERR') return refused('it answered with an error');
    if (type !== 'MSG' || !ofWhole(() => isOurs(body, opened))) return refused(isOther, parting);
    const isEndpoints = count > 0 || ofWhole(() => messageType(body)) === opcUaTypes.getEndpointsResponse;
    if (!isEndpoints) return refused('it told no endpoints', parting);
    if (!isFinal) continue;
    return r.left === 0 ? answered('it told its endpoints', parting) : refused('more came than the answer to one question', parting);
  }
  return refused(`its answer has more than ${maxChunks} parts`, parting);
}

export const opcuaEndpoints = probe<State>({
  name: 'opcua-endpoints',
  spec: 'OPC 10000-4, OPC 10000-6',
  reach: 'device',
  medium: { kind: 'tcp', port: 4840 },
  templates: [hello, open, getEndpoints, close],
  waitMs: 5000,
  proofs: ['tcp/4840'],
  begin,
  next,
});
