/** The part of `mdns-js` 1.0.3 that we use. Everything that an update carries is untrusted and may be missing. */
declare module 'mdns-js' {
  import type { EventEmitter } from 'node:events';

  export type Update = {
    readonly addresses: readonly string[];
    readonly type?: readonly { toString(): string }[];
    readonly host?: string;
    readonly port?: number;
    readonly fullname?: string;
    readonly networkInterface?: string;
  };
  export class Browser extends EventEmitter {
    on(event: 'ready', listener: () => void): this;
    on(event: 'update', listener: (update: Update) => void): this;
    discover(): void;
    stop(): void;
  }
  const mdns: {
    createBrowser(serviceType?: string): Browser;
    /** Call before the first browser. `0.0.0.0` leaves out the socket that crashes where there is no multicast route. */
    excludeInterface(address: '0.0.0.0'): void;
  };
  export default mdns;
}
