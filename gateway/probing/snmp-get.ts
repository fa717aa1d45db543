import { berInteger, berOpen, berTake } from '../codec/ber.ts';
import { DecodeError, Reader } from '../codec/reader.ts';
import { answered, isSame, refused } from './answer.ts';
import { probe, type Step } from './probe.ts';
import { fill, template } from './template.ts';

/*
 * Two questions to an agent, both of which read. Nothing is tried: version 2c with the one community `public`, and the discovery that version 3 has for
 * everybody. An agent that knows another community keeps silent about the first; no second community is sent, here or ever.
 *
 * GetRequest, RFC 3416 §3 and §4.2.1, in BER (RFC 3417 §8): one message for eight objects, of which an agent answers those that it has.
 *   30 81a1  02 01 01  04 06 7075626c6963      message of version 1 (v2c, RFC 1901 §3), community `public`
 *   a0 8193  02 04 <id>  02 01 00  02 01 00   GetRequest, its id, no error
 *   30 8184  eight times 30 <length>, 06 <length> object, 05 00 (no value):
 *     1.3.6.1.2.1.1.{1,2,5}.0               sysDescr, sysObjectID, sysName (RFC 3418)
 *     1.3.6.1.2.1.47.1.1.1.1.{9…13}.1       of the first physical entity: firmware and software revision, serial number, maker, model (RFC 6933)
 *
 * Discovery of the engine, RFC 3414 §4: no user, nothing authenticated, no objects; the agent reports its engine id.
 *   30 3e  02 01 03                            message of version 3 (RFC 3412 §6)
 *   30 11  02 04 <id>  02 03 00ffe3  04 01 04  02 01 03    its id, at most 65507 bytes, reportable, user-based security
 *   04 10  30 0e  04 00  02 01 00  02 01 00  04 00  04 00  04 00    engine, boots, time, user, keys: all empty
 *   30 14  04 00  04 00  a0 0e  02 04 <id>  02 01 00  02 01 00  30 00    no context, GetRequest of nothing
 */
const system = (object: string): string => `30 0c 06 08 2b060102 0101 ${object} 00 05 00`;
const entity = (column: string): string => `30 10 06 0c 2b06010201 2f 01010101 ${column} 01 05 00`;
const get = template(
  'SNMPv2c GetRequest of system and first entity',
  `30 81a1 02 01 01 04 06 7075626c6963 a0 8193 02 04 <id:4> 02 01 00 02 01 00 30 8184
   ${['01', '02', '05'].map(system).join(' ')} ${['09', '0a', '0b', '0c', '0d'].map(entity).join(' ')}`,
);
const discover = template(
  'SNMPv3 engine discovery',
  `30 3e 02 01 03 30 11 02 04 <id:4> 02 03 00ffe3 04 01 04 02 01 03
   04 10 30 0e 04 00 02 01 00 02 01 00 04 00 04 00 04 00
   30 14 04 00 04 00 a0 0e 02 04 <id:4> 02 01 00 02 01 00 30 00`,
);
const [integer, octets, sequence, response, report] = [0x02, 0x04, 0x30, 0xa2, 0xa8];

/** `id`: of both questions. */
type State = { readonly id: Uint8Array; readonly isRead: boolean; readonly isDiscovered: boolean };

/** A positive number of four bytes in its shortest form, as BER wants it: the first byte is 40 to 7f. */
const idOf = (nonce: Uint8Array): Uint8Array => Uint8Array.of(((nonce[0] ?? 0) & 0x3f) | 0x40, ...nonce.slice(1, 4));

function begin(nonce: Uint8Array): Step<State> {
  const id = idOf(nonce);
  const messages = [fill(discover, { id }), fill(get, { id })];
  return { kind: 'send', messages, state: { id, isRead: false, isDiscovered: false } };
}

/** A datagram is whole: one that is too short is broken. */
function next(state: State, bytes: Uint8Array): Step<State> {
  try {
    const outer = new Reader(bytes, 'SNMP');
    const r = berOpen(outer, sequence, 'SNMP');
    outer.end();
    const version = berInteger(berTake(r, integer, 'SNMP version'), 'SNMP version');
    if (version === 1) return afterGet(state, r);
    if (version === 3) return afterDiscovery(state, r);
    return refused('its answer is of another version');
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return refused('its answer breaks the protocol');
  }
}

function afterGet(state: State, r: Reader): Step<State> {
  berTake(r, octets, 'SNMP community');
  const pdu = berOpen(r, response, 'SNMP response');
  if (!isSame(berTake(pdu, integer, 'SNMP request id'), state.id)) return refused('its answer has another id');
  const status = berInteger(berTake(pdu, integer, 'SNMP error status'), 'SNMP error status');
  return status === 0 ? goOn({ ...state, isRead: true }) : refused('it answered with an error');
}

function afterDiscovery(state: State, r: Reader): Step<State> {
  const header = berOpen(r, sequence, 'SNMPv3 header');
  if (!isSame(berTake(header, integer, 'SNMPv3 message id'), state.id)) return refused('its answer has another id');
  berTake(r, octets, 'SNMPv3 security parameters');
  const scoped = berOpen(r, sequence, 'SNMPv3 scoped PDU');
  berTake(scoped, octets, 'SNMPv3 context engine');
  berTake(scoped, octets, 'SNMPv3 context name');
  berTake(scoped, report, 'SNMP report');
  return goOn({ ...state, isDiscovered: true });
}

/** An agent need not answer both: after the wait, one is enough. */
const goOn = (state: State): Step<State> =>
  state.isRead && state.isDiscovered ? answered('it told its objects and its engine') : { kind: 'wait', state };

export const snmpGet = probe<State>({
  name: 'snmp-get',
  spec: 'RFC 3416, RFC 3414',
  reach: 'device',
  medium: { kind: 'udp', to: 'device', port: 161 },
  templates: [discover, get],
  waitMs: 3000,
  // The collector reads agents only; who asks them tells nothing of itself.
  proofs: ['udp/161', 'snmp'],
  begin: ({ nonce }) => begin(nonce),
  next,
});
