import { createRequire } from 'node:module';
import type { PcapSession } from 'pcap/build/Release/pcap_binding.node';
import { CaptureFrame } from '../../codec/capture.ts';
import type { PortName } from '../../model/address.ts';
import type { Frame } from '../../model/frame.ts';
import { askingPorts } from '../../model/probe.ts';

type Binding = { readonly PcapSession: new () => PcapSession };
const load: (id: string) => Binding = createRequire(import.meta.url);
const binding = load('pcap/build/Release/pcap_binding.node');

/** Bytes kept of each frame: DHCP options and certificates stand far behind. */
export const snapLength = 1600;

/** What identity frames are when a link is too busy to look at every frame. The degraded mode; hosts that only talk otherwise are not seen. */
const identityFilter = [
  'arp or icmp6 or ether proto 0x88cc or ether dst 01:80:c2:00:00:00 or (ether proto 0x8892 and ether[14:2] >= 0xfefc)',
  '(udp and (port 67 or 68 or 546 or 547 or 5353 or 1900 or 3702 or 137 or 5355 or 44818))',
  ...Object.values(askingPorts).map(port => `udp dst port ${port}`), // answers to our own questions
  '(udp port 47808 and (udp[9] = 0x0b or udp[9] = 0x0a and udp[14:2] = 0x1000))', // BACnet broadcasts, and I-Am to one
  '(tcp[tcpflags] & tcp-syn != 0) or (tcp[((tcp[12] & 0xf0) >> 2)] = 22)',
].join(' or ');

export type LiveOptions = {
  readonly filter: 'none' | 'identity';
  /** Size of the kernel's ring. Bytes. */
  readonly bufferBytes: number;
};

/** Why a port could not be opened now; anything else that goes wrong is thrown. */
export type Unopened = { readonly kind: 'down' | 'gone'; readonly detail: string };

/** What a port calls: each frame, then once when the frames that waited are through; `onBroken` when the interface went down under it. */
export type LiveListener = {
  readonly onFrame: (frame: Frame) => void;
  readonly onTurn: () => void;
  readonly onBroken: () => void;
};

/** An open capture handle on one interface. It hears incoming frames only, so that a frame has one port; it stays open until the process ends. */
export class LivePort {
  readonly port: PortName;
  readonly #session: PcapSession;
  readonly #listener: LiveListener;
  readonly #bytes = new Uint8Array(snapLength);
  readonly #header = new Uint8Array(16);
  readonly #fields = new DataView(this.#header.buffer);
  /** Always the same one, in the same bytes, so that a frame costs no object. */
  readonly #frame: CaptureFrame;
  readonly #numbers: Numbers;
  #frames = 0;

  private constructor(port: PortName, session: PcapSession, listener: LiveListener, numbers: Numbers) {
    this.port = port;
    this.#session = session;
    this.#listener = listener;
    this.#numbers = numbers;
    this.#frame = new CaptureFrame(port);
    this.#frame.chunk = this.#bytes;
  }

  /** Opens `port`; needs CAP_NET_RAW. Frames come once `start` is called. */
  static open(port: PortName, options: LiveOptions, listener: LiveListener, numbers: Numbers): LivePort | Unopened {
    const session = new binding.PcapSession();
    const live = new LivePort(port, session, listener, numbers);
    const filter = options.filter === 'identity' ? withTags(identityFilter) : '';
    try {
      const linkType = session.open_live(
        port,
        filter,
        options.bufferBytes,
        snapLength,
        '',
        () => live.#take(),
        false,
        0,
        () => undefined,
        true,
      );
      if (linkType !== 'LINKTYPE_ETHERNET') throw new Error(`Cannot capture on ${port}: its link type is ${linkType}`);
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      if (error.message.includes('not up')) return { kind: 'down', detail: 'the interface is down' };
      if (error.message.includes('No such device')) return { kind: 'gone', detail: 'there is no such interface' };
      throw new Error(`Cannot capture on ${port}: ${error.message}`, { cause: error });
    }
    return live;
  }

  start(): void {
    this.#session.read_callback = status => {
      this.#session.dispatch(this.#bytes, this.#header);
      this.#listener.onTurn();
      if (status < 0) this.#listener.onBroken();
    };
    this.#session.start_polling();
  }

  /** Frames taken and frames that the ring had no room for, since the handle was opened. */
  counters(): { readonly frames: number; readonly dropped: number } {
    return { frames: this.#frames, dropped: this.#session.stats().ps_drop >>> 0 };
  }

  #take(): void {
    const fields = this.#fields;
    const captured = fields.getUint32(8, true); // this machine's byte order: every Linux that Node runs on is little-endian but s390x
    const frame = this.#frame;
    frame.number = ++this.#numbers.last;
    frame.at = fields.getUint32(0, true) * 1000 + Math.floor(fields.getUint32(4, true) / 1000);
    frame.to = Math.min(captured, snapLength);
    frame.wireLength = fields.getUint32(12, true);
    this.#frames++;
    this.#listener.onFrame(frame);
  }
}

/** Frame numbers, shared by all ports of a sensor. */
export type Numbers = { last: number };

/** The same filter inside one VLAN tag. `vlan` shifts what stands after it, so it comes last (pcap-filter(7)). */
const withTags = (filter: string): string => `(${filter}) or (vlan and (${filter}))`;
