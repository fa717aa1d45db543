/** The native half of `pcap` 3.1.0 as `gateway/build-native.mjs` patches it. Its own `pcap.js` is left out: it makes objects for each frame and hides errors. */
declare module 'pcap/build/Release/pcap_binding.node' {
  export type CaptureStats = {
    /** Frames put into the ring, and frames that found no room in it, since the handle was opened. 32 bits, wraps. */
    readonly ps_recv: number;
    readonly ps_drop: number;
    readonly ps_ifdrop: number;
  };

  export class PcapSession {
    /**
     * Opens a handle and returns its link type, `LINKTYPE_ETHERNET`. `bufferTimeout` 0 is immediate mode. Throws libpcap's words:
     * `That device is not up`, `No such device exists`, `You don't have permission …`.
     */
    open_live(
      device: string,
      filter: string,
      bufferBytes: number,
      snapLength: number,
      outputFile: string,
      onPacket: () => void,
      monitorMode: boolean,
      bufferTimeout: number,
      onWarning: (text: string) => void,
      promiscuous: boolean,
    ): string;
    /** Called when the handle is readable; negative when the poll failed, as when the interface went down. It must call `dispatch`. */
    read_callback: (status: number) => void;
    /** Calls `onPacket` for each waiting frame, at most 1024, having filled `bytes` and `header` (4 × u32: seconds, microseconds, captured, on the wire). */
    dispatch(bytes: Uint8Array, header: Uint8Array): number;
    /** Sends one whole frame. Throws when the kernel does not take it. */
    inject(frame: Buffer): void;
    start_polling(): void;
    stats(): CaptureStats;
  }
}
