import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { passwordLength } from '../../gateway/api/contract.ts';
import type { SessionState } from '../../gateway/api/contract.ts';
import { RequestError, ask } from './api.ts';
import { session } from './store.ts';

/** Runs a request of a form; says what failed, and shows that it is on its way. */
function useSubmit(path: string) {
  const failure = useSignal<string | undefined>(undefined);
  const busy = useSignal(false);
  /** Seconds until the gateway takes another attempt. */
  const wait = useSignal(0);
  useEffect(() => {
    if (wait.value === 0) return undefined;
    const timer = setTimeout(() => (wait.value -= 1), 1_000);
    return () => clearTimeout(timer);
  }, [wait.value]);
  const submit = async (body: unknown) => {
    if (busy.value || wait.value > 0) return;
    busy.value = true;
    failure.value = undefined;
    try {
      session.value = await ask<SessionState>('POST', path, body);
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      failure.value = error.message;
      wait.value = error.retrySeconds ?? 0;
    } finally {
      busy.value = false;
    }
  };
  return { failure, busy, wait, submit };
}

const text = (form: FormData, name: string): string => {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
};

type CardProps = {
  title: string;
  lead: string;
  button: string;
  path: string;
  body: (form: FormData) => unknown;
  children: JSX.Element | JSX.Element[];
  /** The other way in, where there is one. */
  instead?: { readonly text: string; readonly go: () => void };
};
function Card({ title, lead, button, path, body, children, instead }: CardProps) {
  const { failure, busy, wait, submit } = useSubmit(path);
  return (
    <main class="entrance">
      <form
        class="panel"
        onSubmit={event => {
          event.preventDefault();
          void submit(body(new FormData(event.currentTarget)));
        }}
      >
        <p class="brand">Sallyport</p>
        <h1>{title}</h1>
        <p class="soft">{lead}</p>
        {children}
        <p class="failure" role="alert">
          {failure.value}
        </p>
        <button class="primary" disabled={busy.value || wait.value > 0}>
          {busy.value ? 'One moment…' : wait.value > 0 ? `Wait ${wait.value} s` : button}
        </button>
        {instead !== undefined && (
          <button type="button" class="instead" onClick={instead.go}>
            {instead.text}
          </button>
        )}
      </form>
    </main>
  );
}

/** A one-time code opens an account: the first with the one from the console, others with the one that the administrator gave them. */
export function SetupPage({ back }: { back?: () => void }) {
  return (
    <Card
      title={back === undefined ? 'Set up this gateway' : 'Open your account'}
      lead={
        back === undefined
          ? 'The gateway printed a one-time code when it started. It proves that you may open the first account.'
          : 'The administrator of this gateway gave you a one-time code for your name. It opens your account, once.'
      }
      {...(back === undefined ? {} : { instead: { text: 'I have an account', go: back } })}
      button="Create account and sign in"
      path="/session/setup"
      body={form => ({ code: text(form, 'code'), user: text(form, 'user'), password: text(form, 'password') })}
    >
      <label>
        One-time code
        <input
          name="code"
          class="mono"
          required
          autoFocus
          autocomplete="one-time-code"
          autocapitalize="characters"
          spellcheck={false}
          placeholder="XXXX-XXXX-XXXX-XXXX"
        />
      </label>
      <label>
        Your name
        <input
          name="user"
          required
          pattern="[a-z][a-z0-9._\-]{0,31}"
          title="Lower-case letters, digits, dot, dash; begins with a letter"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
        />
        <small class="soft">Lower-case; it stands beside each of your decisions.</small>
      </label>
      <label>
        Password
        <input
          name="password"
          type="password"
          required
          minLength={passwordLength.min}
          maxLength={passwordLength.max}
          autocomplete="new-password"
        />
        <small class="soft">At least {passwordLength.min} characters.</small>
      </label>
    </Card>
  );
}

export function SignInPage() {
  const isInvited = useSignal(false);
  if (isInvited.value) return <SetupPage back={() => (isInvited.value = false)} />;
  return (
    <Card
      instead={{ text: 'I have a one-time code', go: () => (isInvited.value = true) }}
      title="Sign in"
      lead="Your name stands beside each decision that you take."
      button="Sign in"
      path="/session"
      body={form => ({ user: text(form, 'user'), password: text(form, 'password') })}
    >
      <label>
        Name
        <input name="user" required autoFocus autocomplete="username" autocapitalize="none" spellcheck={false} />
      </label>
      <label>
        Password
        <input name="password" type="password" required autocomplete="current-password" />
      </label>
    </Card>
  );
}
