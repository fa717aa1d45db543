import { effect } from '@preact/signals';
import { render } from 'preact';
import { heartbeatMillis } from '../../gateway/api/contract.ts';
import { ask } from './api.ts';
import { CoveragePanel } from './coverage-panel.tsx';
import { DevicePage } from './device-page.tsx';
import { DevicesPage } from './devices-page.tsx';
import { Banners, HealthStrip, PauseButton } from './health-strip.tsx';
import { JournalPage } from './journal-page.tsx';
import { Link } from './link.tsx';
import { connect, disconnect, isOpen, present } from './live.ts';
import { ProbeStop, Probes } from './probes.tsx';
import { Nav } from './nav.tsx';
import { PeoplePage } from './people-page.tsx';
import { SetupPage, SignInPage } from './sign-in.tsx';
import { TrustPage } from './trust-page.tsx';
import { atTrust } from './trust-store.ts';
import { clock, forget, health, heardAt, loadList, loadSession, openDevice, path, problem, session } from './store.ts';

function Page() {
  const state = session.value;
  if (state === undefined) return <main class="entrance">{problem.value ?? 'Loading…'}</main>;
  if (state.state === 'setup') return <SetupPage />;
  if (state.state === 'signed-out') return <SignInPage />;
  return (
    <>
      <Top user={state.user} role={state.role} />
      <Banners />
      <ProbeStop />
      <Nav />
      <Opened />
      <HealthStrip />
    </>
  );
}

/** What the address names: a device, whom the gateway trusts, what happened, else the list. */
function Opened() {
  if (openDevice.value !== undefined) return <DevicePage key={openDevice.value} id={openDevice.value} />;
  if (atTrust()) return <TrustPage />;
  if (path.value === '/journal') return <JournalPage />;
  if (path.value === '/people') return <PeoplePage />;
  return (
    <>
      <DevicesPage />
      <CoveragePanel />
      <Probes />
    </>
  );
}

function Top({ user, role }: { user: string; role: string }) {
  const live = isOpen.value && clock.value - heardAt.value <= 3 * heartbeatMillis;
  const enforcing = health.value?.zones.some(zone => zone.mode === 'enforce') === true;
  return (
    <header class="top">
      <Link to="/" class="brand">
        Sallyport
      </Link>
      <span class="state">
        <span class="mode">
          {health.value === undefined ? '' : health.value.pausedUntil !== undefined ? 'paused' : enforcing ? 'enforcing' : 'observing'}
        </span>
        <span class={live ? 'live' : 'live off'}>{live ? '● live' : '○ not live'}</span>
      </span>
      <PauseButton />
      <span class="user">
        {user} <small class="soft">{role}</small>
      </span>
      <button type="button" onClick={() => void signOut()}>
        Sign out
      </button>
    </header>
  );
}

async function signOut(): Promise<void> {
  session.value = await ask('DELETE', '/session');
}

/** `/` goes to the search, as people expect; not while they type. */
function onKey(event: KeyboardEvent): void {
  const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, select, dialog') !== null;
  if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.querySelector<HTMLInputElement>('input[type=search]');
  if (search === null) return;
  event.preventDefault();
  search.focus();
}

let wasSignedIn = false;
effect(() => {
  const isSignedIn = session.value?.state === 'signed-in';
  if (isSignedIn === wasSignedIn) return;
  wasSignedIn = isSignedIn;
  if (isSignedIn) {
    connect();
    void loadList();
  } else {
    disconnect();
    forget();
  }
});
addEventListener('popstate', () => (path.value = location.pathname));
addEventListener('keydown', onKey);
for (const kind of ['pointerdown', 'keydown'] as const) addEventListener(kind, present);
setInterval(() => {
  if (!document.hidden) clock.value = Date.now();
}, 2_500);

const root = document.getElementById('page');
if (root !== null) render(<Page />, root);
void loadSession();
