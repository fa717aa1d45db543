import type { Millis } from '../../model/address.ts';
import type { EnrolledKey, TrustMaterial } from '../../model/trust.ts';
import type { ToChallenger } from '../messages.ts';
import type { KeptRevocation } from '../store/revocation-store.ts';
import type { Forbidden } from './revocation/guard.ts';

/**
 * Tells the challenger whom to trust. CRLs go ahead, each in a line of its own: all of them in one would be longer than a line may be. What goes with the
 * last line counts from then on; the challenger forgets the CRLs that it does not name.
 */
export function sendTrust(send: (message: ToChallenger) => boolean, trust: TrustMaterial): boolean {
  const { crls = [], ...rest } = trust;
  for (const { sha256, der } of crls) if (der !== undefined && !send({ type: 'crl', sha256, der })) return false;
  return send({ type: 'trust', trust: crls.length === 0 ? rest : { ...rest, crls: crls.map(({ name, sha256 }) => ({ name, sha256 })) } });
}

/** All that a challenger that has just started must be told before it may judge. */
export function greetChallenger(
  send: (message: ToChallenger) => boolean,
  told: {
    readonly forbidden: Omit<Forbidden, 'own'>;
    readonly kept: readonly KeptRevocation[];
    readonly trust: TrustMaterial;
    readonly enrolled: readonly EnrolledKey[];
    readonly now: Millis;
  },
): void {
  send({ type: 'fetching', management: told.forbidden.management, lan: told.forbidden.lan, now: told.now });
  send({ type: 'enrolled', keys: told.enrolled });
  sendTrust(send, told.trust);
  // Last: where there is more than the pipe takes, it is fetched again.
  for (const one of told.kept) send({ type: 'kept-revocation', ...one });
}

/** CRLs that came ahead of the trust that names them. */
export class CrlsAhead {
  /** By SHA-256. At most what the gateway sends for one trust (`crlFileLimits`); those that are not named are forgotten with it. */
  #ders = new Map<string, string>();

  take(sha256: string, der: string): void {
    this.#ders.set(sha256, der);
  }

  /** The trust with its CRLs; one that never came stays without its bytes, and is told as unreadable. */
  complete(trust: TrustMaterial): TrustMaterial {
    const named = (trust.crls ?? []).map(crl => ({ ...crl, der: this.#ders.get(crl.sha256) ?? '' }));
    this.#ders = new Map(named.map(({ sha256, der }) => [sha256, der]));
    return trust.crls === undefined ? trust : { ...trust, crls: named };
  }
}
