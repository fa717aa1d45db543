import { DecodeError } from '../../codec/reader.ts';
import {
  challenge,
  getCapabilities,
  getCertificate,
  getDigests,
  getMeasurements,
  getVersion,
  negotiateAlgorithms,
  respondIfReady,
} from '../../codec/spdm-requests.ts';
import {
  commonVersion,
  decodeCapabilities,
  decodeError,
  decodePortion,
  decodeVersions,
  maxSpdmMessage,
  openSpdm,
  type SpdmCapabilities,
  spdmCodes,
  spdmErrors,
  spdmHeader,
  type SpdmName,
  type SpdmVersion,
  spdmVersionText,
} from '../../codec/spdm.ts';
import { maxPairs, type SpdmPair } from './message.ts';

/** What a requester does next. `wait`: the message is to be sent after so many milliseconds; `done`: the exchange is whole and can be judged. */
export type SpdmStep =
  | { readonly kind: 'send'; readonly message: Uint8Array; readonly afterMs: number; readonly next: (response: Uint8Array) => SpdmStep }
  | { readonly kind: 'done'; readonly pairs: readonly SpdmPair[] }
  | { readonly kind: 'failed'; readonly why: string };

/** How often a responder may ask for time in one exchange, and for how long at most. Milliseconds. */
const maxDelays = 8;
const maxDelayMs = 1000;
/** After Busy the same is asked again. */
const busyMs = 50;
/** Octets wanted of a chain in one portion: what a small responder can give. A longer chain than this is nobody's. */
const portionBytes = 1024;
const maxChainBytes = 0xffff;

/** Requests in the order in which they are made. */
type Turn = Extract<
  SpdmName,
  'getVersion' | 'getCapabilities' | 'negotiateAlgorithms' | 'getDigests' | 'getCertificate' | 'challenge' | 'getMeasurements'
>;
type State = {
  readonly turn: Turn;
  readonly nonce: Uint8Array;
  readonly pairs: readonly SpdmPair[];
  readonly delays: number;
  readonly version: SpdmVersion;
  readonly capabilities?: SpdmCapabilities;
  readonly slot: number;
  /** Octets of the chain so far. */
  readonly had: number;
};
type Asked = { readonly state: State; readonly request: Uint8Array };

/**
 * Takes a responder's chain and measurements: one message after the other, each answer leading to the next. Pure; `next` throws nothing. What it is answered
 * is read only as far as it must know to go on: whether it is true is for the Verifier. `nonce`: 32 octets that were never used.
 */
export function takeMeasurements(nonce: Uint8Array): SpdmStep {
  const state: State = { turn: 'getVersion', nonce, pairs: [], delays: 0, version: 0x11, slot: 0, had: 0 };
  return send({ state, request: getVersion() });
}

const send = (asked: Asked, message = asked.request, afterMs = 0): SpdmStep => ({
  kind: 'send',
  message,
  afterMs,
  next: response => {
    try {
      return take(asked, response);
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      return failed(error.message);
    }
  },
});
const failed = (why: string): SpdmStep => ({ kind: 'failed', why });

function take(asked: Asked, response: Uint8Array): SpdmStep {
  const { state, request } = asked;
  if (response.length > maxSpdmMessage) return failed(`it answered ${state.turn} with ${response.length} bytes`);
  if (spdmHeader(response).code === spdmCodes.error) return delayed(asked, response);
  const pairs = [...state.pairs, { request, response }];
  if (pairs.length >= maxPairs) return failed(`it needs more than ${maxPairs} messages`);
  return after({ ...state, pairs }, response);
}

/** It asks for time (DSP0274 §10.15): so much of it, and so often. */
function delayed({ state, request }: Asked, response: Uint8Array): SpdmStep {
  const { code, ready } = decodeError(response);
  if (state.delays >= maxDelays) return failed(`it asked for time more than ${maxDelays} times`);
  const asked = { state: { ...state, delays: state.delays + 1 }, request };
  if (code === spdmErrors.busy) return send(asked, request, busyMs);
  if (ready === undefined) return failed(`it answered ${state.turn} with error 0x${code.toString(16)}`);
  if (ready.request !== spdmCodes[state.turn]) return failed('it asked for time for another request');
  if (ready.afterMs > maxDelayMs) return failed(`it asked for ${ready.afterMs} ms`);
  return send(asked, respondIfReady(state.version, ready.request, ready.token), ready.afterMs);
}

/** What comes after the answer to this turn. */
function after(state: State, response: Uint8Array): SpdmStep {
  const { turn, version } = state;
  switch (turn) {
    case 'getVersion': {
      const versions = decodeVersions(response);
      const common = commonVersion(versions);
      if (common === undefined) return failed(`it speaks SPDM ${versions.map(spdmVersionText).join(', ') || 'of no version'}`);
      return send({ state: { ...state, version: common, turn: 'getCapabilities' }, request: getCapabilities(common) });
    }
    case 'getCapabilities': {
      const capabilities = decodeCapabilities(response, version);
      if (!capabilities.certificates) return failed('it has no certificates');
      return send({ state: { ...state, capabilities, turn: 'negotiateAlgorithms' }, request: negotiateAlgorithms(version) });
    }
    case 'negotiateAlgorithms':
      openSpdm(response, 'algorithms', version);
      return send({ state: { ...state, turn: 'getDigests' }, request: getDigests(version) });
    case 'getDigests': {
      const { head } = openSpdm(response, 'digests', version);
      // Slot 0 is the manufacturer's; where it is empty, the first that is not.
      const slot = 31 - Math.clz32(head.param2 & -head.param2);
      return slot < 0 ? failed('none of its slots has a certificate') : portion({ ...state, slot });
    }
    case 'getCertificate': {
      const { portion: said, remainder } = decodePortion(response, version);
      const had = state.had + said.length;
      if (said.length === 0 || had + remainder > maxChainBytes)
        return failed(`it gave ${said.length} bytes of a chain of ${had + remainder}`);
      return remainder > 0 ? portion({ ...state, had }) : sign({ ...state, had });
    }
    case 'challenge':
      openSpdm(response, 'challengeAuth', version);
      return measure(state);
    case 'getMeasurements':
      openSpdm(response, 'measurements', version);
      return { kind: 'done', pairs: state.pairs };
  }
}

const portion = (state: State): SpdmStep =>
  send({
    state: { ...state, turn: 'getCertificate' },
    request: getCertificate(state.version, state.slot, state.had, Math.min(portionBytes, maxChainBytes - state.had)),
  });

/** A challenge where it takes one: it has versions, algorithms and chain under the signature. */
const sign = (state: State): SpdmStep =>
  state.capabilities?.challenge === true
    ? send({ state: { ...state, turn: 'challenge' }, request: challenge(state.version, state.slot, state.nonce) })
    : measure(state);

/** Measurements where it signs them: others are anybody's. */
function measure(state: State): SpdmStep {
  if (state.capabilities?.measurements === 'signed')
    return send({ state: { ...state, turn: 'getMeasurements' }, request: getMeasurements(state.version, state.slot, state.nonce) });
  return state.capabilities?.challenge === true ? { kind: 'done', pairs: state.pairs } : failed('it signs nothing');
}
