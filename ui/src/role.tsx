import type { ComponentChildren } from 'preact';
import { mayDo } from '../../gateway/api/contract.ts';
import type { UserRole } from '../../gateway/api/contract.ts';
import { session } from './store.ts';

/** The role of who is signed in. */
export const myRole = (): UserRole | undefined => (session.value?.state === 'signed-in' ? session.value.role : undefined);

/** True iff who is signed in may do what needs this role; the gateway asks again at each request. */
export const may = (needed: UserRole): boolean => {
  const mine = myRole();
  return mine !== undefined && mayDo(mine, needed);
};

/** What only some may do. The others see why it is not there, when `what` names it. */
export function For({ role, what, children }: { role: UserRole; what?: string; children: ComponentChildren }) {
  if (may(role)) return <>{children}</>;
  if (what === undefined) return null;
  return (
    <p class="soft for-role">
      {what} needs the role {role}; you are {myRole()}.
    </p>
  );
}
