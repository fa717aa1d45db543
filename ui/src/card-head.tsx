import type { Badge } from '../../gateway/api/contract.ts';
import { BadgeIcon } from './badge.tsx';

/** What a card is about, and where that stands as shape and word. `id` names the card for who hears the page. */
export function CardHead({ id, title, badge, word }: { id: string; title: string; badge: Badge; word: string }) {
  return (
    <h3 id={id}>
      {title}{' '}
      <span class="badge">
        <BadgeIcon badge={badge} />
        <span>{word}</span>
      </span>
    </h3>
  );
}
