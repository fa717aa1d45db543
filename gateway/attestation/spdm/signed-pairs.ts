import { sameBytes } from '../../codec/bytes.ts';
import { allMeasurements, decodeChallenge, decodeGetMeasurements, type SpdmAsked } from '../../codec/spdm-requests.ts';
import { decodeChallengeAuth, decodeMeasurements, type SpdmMeasurements, type SpdmSigned, type SpdmVersion } from '../../codec/spdm.ts';
import { EvidenceError } from '../evidence-error.ts';
import type { SpdmPair } from './message.ts';

/** Something that the responder signed, with what it signed: the octets of the transcript in their order, and the nonce that was asked with. */
export type Transcript = { readonly signed: readonly Uint8Array[]; readonly signature: Uint8Array; readonly nonce: Uint8Array };
export type ChallengeTranscript = Transcript & { readonly chainHash: Uint8Array };
export type MeasuredTranscript = Transcript & Pick<SpdmMeasurements, 'blocks' | 'record' | 'isChanged'>;

type Agreed = { readonly version: SpdmVersion; readonly slot: number; readonly hashBytes: number; readonly signatureBytes: number };

/** M1/M2 (DSP0274 §10.8.2): all that was agreed and identified before, then the challenge and its answer without the signature. */
export function readChallenge({ request, response }: SpdmPair, agreed: Agreed, before: readonly SpdmPair[]): ChallengeTranscript {
  const asked = decodeChallenge(request, agreed.version);
  if (asked.summary !== 0) throw violated('it asked for a summary of measurements', 'no summary', `type ${asked.summary}`);
  const said = decodeChallengeAuth(response, agreed.version, { hash: agreed.hashBytes, signature: agreed.signatureBytes });
  checkAnswer(asked, said, agreed.slot);
  return { ...transcript(before, request, response, said), nonce: asked.nonce, chainHash: said.chainHash };
}

/** L1/L2 (DSP0274 §10.11.2): since 1.2 all that was agreed before, then the question for all measurements and its answer without the signature. */
export function readMeasurements({ request, response }: SpdmPair, agreed: Agreed, before: readonly SpdmPair[]): MeasuredTranscript {
  const asked = decodeGetMeasurements(request, agreed.version);
  // Whoever asks for some measurements only does not see the one that was tampered with.
  if (!asked.isSigned || asked.which !== allMeasurements)
    throw violated(
      'not all measurements were asked for, signed',
      'all of them, signed',
      `index ${asked.which}${asked.isSigned ? '' : ', not signed'}`,
    );
  const said = decodeMeasurements(response, agreed.version, agreed.signatureBytes);
  checkAnswer(asked, said, agreed.slot);
  const { blocks, record, isChanged } = said;
  return { ...transcript(before, request, response, said), nonce: asked.nonce, blocks, record, isChanged };
}

const transcript = (before: readonly SpdmPair[], request: Uint8Array, response: Uint8Array, { signature }: SpdmSigned) => ({
  signed: [...before.flatMap(pair => [pair.request, pair.response]), request, response.subarray(0, response.length - signature.length)],
  signature,
});

/** The slot whose chain we have, in question and answer; and since 1.3 the context that we sent. */
function checkAnswer(asked: SpdmAsked, said: SpdmSigned & { readonly slot: number }, slot: number): void {
  if (asked.slot !== slot || said.slot !== slot)
    throw violated('it is about another slot than the chain', `slot ${slot}`, `slots ${asked.slot} and ${said.slot}`);
  if (!sameBytes(asked.context, said.context))
    throw violated('it answers another requester context', 'the context that was sent', 'another');
}

/** Throws nothing: makes the error for an exchange that breaks the rules of the protocol. */
export const violated = (why: string, expected: string, seen: string): EvidenceError =>
  new EvidenceError('PROFILE_VIOLATED', 'readable', `Cannot accept SPDM exchange: ${why}`, { expected, seen });
