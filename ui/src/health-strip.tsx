import { useSignal } from '@preact/signals';
import { heartbeatMillis, visibleText } from '../../gateway/api/contract.ts';
import type { Health } from '../../gateway/api/contract.ts';
import { DecideDialog, pausePresets } from './decide-dialog.tsx';
import type { Decide } from './decide-dialog.tsx';
import { left, nameOf, shortDigest, when } from './format.ts';
import { For, may } from './role.tsx';
import { clock, health, heardAt, problem, rows } from './store.ts';

const enforcementWords = {
  none: 'nothing enforced',
  applied: 'enforcement in force',
  mismatch: 'the network does something else',
  failed: 'enforcement failed',
} as const;

/** What a person must know whatever the page shows: paused, out of date, or something of the gateway is broken. */
export function Banners() {
  const dialog = useSignal<Decide | undefined>(undefined);
  const now = clock.value;
  const state = health.value;
  const paused = state?.pausedUntil;
  const stale = heardAt.value > 0 && now - heardAt.value > 3 * heartbeatMillis;
  const resume: Decide = {
    title: 'Resume enforcement?',
    consequence: 'Devices that are held or quarantined are cut off again at once.',
    button: 'Resume now',
    path: '/resume',
  };
  return (
    <div role="status">
      {paused !== undefined && paused > now && (
        <p class="banner warn">
          <span>
            <b>Enforcement is paused</b> until {when(paused)} ({left(paused, now)}). Every device passes.
          </span>
          <For role="operator">
            <button type="button" onClick={() => (dialog.value = resume)}>
              Resume…
            </button>
          </For>
        </p>
      )}
      {stale && (
        <p class="banner bad">
          <b>Live updates have stopped.</b> What you see is from {when(heardAt.value)}.
        </p>
      )}
      {problem.value !== undefined && <p class="banner bad">{problem.value}</p>}
      {state !== undefined &&
        troubles(state).map(trouble => (
          <p key={trouble} class="banner bad">
            {visibleText(trouble)}
          </p>
        ))}
      {dialog.value !== undefined && <DecideDialog decide={dialog.value} close={() => (dialog.value = undefined)} />}
    </div>
  );
}

type Process = Health['processes'][number];
const isFaulty = ({ alive, detail }: Process): boolean => alive && detail !== '';
/** A Verifier whose self-test failed runs, and judges nothing: what follows for devices must be said with it. */
const faultText = ({ role, detail }: Process): string =>
  role === 'challenger'
    ? `No device is judged: ${detail}. Nobody is newly admitted by what he proves, and what was proved before ends when it is too old; approvals and waivers of people go on.`
    : `The ${role} reports: ${detail}`;

function troubles(state: Health): readonly string[] {
  return [
    ...(state.enforcement.state === 'mismatch' || state.enforcement.state === 'failed'
      ? [`Enforcement: ${enforcementWords[state.enforcement.state]}. ${state.enforcement.detail}`]
      : []),
    ...state.processes.filter(isFaulty).map(faultText),
    ...state.processes.filter(({ alive }) => !alive).map(({ role, detail }) => `The ${role} is not running. ${detail}`),
    ...state.ports
      .filter(port => port.state === 'down' || port.state === 'gone')
      .map(({ port, state: now, detail }) => `Port ${port} is ${now}. ${detail}`),
    ...(state.journal.storage === 'full'
      ? [`Storage is full: ${state.journal.detail}. Enforcement goes on; decisions of people are still kept.`]
      : []),
    ...state.policy.problems.map(each => `Policy refused, the last good one stays: ${each}`),
    ...state.policy.notes.map(each => `Policy: ${each}`),
  ];
}

const pause: Decide = {
  title: 'Pause enforcement on the whole site?',
  consequence: 'Every device passes until the pause ends, the quarantined ones too. Discovery and challenges go on.',
  button: 'Pause enforcement',
  danger: true,
  path: '/pause',
  presets: pausePresets,
};

