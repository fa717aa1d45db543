import { anchorState } from '../../gateway/api/contract.ts';
import { Link } from './link.tsx';
import { may } from './role.tsx';
import { clock, path } from './store.ts';
import { anchors, atTrust } from './trust-store.ts';

/** The pages, with how much waits for a person on the one that is not open. */
export function Nav() {
  const waiting = anchors.value?.filter(anchor => anchorState(anchor, clock.value) === 'staged').length ?? 0;
  return (
    <nav class="nav" aria-label="Pages">
      <Link to="/" current={path.value === '/'}>
        Devices
      </Link>
      <Link to="/journal" current={path.value === '/journal'}>
        Journal
      </Link>
      <Link to="/trust" current={atTrust()}>
        Trust
        {waiting > 0 && (
          <span class="count">
            {waiting}
            <span class="unseen"> waiting for a second person</span>
          </span>
        )}
      </Link>
      {may('admin') && (
        <Link to="/people" current={path.value === '/people'}>
          People
        </Link>
      )}
    </nav>
  );
}
