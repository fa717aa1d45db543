import type { ComponentChildren } from 'preact';
import { useSignal } from '@preact/signals';
import { go } from './store.ts';

/** A link within the page. Opening in a new tab works as everywhere. */
export function Link({ to, children, class: name }: { to: string; children: ComponentChildren; class?: string }) {
  return (
    <a
      href={to}
      class={name ?? ''}
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
