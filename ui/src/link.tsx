import type { ComponentChildren } from 'preact';
import { useSignal } from '@preact/signals';
import { go } from './store.ts';

type LinkProps = { readonly to: string; readonly children: ComponentChildren; readonly class?: string; readonly current?: boolean };

/** A link within the page. Opening in a new tab works as everywhere. `current`: it names what is open. */
export function Link({ to, children, class: name, current = false }: LinkProps) {
  return (
    <a
      href={to}
      class={name ?? ''}
      aria-current={current ? 'page' : undefined}
      onClick={event => {
        if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        go(to);
      }}
    >
      {children}
    </a>
  );
}

/** Copies an identifier. The clipboard may be forbidden; then the button says so. */
export function Copy({ text, what }: { text: string; what: string }) {
  const said = useSignal('Copy');
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      said.value = 'Copied';
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      said.value = 'Not allowed';
    }
    setTimeout(() => (said.value = 'Copy'), 1_500);
  };
  return (
    <button type="button" class="copy" aria-label={`Copy ${what}`} onClick={() => void copy()}>
      {said.value}
    </button>
  );
}
