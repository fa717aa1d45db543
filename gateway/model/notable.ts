import type { Event, EventKind } from './event.ts';

/** What people look for in the journal: alarms, what people decided, and how the gateway itself fared. Public API: words of page, CLI and API. */
export const shows = ['alarms', 'people', 'gateway'] as const;
export type Show = (typeof shows)[number];

/** Which kinds of Events each has; what devices say and how they are judged stands in their own timelines. */
export const notableKinds = {
  alarms: ['alarm'],
  people: [
    'person-decided',
    'person-released',
    'paused',
    'resumed',
    'zone-mode',
    'field-unlocked',
    'probes-armed',
    'probes-stopped',
    'probe-asked',
    'never-probe',
    'anchor-staged',
    'verifier-staged',
    'anchor-approved',
    'anchor-removed',
    'anchor-expires',
    'reference-added',
    'reference-activated',
    'reference-expired',
    'reference-revoked',
    'baseline-taken',
    'key-forgotten',
    'user-invited',
    'user-removed',
    'user-role',
    'token-made',
    'token-revoked',
    'signed-in',
  ],
  gateway: [
    'started',
    'policy-loaded',
    'policy-refused',
    'trust-loaded',
    'revocation-news',
    'reference-found',
    'reference-gone',
    'switch-read',
    'port-state',
    'enforcement-state',
    'storage',
    'folded',
    'probing-ceased',
  ],
} as const satisfies Record<Show, readonly EventKind[]>;

/** Kinds that the machine writes too: with this member they are a person's word. */
export const byPersonIf = { 'field-set': 'reason', 'devices-linked': 'by', 'devices-unlinked': 'by' } as const satisfies Partial<
  Record<EventKind, string>
>;

/** A page of the journal, newest first. `older`: Events with lower numbers would follow. */
export type JournalPage = { readonly events: readonly Event[]; readonly older: boolean };
