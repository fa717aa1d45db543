import type { KindFacts } from '../model/device.ts';

/** Equality by default; looking inside a text is its own explicit type. */
export type Pattern = string | { readonly contains: string };

export const has = <T>(wanted: readonly T[], seen: T | undefined): boolean => seen !== undefined && wanted.includes(seen);
export function like(wanted: readonly Pattern[], seen: string | undefined): boolean {
  if (seen === undefined) return false;
  const lower = seen.toLowerCase();
  return wanted.some(w => (typeof w === 'string' ? w === seen : lower.includes(w.contains.toLowerCase())));
}
export const begins = (wanted: readonly Pattern[], seen: string): boolean =>
  wanted.some(w => typeof w === 'string' && seen.startsWith(w.toLowerCase()));

/** What each sign of a fingerprint means. Apart from shapes.ts, so that fingerprints which were checked once can be used without the checker. */
export const signs = {
  vendor: (w, f) => like(w, f.vendor),
  model: (w, f) => like(w, f.model),
  hostname: (w, f) => like(w, f.hostname),
  vendorClass: (w, f) => like(w, f.vendorClass),
  maker: (w, f) => like(w, f.maker),
  description: (w, f) => like(w, f.description),
  deviceKind: (w, f) => has<Pattern>(w, f.deviceKind),
  protocol: (w, f) => w.some(p => typeof p === 'string' && f.protocols?.includes(p) === true),
  service: (w, f) => w.some(s => typeof s === 'string' && f.services.includes(s)),
  macPrefix: (w, f) => begins(w, f.mac),
} as const satisfies { readonly [sign: string]: (wanted: readonly Pattern[], facts: KindFacts) => boolean };
export type Sign = keyof typeof signs;
export const isSign = (text: string): text is Sign => Object.hasOwn(signs, text);
