import { createPublicKey } from 'node:crypto';
import { earClaims, type EarSubject, EarStale, signEar, subjectOf } from '../attestation/ear.ts';
import { messageEvidence } from '../attestation/evidence.ts';
import type { ServedSession } from '../attestation/served-sessions.ts';
import type { Served, Serving } from '../attestation/serving.ts';
import type { DeviceId, Ip, Mac, Millis, PortName } from '../model/address.ts';
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

/**
 * What is not even authentic may come from anybody, and would push out of the store what others proved: of it so much is kept of each port in an hour.
 * Bytes.
 */
const maxUnproved = 1_048_576;
const hourMs: Millis = 3_600_000;

/** Evidence that devices hand in: to the challenger, into the machine, and back as an EAR (`Attesting` of gateway/api). */
export class ServedAttestation {
  readonly #parts: ServedAttestationParts;
  /** Unproved bytes that were kept of each port in this hour: at most as many entries as the gateway has ports. */
  readonly #unproved = new Map<PortName, { readonly since: Millis; readonly bytes: number }>();

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

  /** The port of the device that is known there, for who counts connections. */
  portAt(ip: string): PortName | undefined {
    const served = this.#parts.serving.at(ip);
    return served.kind === 'armed' ? served.asker.port : undefined;
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
    const isProved = outcome.kind === 'appraised' && outcome.result.identity !== undefined;
    if (isProved || this.#mayKeep(asker.port, bytes.length)) keepEvidence(evidence);
    input({ kind: 'served-outcome', session: id, asker, outcome });
    return outcome.kind === 'no-evidence' ? outcome : this.#tell(asker.device, outcome.result);
  }

  #mayKeep(port: PortName, length: number): boolean {
    const now = this.#parts.now();
    const known = this.#unproved.get(port);
    const own = known === undefined || now - known.since >= hourMs ? { since: now, bytes: 0 } : known;
    if (own.bytes + length > maxUnproved) return false;
    this.#unproved.set(port, { ...own, bytes: own.bytes + length });
    return true;
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
