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
  /** What the presets choose; absent: how long. */
  readonly presetsLegend?: string;
  /** A choice besides, on or off; adds `body` when it is on. */
  readonly option?: Preset;
  /** What to choose or type besides; sent under `name`. */
  readonly inputs?: readonly {
    readonly name: string;
    readonly label: string;
    readonly choices?: readonly string[];
    readonly maxLength?: number;
  }[];
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

/** A made-up address lapses by itself, so nobody is let in by it for good. */
export const randomisedPresets: readonly Preset[] = approvalPresets.slice(0, 3);

/** Asks for a decision and sends it. Native: focus stays inside, Escape closes, and the page behind is inert. */
export function DecideDialog({ decide, close }: { decide: Decide; close: (done?: string) => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const chosen = useSignal(1);
  const failure = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  const optional = useSignal(false);
  const done = useRef<string>(undefined);
  useEffect(() => dialog.current?.showModal(), []);

  const send = async (typed: Readonly<Record<string, string>>) => {
    if (busy.value) return;
    busy.value = true;
    failure.value = undefined;
    try {
      const extra = optional.value ? decide.option?.body : undefined;
      await ask<{ ok: true }>('POST', decide.path, { ...decide.body, ...decide.presets?.[chosen.value]?.body, ...extra, ...typed });
      done.current = `Done: ${decide.button.toLowerCase()}.`;
      dialog.current?.close();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      failure.value = error.retrySeconds === undefined ? error.message : `${error.message}. Try again in ${error.retrySeconds} s.`;
    } finally {
      busy.value = false;
    }
  };
  return (
    <dialog ref={dialog} onClose={() => close(done.current)} aria-labelledby="decide-title">
      <form
        onSubmit={event => {
          event.preventDefault();
          const form = new FormData(event.currentTarget);
          const typed = ['reason', ...(decide.inputs ?? []).map(({ name }) => name)].map(name => [name, form.get(name)] as const);
          void send(Object.fromEntries(typed.map(([name, value]) => [name, typeof value === 'string' ? value : ''])));
        }}
      >
        <h2 id="decide-title">{decide.title}</h2>
        <p>{decide.consequence}</p>
        {decide.presets !== undefined && (
          <fieldset class="presets">
            <legend>{decide.presetsLegend ?? 'How long'}</legend>
            {decide.presets.map(({ label }, n) => (
              <label key={label}>
                <input type="radio" name="span" checked={chosen.value === n} onChange={() => (chosen.value = n)} />
                <span>{label}</span>
              </label>
            ))}
          </fieldset>
        )}
        {(decide.inputs ?? []).map(({ name, label, choices, maxLength }) => (
          <label key={name}>
            {label}
            {choices === undefined ? (
              <input name={name} required maxLength={maxLength} autocomplete="off" />
            ) : (
              <select name={name}>
                {choices.map(choice => (
                  <option key={choice}>{choice}</option>
                ))}
              </select>
            )}
          </label>
        ))}
        {decide.option !== undefined && (
          <label class="option">
            <input type="checkbox" checked={optional.value} onChange={() => (optional.value = !optional.value)} /> {decide.option.label}
          </label>
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
