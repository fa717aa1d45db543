import { createRequire } from 'node:module';
import type { PcapSession } from 'pcap/build/Release/pcap_binding.node';
import type { PortName } from '../../model/address.ts';

type Binding = { readonly PcapSession: new () => PcapSession };
const load: (id: string) => Binding = createRequire(import.meta.url);

/** Matches no frame: these handles send and hear nothing, so that they cost the kernel next to nothing. */
const nothing = 'less 1';

/** A raw handle that only sends. Needs CAP_NET_RAW to open; stays open until the process ends. */
export class SendPort {
  readonly port: PortName;
  readonly #session: PcapSession;

  private constructor(port: PortName, session: PcapSession) {
    this.port = port;
    this.#session = session;
  }

  /** Undefined when the interface is not there or down now. */
  static open(port: PortName): SendPort | undefined {
    const session = new (load('pcap/build/Release/pcap_binding.node').PcapSession)();
    const ignore = (): void => undefined;
    try {
      const linkType = session.open_live(port, nothing, 65_536, 64, '', ignore, false, 0, ignore, false);
      if (linkType !== 'LINKTYPE_ETHERNET') throw new Error(`Cannot send on ${port}: its link type is ${linkType}`);
    } catch (error) {
      if (error instanceof Error && /not up|No such device/.test(error.message)) return undefined;
      throw error;
    }
    return new SendPort(port, session);
  }

  /** False when the kernel does not take the frame, as while the interface is down. The addon says no more than that. */
  send(frame: Uint8Array): boolean {
    try {
      this.#session.inject(Buffer.from(frame.buffer, frame.byteOffset, frame.length));
      return true;
    } catch (error) {
      if (!(error instanceof Error && error.message.includes('inject failed'))) throw error;
      return false;
    }
  }
}
