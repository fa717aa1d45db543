import type { DeviceId } from '../model/address.ts';
import type { ChallengeOutcome, QuoteState } from '../model/attestation.ts';
import type { EventBody } from '../model/event.ts';
import type { Inventory } from './inventory.ts';

const hows: { readonly [since in QuoteState['since']]?: 'reset' | 'resumed' } = { rebooted: 'reset', resumed: 'resumed' };

/**
 * What the counters and the clock of a TPM tell beside its quote: that the device was reset or woken since the last one, or that they went backwards. What was
 * proved before, by this interface and by others of the device, is of another run. Undefined where nothing such happened, or was told already.
 */
export function restartOf(inventory: Inventory, device: DeviceId, outcome: ChallengeOutcome): EventBody | undefined {
  if (outcome.kind !== 'appraised') return undefined;
  const { quote, at, reason } = outcome.result;
  // A failed quote carries the state of the last good one, whose restart was told with it.
  const how = reason === 'ROLLED_BACK' ? 'went-back' : quote?.at === at ? hows[quote.since] : undefined;
  if (how === undefined) return undefined;
  const others = (inventory.links.groupOf(device)?.members ?? []).filter(member => member !== device);
  return { kind: 'tpm-restarted', device, how, others };
}
