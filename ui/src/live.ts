import { signal } from '@preact/signals';
import { apiPath } from '../../gateway/api/contract.ts';
import type { LiveMessage } from '../../gateway/api/contract.ts';
import { apply, loadSession } from './store.ts';

/** True while the stream is open: what the page shows is followed. */
export const isOpen = signal(false);
let socket: WebSocket | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let delay = 1_000;
let toldAt = 0;

/** Opens the live stream and keeps it open, asking again after 1 to 30 seconds. */
export function connect(): void {
  disconnect();
  const own = new WebSocket(`wss://${location.host}${apiPath}/live`);
  socket = own;
  own.onmessage = event => {
    delay = 1_000;
    isOpen.value = true;
    apply(JSON.parse(String(event.data)) as LiveMessage); // the contract of the stream, checked by the tests of the API
  };
  own.onclose = () => {
    if (socket !== own) return;
    socket = undefined;
    isOpen.value = false;
    void loadSession(); // a signed-out page must not go on asking
    retry = setTimeout(connect, delay);
    delay = Math.min(delay * 2, 30_000);
  };
}

export function disconnect(): void {
  clearTimeout(retry);
  const old = socket;
  socket = undefined;
  isOpen.value = false;
  old?.close();
}

/** Tells the gateway that a person is at the page, at most once a minute, so that the session is not idle. */
export function present(): void {
  if (Date.now() - toldAt < 60_000 || socket?.readyState !== WebSocket.OPEN) return;
  toldAt = Date.now();
  socket.send('here');
}
