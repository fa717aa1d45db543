import { Reader } from '../codec/reader.ts';
import { answered, counted, isSame, reading, refused } from './answer.ts';
import { probe, type Step } from './probe.ts';
import { fill, template } from './template.ts';

/*
 * Read Device Identification, basic category: Modbus Application Protocol V1.1b3 §6.21, in the header of Modbus Messaging on TCP/IP V1.0b §3.1.3.
 *
 *   <transaction>  ours; comes back                              2b  function: encapsulated interface transport
 *   0000           protocol: Modbus                              0e  MEI type: read device identification
 *   0005           bytes that follow                             01  basic, as a stream
 *   ff             unit                                          00  object to begin with: 00 vendor, 01 product code, 02 revision
 *
 * Unit 255 means nobody but the device that holds the connection (Messaging §4.4.2.2): a gateway passes it on to no slave. Unit 0 would be a
 * broadcast on the serial line behind a gateway, and unit 1 a real slave there, which nobody has seen to speak; neither is tried.
 * Nothing but basic is asked for: its three objects are mandatory, so each device that knows the function has them at hand.
 */
const templates = ['00', '01', '02'].map(object =>
  template(`modbus read device identification, basic, from object ${object}`, `<transaction:2> 0000 0005 ff 2b 0e 01 ${object}`),
);
const [unit, encapsulated, identification, basic, exceptionBit, moreFollows] = [0xff, 0x2b, 0x0e, 1, 0x80, 0xff];

type State = { readonly drawn: Uint8Array; readonly object: number };

function askFrom(drawn: Uint8Array, object: number): Step<State> {
  const question = templates[object];
  if (question === undefined) return answered('it told its basic identification');
  return { kind: 'send', messages: [fill(question, { transaction: counted(drawn, object) })], state: { drawn, object } };
}

function next(state: State, bytes: Uint8Array): Step<State> {
  return reading(state, () => {
    const r = new Reader(bytes, 'Modbus');
    if (!isSame(r.take(2), counted(state.drawn, state.object))) return refused('its answer has another transaction id');
    const [protocol, length] = [r.u16(), r.u16()];
    if (protocol !== 0 || length < 3 || length > 254) return refused('its answer is not Modbus');
    const pdu = new Reader(r.take(length), 'Modbus');
    if (r.left > 0) return refused('more came than the answer to one question');
    return identity(state, pdu);
  });
}

/** Whole by its length, so whatever is short in it is broken. */
function identity(state: State, r: Reader): Step<State> {
  if (r.u8() !== unit) return refused('another unit answered');
  const code = r.u8();
  if (code === (encapsulated | exceptionBit)) return refused('it answered with an exception');
  if (code !== encapsulated || r.left < 6) return refused('its answer is to another question');
  const [mei, category] = [r.u8(), r.u8()];
  if (mei !== identification || category !== basic) return refused('its answer is to another question');
  r.skip(1); // conformity level
  const [more, nextObject] = [r.u8(), r.u8()];
  if (more !== moreFollows) return answered('it told its basic identification');
  // It goes forward, and basic ends with the third object: three questions at the most, whatever the device says.
  return nextObject > state.object ? askFrom(state.drawn, nextObject) : refused('what follows does not go forward');
}

export const modbusDeviceId = probe<State>({
  name: 'modbus-device-id',
  spec: 'Modbus Application Protocol V1.1b3',
  reach: 'device',
  medium: { kind: 'tcp', port: 502 },
  templates,
  waitMs: 5000,
  // Seen to serve the port; who only asks others over Modbus is a client.
  proofs: ['tcp/502'],
  begin: ({ nonce }) => askFrom(nonce.slice(0, 2), 0),
  next,
});
