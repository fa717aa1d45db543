import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { reasonLength } from '../../gateway/api/contract.ts';
import { RequestError, ask } from './api.ts';

export type Preset = { readonly label: string; readonly body: Readonly<Record<string, unknown>> };

/** One decision: what it is about, what follows, how long (if it has a choice), and why. */
export type Decide = {
  readonly title: string;
  readonly consequence: ComponentChildren;
  readonly button: string;
  readonly danger?: boolean;
  readonly path: string;
  readonly presets?: readonly Preset[];
  readonly body?: Readonly<Record<string, unknown>>;
};

export const approvalPresets: readonly Preset[] = [
  { label: '1 hour', body: { hours: 1 } },
  { label: '4 hours', body: { hours: 4 } },
  { label: '24 hours', body: { hours: 24 } },
  { label: 'For good', body: { forGood: true } },
];
export const waiverPresets: readonly Preset[] = approvalPresets.slice(0, 3);
export const pausePresets: readonly Preset[] = [
  { label: '10 min', body: { minutes: 10 } },
  { label: '30 min', body: { minutes: 30 } },
  { label: '2 hours', body: { minutes: 120 } },
];

/** Asks for a decision and sends it. Native: focus stays inside, Escape closes, and the page behind is inert. */
export function DecideDialog({ decide, close }: { decide: Decide; close: (done?: string) => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const chosen = useSignal(1);
  const failure = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const done = useRef<string>(undefined);
  useEffect(() => dialog.current?.showModal(), []);

  const send = async (reason: string) => {
    if (busy.value) return;
    busy.value = true;
    failure.value = undefined;
    try {
      await ask<{ ok: true }>('POST', decide.path, { ...decide.body, ...decide.presets?.[chosen.value]?.body, reason });
      done.current = `Done: ${decide.button.toLowerCase()}.`;
      dialog.current?.close();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      failure.value = error.message;
    } finally {
      busy.value = false;
    }
  };
  return (
    <dialog ref={dialog} onClose={() => close(done.current)} aria-labelledby="decide-title">
      <form
        onSubmit={event => {
          event.preventDefault();
          const reason = new FormData(event.currentTarget).get('reason');
          void send(typeof reason === 'string' ? reason : '');
        }}
      >
        <h2 id="decide-title">{decide.title}</h2>
        <p>{decide.consequence}</p>
        {decide.presets !== undefined && (
          <fieldset class="presets">
            <legend>How long</legend>
            {decide.presets.map(({ label }, n) => (
              <label key={label}>
                <input type="radio" name="span" checked={chosen.value === n} onChange={() => (chosen.value = n)} />
                <span>{label}</span>
              </label>
            ))}
          </fieldset>
        )}
        <label>
          Reason <small class="soft">stays in the journal with your name</small>
          <textarea
            name="reason"
            required
            minLength={reasonLength.min}
            maxLength={reasonLength.max}
            rows={2}
            placeholder="dock 7 replacement, CHG-4411"
          />
        </label>
        <p class="failure" role="alert">
          {failure.value}
        </p>
        <div class="buttons">
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button class={decide.danger === true ? 'danger' : 'primary'} disabled={busy.value}>
            {busy.value ? 'One moment…' : decide.button}
          </button>
        </div>
      </form>
    </dialog>
  );
}
