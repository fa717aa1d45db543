import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { visibleText } from '../../gateway/api/contract.ts';
import type { DeviceDetail, ProbingState } from '../../gateway/api/contract.ts';
import { RequestError, ask } from './api.ts';
import { DecideDialog } from './decide-dialog.tsx';
import type { Decide, Preset } from './decide-dialog.tsx';
import { left, when } from './format.ts';
import { For } from './role.tsx';
import { clock, health } from './store.ts';

/** The big red stop, on every page while any zone is armed. It asks nothing back: who presses it is in a hurry. */
export function ProbeStop() {
  const failure = useSignal('');
  const armed = health.value?.probes.zones ?? [];
  if (armed.length === 0) return null;
  const who = armed.map(
    ({ zone, mode, by, until }) => `${zone} (${mode}, by ${by}${until === undefined ? '' : `, ${left(until, clock.value)}`})`,
  );
  const stop = async () => {
    try {
      await ask<{ ok: true }>('POST', '/probes/stop', { reason: 'the stop button on the page' });
      failure.value = '';
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      failure.value = error.message;
    }
  };
  return (
    <div class="banner bad" role="status">
      <span>
        <b>Probes are armed</b> in {visibleText(who.join(', '))}. {failure.value}
      </span>
      <For role="operator">
        <button type="button" class="stop-probes" onClick={() => void stop()}>
          ■ Stop probes
        </button>
      </For>
    </div>
  );
}

const windows = (mode: 'broadcast' | 'known-devices'): readonly Preset[] => [
  { label: '15 min', body: { mode, minutes: 15 } },
  { label: '1 hour', body: { mode, minutes: 60 } },
  { label: '8 hours', body: { mode, minutes: 480 } },
];

/** What we ask by ourselves: zones with their switch, who is left alone and why, and how the last probes ended. */
export function Probes() {
  const state = useSignal<ProbingState | undefined>(undefined);
  const dialog = useSignal<Decide | undefined>(undefined);
  const told = health.value?.probes;
  const changed = JSON.stringify(told);
  useEffect(() => {
    let stale = false;
    const load = async () => {
      try {
        const found = await ask<ProbingState>('GET', '/probes');
        if (!stale) state.value = found;
      } catch (error) {
        if (!(error instanceof RequestError)) throw error; // the banner says that the gateway does not answer
      }
    };
    void load();
    return () => {
      stale = true;
    };
  }, [changed]);
  const found = state.value;
  if (found === undefined || found.zones.length === 0) return null;
  const arm = (zone: string, mode: 'broadcast' | 'known-devices'): Decide => ({
    title: `Arm probes in zone ${zone}?`,
    consequence:
      mode === 'broadcast'
        ? 'The gateway asks everybody on the ports of this zone who they are: a few small questions, about every 15 minutes.'
        : 'Also asks devices that were seen to speak a protocol for their identity, one question each 10 seconds, each once a day. Reads only; relays, safety and medical devices are left out.',
    button: 'Arm',
    danger: mode === 'known-devices',
    path: `/zones/${encodeURIComponent(zone)}/probes`,
    presets: windows(mode),
  });
  return (
    <section class="health probes" aria-label="Probes">
      <h2>Probes</h2>
      <ul>
        {found.zones.map(({ zone, mode, by, until }) => (
          <li key={zone}>
            <b>{visibleText(zone)}</b>: {mode}
            {mode !== 'off' && ` by ${visibleText(by)}${until === undefined ? '' : ` until ${when(until)}`}`}{' '}
            <For role="admin">
              <button type="button" class="small" onClick={() => (dialog.value = arm(zone, 'broadcast'))}>
                Ask everybody…
              </button>{' '}
              <button type="button" class="small" onClick={() => (dialog.value = arm(zone, 'known-devices'))}>
                Ask known devices…
              </button>
            </For>
          </li>
        ))}
        {found.ceased.map(({ mac, port, probe, until }) => (
          <li key={mac + port}>
            <span class="mono">{mac}</span> on {port} went quiet after {probe}: left alone until {when(until)}
          </li>
        ))}
        {found.backOffs.slice(0, 20).map(({ mac, port, until }) => (
          <li key={mac + port} class="soft">
            <span class="mono">{mac}</span> on {port} did not answer: left alone until {when(until)}
          </li>
        ))}
        {found.recent.slice(0, 10).map(({ order, outcome }) => (
          <li key={order.id} class="soft">
            {when(outcome.endedAt)} {order.probe} to{' '}
            {order.target === undefined ? `everybody in ${visibleText(order.zone)}` : order.target.ip}: {outcome.kind},{' '}
            {visibleText(outcome.detail)}
          </li>
        ))}
      </ul>
      {dialog.value !== undefined && (
        <DecideDialog key={dialog.value.title} decide={dialog.value} close={() => (dialog.value = undefined)} />
      )}
    </section>
  );
}

/** Whether one device may be asked, with the switch. */
export function DeviceProbes({ detail: { row, probing }, open }: { detail: DeviceDetail; open: (decide: Decide) => void }) {
  if (probing === undefined) return null;
  const { never, proposal, ceasedUntil, backOffUntil, asked } = probing;
  const path = `/devices/${encodeURIComponent(row.id)}`;
  const forbid: Decide = {
    title: 'Never ask this device anything?',
    consequence: `Nothing is sent to ${row.mac} on ${row.port} by the gateway itself: no probe, and no attestation challenge either.`,
    button: 'Never ask it',
    path: `${path}/never-probe`,
    body: { on: true },
  };
  const allow: Decide = {
    title: 'May this device be asked?',
    consequence: `${row.mac} on ${row.port} is asked like others when its zone is armed${proposal === undefined ? '' : `, although ${visibleText(proposal)}`}.`,
    button: 'It may be asked',
    danger: proposal !== undefined,
    path: `${path}/never-probe`,
    body: { on: false },
  };
  const now: Decide = {
    title: 'Ask this device now?',
    consequence: 'Each question that fits it once, 10 seconds apart. Its zone must be armed for known devices.',
    button: 'Ask now',
    path: `${path}/probe`,
  };
  return (
    <section aria-label="Probing this device">
      <h2>Probes</h2>
      {never !== undefined && (
        <p>
          <b>{never.on ? 'Never asked anything' : 'May be asked'}</b>, said {visibleText(never.by)}: “{visibleText(never.reason)}”{' '}
          <small class="soft">{when(never.at)}</small>
        </p>
      )}
      {never === undefined && proposal !== undefined && (
        <p>
          <b>Not asked until a person has spoken:</b> {visibleText(proposal)}. Challenges go on.
        </p>
      )}
      {ceasedUntil !== undefined && <p>It went quiet after a probe: left alone until {when(ceasedUntil)}.</p>}
      {backOffUntil !== undefined && <p>It did not answer: left alone until {when(backOffUntil)}.</p>}
      {asked.map(({ probe, at, kind }) => (
        <p key={probe} class="soft">
          {probe}: {kind}, {when(at)}
        </p>
      ))}
      <For role="operator">
        <div class="buttons">
          {never?.on !== true && (
            <button type="button" class="small" onClick={() => open(forbid)}>
              Never ask it…
            </button>
          )}
          {(never?.on === true || (never === undefined && proposal !== undefined)) && (
            <button type="button" class="small" onClick={() => open(allow)}>
              It may be asked…
            </button>
          )}
          {never?.on !== true && (
            <button type="button" class="small" onClick={() => open(now)}>
              Ask now…
            </button>
          )}
        </div>
      </For>
    </section>
  );
}
