import { createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { earClaims, type EarSubject, EarStale, signEar, subjectOf } from '../attestation/ear.ts';
import { messageEvidence } from '../attestation/evidence.ts';
import type { ServedSession } from '../attestation/served-sessions.ts';
import type { Served, Serving } from '../attestation/serving.ts';
import type { DeviceId, Ip, Mac, Millis } from '../model/address.ts';
import type { AttestationResult, ChallengeOutcome, Evidence, EvidenceMediaType } from '../model/attestation.ts';
import type { AttestationState } from '../model/device.ts';
import type { Input } from '../model/machine.ts';
import type { Judgement } from './challenge/judging.ts';
import type { Signer } from './store/signing-key.ts';

/** What it may do. */
export type ServedAttestationParts = {
  readonly serving: Pick<Serving<never>, 'at'>;
  /** What the machine makes of a device now. */
  readonly stateOf: (device: DeviceId) => AttestationState | undefined;
  readonly neighbourAt: (ip: Ip) => Mac | undefined;
  readonly judge: (judgement: Judgement) => Promise<ChallengeOutcome>;
  readonly keepEvidence: (evidence: Evidence) => void;
  readonly input: (input: Input) => void;
  /** Rejects when there is no key to sign with. */
  readonly signer: () => Promise<Signer>;
  readonly now: () => Millis;
  readonly version: string;
  readonly log: (line: string) => void;
};

/** Evidence that devices hand in: to the challenger, into the machine, and back as an EAR (`Attesting` of gateway/api). */
export class ServedAttestation {
  readonly #parts: ServedAttestationParts;

  constructor(parts: ServedAttestationParts) {
    this.#parts = parts;
  }

  get version(): string {
    return this.#parts.version;
  }

  /** Where nothing is enforced the machine knows only who claimed an address; the kernel knows to whom our answers really go. */
  at(ip: string): Served {
    const served = this.#parts.serving.at(ip);
    return served.kind === 'armed' && this.#parts.neighbourAt(ip) !== served.asker.mac ? { kind: 'unknown' } : served;
  }

  async judge(
    { id, asker, nonce, expires }: ServedSession,
    { mediaType, bytes }: { readonly mediaType: EvidenceMediaType; readonly bytes: Uint8Array },
  ): Promise<{ readonly kind: 'ear'; readonly ear: string } | { readonly kind: 'no-evidence' | 'failed' }> {
    const { judge, keepEvidence, input } = this.#parts;
    const before = this.at(asker.ip);
    if (before.kind !== 'armed') return { kind: 'failed' };
    const evidence = messageEvidence(mediaType, bytes);
    const freshness = { kind: 'nonce', nonce, expires, spent: false, channel: `handed in from ${asker.ip} for a session of ours` } as const;
    const quote = before.quote === undefined ? {} : { quote: { previous: before.quote } };
    const outcome = await judge({ evidence, freshness, ...quote, ttlSeconds: before.ttlSeconds, zone: before.zone });
    if (outcome.kind === 'transport-failure') {
      this.#parts.log(`served attestation: ${outcome.detail}`);
      return { kind: 'failed' };
    }
    const after = this.at(asker.ip);
    if (after.kind !== 'armed' || after.asker.device !== asker.device) return { kind: 'failed' };
    keepEvidence(evidence);
    input({ kind: 'served-outcome', session: id, asker, outcome });
    return outcome.kind === 'no-evidence' ? outcome : this.#tell(asker.device, outcome.result);
  }

  /** What the machine made of it counts: an EAR must not affirm what we do not. */
  async #tell(
    device: DeviceId,
    result: AttestationResult,
  ): Promise<{ readonly kind: 'ear'; readonly ear: string } | { readonly kind: 'failed' }> {
    const state = this.#parts.stateOf(device);
    const subject: EarSubject =
      state?.result?.evidence === result.evidence
        ? { ...subjectOf(result), ...picked(state) }
        : { ...subjectOf(result), status: 'none', assurance: 0 };
    try {
      const { now, version, signer } = this.#parts;
      const claims = earClaims(subject, { now: now(), build: version, dialect: 'veraison' });
      return { kind: 'ear', ear: await signEar(claims, await signer()) };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (!(error instanceof EarStale)) this.#parts.log(`served attestation: Cannot sign a result: ${error.message}`);
      return { kind: 'failed' };
    }
  }

  async verificationKey(): Promise<object | undefined> {
    try {
      const { spki, keyId } = await this.#parts.signer();
      const jwk = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' }).export({ format: 'jwk' });
      return { ...jwk, alg: 'ES256', kid: keyId };
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      return undefined;
    }
  }
}

const picked = ({
  status,
  assurance,
  reason,
  checks,
}: AttestationState): Pick<EarSubject, 'status' | 'assurance' | 'reason' | 'checks'> => ({
  status,
  assurance,
  checks,
  ...(reason === undefined ? {} : { reason }),
});

/** The MAC to which the kernel sends what it has for an address, as `/proc/net/arp` says; undefined when it knows none. */
export function neighbourAt(ip: Ip, bridge: string, table = readFileSync('/proc/net/arp', 'utf8')): Mac | undefined {
  for (const line of table.split('\n').slice(1)) {
    const [address, , flags, mac, , device] = line.split(/\s+/);
    // Flag 2: the entry is complete (ATF_COM).
    if (address === ip && device === bridge && mac !== undefined && (Number(flags) & 2) !== 0) return mac.toLowerCase();
  }
  return undefined;
}
