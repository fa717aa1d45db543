import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { userRoles, visibleText } from '../../gateway/api/contract.ts';
import type { UserRole, Users } from '../../gateway/api/contract.ts';
import { RequestError, ask } from './api.ts';
import { DecideDialog } from './decide-dialog.tsx';
import type { Decide } from './decide-dialog.tsx';
import { when } from './format.ts';
import { For, may } from './role.tsx';
import { clock, session } from './store.ts';

const words: Readonly<Record<UserRole, string>> = {
  viewer: 'sees and exports',
  operator: 'also decides about devices',
  admin: 'also zones, trust, users',
};

/** Who may sign in and as what, for admins: other roles, removals, tokens of programs. Somebody new is let in on the box only. */
export function PeoplePage() {
  const users = useSignal<Users | undefined>(undefined);
  const failure = useSignal<string | undefined>(undefined);
  const dialog = useSignal<Decide | undefined>(undefined);
  const said = useSignal('');
  const load = async (): Promise<void> => {
    try {
      [users.value, failure.value] = [await ask<Users>('GET', '/users'), undefined];
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      failure.value = error.message;
    }
  };
  const isAdmin = may('admin');
  useEffect(() => {
    if (isAdmin) void load();
  }, [isAdmin]);
  useEffect(() => {
    document.title = 'People · Sallyport';
    return () => {
      document.title = 'Sallyport';
    };
  }, []);
  const me = session.value?.state === 'signed-in' ? session.value.user : '';
  const { accounts = [], invited = [], tokens = [] } = users.value ?? {};
  return (
    <main class="people">
      <h1>People</h1>
      <For role="admin" what="To see who may sign in">
        <p class="soft">
          To let somebody in, on the box: <span class="mono">sallyport user add NAME --role operator</span>. A viewer {words.viewer}, an
          operator {words.operator}, an admin {words.admin}.
        </p>
        {failure.value !== undefined && <p class="banner bad">{failure.value}</p>}
        <p class="said" role="status">
          {said.value}
        </p>
        <ul class="lines">
          {accounts.map(({ user, role, createdAt }) => (
            <li key={user}>
              <b>{visibleText(user)}</b> {role} <small class="soft">since {when(createdAt)}</small>{' '}
              {user === me && <span class="soft">(you) </span>}
              <button
                type="button"
                class="small"
                aria-label={`Another role for ${user}…`}
                onClick={() => (dialog.value = roleOf(user, role))}
              >
                Another role…
              </button>{' '}
              <button type="button" class="small" aria-label={`Remove ${user}…`} onClick={() => (dialog.value = removalOf(user))}>
                Remove…
              </button>
            </li>
          ))}
          {invited.map(({ user, role }) => (
            <li key={`invited ${user}`}>
              <b>{visibleText(user)}</b> {role} <span class="soft">has a one-time code and no account yet</span>{' '}
              <button type="button" class="small" aria-label={`Remove ${user}…`} onClick={() => (dialog.value = removalOf(user))}>
                Remove…
              </button>
            </li>
          ))}
        </ul>
        <h2>Tokens of programs ({tokens.length})</h2>
        {tokens.length === 0 && (
          <p class="soft">
            None. To make one, on the box: <span class="mono">sallyport user token NAME --role viewer --for 90d</span>.
          </p>
        )}
        <ul class="lines">
          {tokens.map(({ name, role, by, until, usedAt }) => (
            <li key={name}>
              <b>{visibleText(name)}</b> {role}, {until > clock.value ? 'good until' : 'ended'} {when(until)}{' '}
              <small class="soft">
                made by {visibleText(by)}, {usedAt === undefined ? 'not used since the start' : `last used ${when(usedAt)}`}
              </small>{' '}
              <button type="button" class="small" aria-label={`Revoke ${name}…`} onClick={() => (dialog.value = revocationOf(name))}>
                Revoke…
              </button>
            </li>
          ))}
        </ul>
      </For>
      {dialog.value !== undefined && (
        <DecideDialog
          key={dialog.value.title}
          decide={dialog.value}
          close={done => {
            [dialog.value, said.value] = [undefined, done ?? ''];
            void load();
          }}
        />
      )}
    </main>
  );
}

const roleOf = (user: string, role: UserRole): Decide => ({
  title: `Another role for ${visibleText(user)}?`,
  consequence: `${visibleText(user)} is ${role} now. The new role counts at once, also for what is open.`,
  button: 'Give this role',
  path: `/users/${encodeURIComponent(user)}/role`,
  inputs: [{ name: 'role', label: 'Role', choices: userRoles.filter(each => each !== role) }],
});

const removalOf = (user: string): Decide => ({
  title: `Remove ${visibleText(user)}?`,
  consequence: `${visibleText(user)} is signed out at once and cannot sign in again. What was decided under this name stays.`,
  button: 'Remove',
  danger: true,
  path: `/users/${encodeURIComponent(user)}/remove`,
});

const revocationOf = (name: string): Decide => ({
  title: `Revoke the token ${visibleText(name)}?`,
  consequence: 'The program that has it gets no answer any more, at once.',
  button: 'Revoke',
  danger: true,
  path: `/tokens/${encodeURIComponent(name)}/revoke`,
});
