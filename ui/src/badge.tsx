import type { Badge } from '../../gateway/api/contract.ts';

/** A badge is a shape, a word and a colour; solid wants action, outline is passive. Nobody needs to see the colour. */
export const badgeWords: Record<Badge, string> = {
  quarantined: 'Quarantined',
  pending: 'Pending',
  waived: 'Waived',
  approved: 'Approved',
  trusted: 'Trusted',
  offline: 'Offline',
};
/** What wants a person first. */
export const badgeOrder = ['quarantined', 'pending', 'waived', 'approved', 'trusted', 'offline'] as const satisfies readonly Badge[];

function Shape({ badge }: { badge: Badge }) {
  switch (badge) {
    case 'trusted':
      return (
        <>
          <circle cx="10" cy="10" r="8" fill="none" />
          <path d="M6 10.5 9 13.5 14 7" fill="none" />
        </>
      );
    case 'approved':
      return (
        <>
          <rect x="2.5" y="2.5" width="15" height="15" rx="3" fill="none" />
          <path d="M6 10.5 9 13.5 14 7" fill="none" />
        </>
      );
    case 'waived':
      return (
        <>
          <circle cx="10" cy="10" r="8" fill="none" />
          <path d="M10 2a8 8 0 0 0 0 16z" fill="currentColor" stroke="none" />
        </>
      );
    case 'pending':
      return <path d="M10 1 19 10 10 19 1 10z" fill="currentColor" stroke="none" />;
    case 'quarantined':
      return <path d="M10 1 18 5.5v9L10 19 2 14.5v-9z" fill="currentColor" stroke="none" />;
    case 'offline':
      return <circle cx="10" cy="10" r="8" fill="none" stroke-dasharray="3 3" />;
  }
}

export function BadgeIcon({ badge }: { badge: Badge }) {
  return (
    <svg class={`icon ${badge}`} viewBox="0 0 20 20" width="18" height="18" stroke="currentColor" stroke-width="2" aria-hidden="true">
      <Shape badge={badge} />
    </svg>
  );
}

export function BadgeWord({ badge }: { badge: Badge }) {
  return (
    <span class="badge">
      <BadgeIcon badge={badge} />
      <span>{badgeWords[badge]}</span>
    </span>
  );
}
