import { createRequire } from 'node:module';
import type { PcapSession } from 'pcap/build/Release/pcap_binding.node';

type Session = PcapSession & { inject(frame: Buffer): void };
const load: (id: string) => { readonly PcapSession: new () => Session } = createRequire(import.meta.url);

/** Whole frames in and out of one interface of this namespace. `onFrame` gets a copy of each incoming frame that the filter lets pass. */
export function openEthernet(iface: string, filter: string, onFrame: (frame: Buffer) => void): (frame: Uint8Array) => void {
  const session = new (load('pcap/build/Release/pcap_binding.node').PcapSession)();
  const [bytes, header] = [new Uint8Array(1600), Buffer.alloc(16)];
  const take = (): void => onFrame(Buffer.from(bytes.subarray(0, header.readUInt32LE(8))));
  session.open_live(iface, filter, 1 << 20, bytes.length, '', take, false, 0, () => undefined, true);
  session.read_callback = () => session.dispatch(bytes, header);
  session.start_polling();
  return frame => session.inject(Buffer.from(frame));
}