/** The pause that always works, at hand on every page while there is something to pause. */
export function PauseButton() {
  const dialog = useSignal<Decide | undefined>(undefined);
  const state = health.value;
  if (!may('operator') || state === undefined || state.pausedUntil !== undefined || !state.zones.some(zone => zone.mode === 'enforce'))
    return null;
  return (
    <>
      <button type="button" onClick={() => (dialog.value = pause)}>
        Pause<span class="wide"> enforcement</span>…
      </button>
      {dialog.value !== undefined && <DecideDialog decide={dialog.value} close={() => (dialog.value = undefined)} />}
    </>
  );
}

/** A zone with its mode, and the switch between observing and enforcing: who would be cut stands in the question. */
function Zone({ zone }: { zone: Health['zones'][number] }) {
  // Which question stands, not its words: whom it would cut changes while somebody reads it.
  const asked = useSignal<'enforce' | 'observe' | undefined>(undefined);
  const path = `/zones/${encodeURIComponent(zone.name)}`;
  const cut = [...rows.value.values()].filter(row => row.zone === zone.name && row.enforcement.startsWith('would-'));
  const named = cut.slice(0, 5).map(nameOf).join(', ');
  const who =
    cut.length === 0
      ? 'No device would be cut now.'
      : `${cut.length} of ${zone.devices} devices are cut at once: ${named}${cut.length > 5 ? ', …' : '.'}`;
  const arm: Decide = {
    title: `Enforce in zone ${zone.name}?`,
    consequence: `From now on what is pending is held and what is denied is quarantined. ${who}`,
    button: 'Enforce from now on',
    danger: true,
    path,
    body: { mode: 'enforce' },
  };
  const observe: Decide = {
    title: `Only observe zone ${zone.name}?`,
    consequence: 'Nothing is cut any more: every device of the zone passes, the quarantined ones too. Discovery and challenges go on.',
    button: 'Only observe',
    danger: true,
    path,
    body: { mode: 'observe' },
  };
  return (
    <span class="zone">
      {zone.name}: {zone.mode}, {zone.devices === 1 ? '1 device' : `${zone.devices} devices`}{' '}
      <For role="admin">
        <button type="button" class="small" onClick={() => (asked.value = zone.mode === 'enforce' ? 'observe' : 'enforce')}>
          {zone.mode === 'enforce' ? 'Only observe…' : 'Enforce…'}
        </button>
      </For>
      {asked.value !== undefined && (
        <DecideDialog decide={asked.value === 'enforce' ? arm : observe} close={() => (asked.value = undefined)} />
      )}
    </span>
  );
}

/** How the gateway fares: zones and modes, ports, enforcement, processes, journal. */
export function HealthStrip() {
  const state = health.value;
  if (state === undefined) return null;
  return (
    <footer class="health">
      <h2>Gateway</h2>
      <dl>
        <dt>zones</dt>
        <dd>
          {state.zones.map(zone => (
            <Zone key={zone.name} zone={zone} />
          ))}
        </dd>
        <dt>enforcement</dt>
        <dd>
          {enforcementWords[state.enforcement.state]} <small class="soft">{state.enforcement.detail}</small>
        </dd>
        <dt>ports</dt>
        <dd class="ports">
          {state.ports.map(port => (
            <span key={port.port} title={port.detail}>
              <b>{port.port}</b> {port.state}, {port.frames.toLocaleString('en')} frames, {port.dropped.toLocaleString('en')} dropped
              {port.cloneDrops > 0 && `, ${port.cloneDrops.toLocaleString('en')} of cloned addresses kept out`}
            </span>
          ))}
          {state.ports.length === 0 && 'none is watched'}
        </dd>
        <dt>processes</dt>
        <dd>
          {state.processes.map(one => `${one.role} ${one.alive ? (isFaulty(one) ? 'has a fault' : '✓') : 'not running'}`).join(' · ')}
        </dd>
        <dt>journal</dt>
        <dd>
          {state.journal.events.toLocaleString('en')} events, storage {state.journal.storage}, head{' '}
          <span class="mono">{shortDigest(state.journal.head)}</span>
        </dd>
        <dt>version</dt>
        <dd>
          {state.version}, policy <span class="mono">{shortDigest(state.policy.hash)}</span>, since {when(state.startedAt)}
        </dd>
      </dl>
    </footer>
  );
}
