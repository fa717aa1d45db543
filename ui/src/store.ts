import { computed, signal } from '@preact/signals';
import type { DeviceList, DeviceRow, Health, LiveMessage, SessionState } from '../../gateway/api/contract.ts';
import { RequestError, ask } from './api.ts';

/** What the page knows. Signals: a component that reads one is drawn again when it changes. */
export const session = signal<SessionState | undefined>(undefined);
export const rows = signal<ReadonlyMap<string, DeviceRow>>(new Map());
/** False until the first list came. */
export const loaded = signal(false);
export const health = signal<Health | undefined>(undefined);
export const problem = signal<string | undefined>(undefined);
/** The address within the page. */
export const path = signal(location.pathname);
/** The browser's clock, for "12 s ago"; moves every few seconds. */
export const clock = signal(Date.now());
/** When the live stream last said something. */
export const heardAt = signal(0);

export const openDevice = computed(() => {
  const id = /^\/devices\/([^/]+)$/.exec(path.value)?.[1];
  return id === undefined ? undefined : decodeURIComponent(id);
});

let seq = -1;
/** Messages that came while the list was on its way. */
let waiting: LiveMessage[] | undefined;

/** Asks for the whole list; changes that arrive meanwhile are applied after it. */
export async function loadList(): Promise<void> {
  if (waiting !== undefined) return;
  waiting = [];
  try {
    const list = await ask<DeviceList>('GET', '/devices');
    seq = list.seq;
    rows.value = new Map(list.rows.map(row => [row.id, row]));
    loaded.value = true;
    problem.value = undefined;
    const late = waiting;
    waiting = undefined;
    for (const message of late) apply(message);
  } catch (error) {
    waiting = undefined;
    if (!(error instanceof RequestError)) throw error;
    if (error.code === 'not-signed-in') await loadSession();
    else problem.value = error.message;
  }
}

/** Takes a message of the live stream. After a gap in `seq` the list is asked for again. */
export function apply(message: LiveMessage): void {
  heardAt.value = Date.now();
  health.value = message.health;
  if (waiting !== undefined) return void waiting.push(message);
  if (message.resync === true || message.seq > seq + 1) return void loadList();
  if (message.seq <= seq) return;
  seq = message.seq;
  if (message.rows.length === 0 && message.gone.length === 0) return;
  const next = new Map(rows.value);
  for (const row of message.rows) next.set(row.id, row);
  for (const id of message.gone) next.delete(id);
  rows.value = next;
}

export async function loadSession(): Promise<void> {
  try {
    session.value = await ask<SessionState>('GET', '/session');
    problem.value = undefined;
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    problem.value = error.message;
  }
}

/** Forgets what was shown, when somebody signs out. */
export function forget(): void {
  rows.value = new Map();
  health.value = undefined;
  loaded.value = false;
  seq = -1;
}

/** Goes to another address of this page. */
export function go(to: string): void {
  history.pushState(null, '', to);
  path.value = location.pathname;
  scrollTo(0, 0);
}
