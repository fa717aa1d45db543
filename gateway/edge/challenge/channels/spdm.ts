import { messageEvidence } from '../../../attestation/evidence.ts';
import { nonceBytes } from '../../../attestation/scheme.ts';
import { writeSpdmExchange, type SpdmPair } from '../../../attestation/spdm/message.ts';
import { type SpdmStep, takeMeasurements } from '../../../attestation/spdm/requester.ts';
import { maxSpdmMessage } from '../../../codec/spdm.ts';
import { spdmFrame, spdmUnframe } from '../../../codec/spdm-tcp.ts';
import type { Channel } from './channel.ts';
import { type Talk, talk } from './tcp-talk.ts';

const framing = { write: spdmFrame, read: spdmUnframe, maxBytes: maxSpdmMessage + 4 };

/** SPDM over TCP (DSP0287): takes chain and measurements, signed over our nonce. Nothing on the device is changed and no session is made. */
export const spdm: Channel = {
  name: 'spdm',
  ask: async (target, left) => {
    const { bytes, expires } = target.nonce();
    const nonce = bytes.subarray(0, nonceBytes);
    const end = await talk(target, left, talking(takeMeasurements(nonce)), framing);
    if (end.kind === 'failed') return end;
    return {
      kind: 'answered',
      evidence: messageEvidence('application/vnd.sallyport.spdm-measurements+json', writeSpdmExchange(end.value)),
      freshness: { kind: 'nonce', nonce, expires, spent: false, channel: 'SPDM over TCP' },
    };
  },
};

function talking(step: SpdmStep): Talk<readonly SpdmPair[]> {
  if (step.kind === 'done') return { kind: 'done', value: step.pairs };
  return step.kind === 'failed' ? step : { ...step, next: response => talking(step.next(response)) };
}
