import type { PastInventory } from '../export/past.ts';
import type { DeviceId, PortName } from '../model/address.ts';
import type { Coverage } from '../model/coverage.ts';
import type { DeviceView } from '../model/device.ts';
import type { Event, UserEvent } from '../model/event.ts';
import type { Command, CommandAnswer } from '../model/machine.ts';
import type { JournalPage, Show } from '../model/notable.ts';
import type { ProbingState, ZoneProbing } from '../model/probe.ts';
import type { BroughtFile, ReferenceList } from '../model/reference.ts';
import type { Settings, ZoneMode } from '../model/settings.ts';
import type { AnchorPreview, FileList, ReferenceSet, ShownAnchor, ShownEnrolled, ShownFileList } from '../model/trust.ts';

/** How the gateway itself fares; shown on the page and by `sallyport devices`. */
export type Health = {
  readonly version: string;
  readonly startedAt: number;
  readonly zones: readonly { readonly name: string; readonly mode: ZoneMode; readonly devices: number }[];
  readonly pausedUntil?: number;
  readonly enforcement: { readonly state: 'none' | 'applied' | 'mismatch' | 'failed'; readonly detail: string; readonly at: number };
  readonly processes: readonly { readonly role: string; readonly alive: boolean; readonly pid?: number; readonly detail: string }[];
  readonly ports: readonly {
    readonly port: PortName;
    readonly state: 'up' | 'down' | 'healed' | 'gone' | 'unknown';
    readonly frames: number;
    readonly dropped: number;
    /** Frames that the clone guard kept out there: their sender's address is bound to another port. */
    readonly cloneDrops: number;
    readonly detail: string;
  }[];
  readonly journal: { readonly events: number; readonly head: string; readonly storage: 'ok' | 'full'; readonly detail: string };
  /** `problems` keep files from being in force; `notes` say of what is in force that it is most likely not meant, or will not last. */
  readonly policy: { readonly hash: string; readonly problems: readonly string[]; readonly notes: readonly string[] };
  /** Zones that are armed for probes; empty when nothing is asked. */
  readonly probes: { readonly zones: readonly ZoneProbing[]; readonly running: number };
};

/** What routes, live updates and exports may ask of the running gateway; `main` hands it to them. Reads never block; nothing here is a copy to change. */
export type Site = {
  readonly settings: Settings;
  devices(): readonly DeviceView[];
  device(id: DeviceId): DeviceView | undefined;
  /** The device whose current binding has this IP, for the attestation listener. */
  deviceByIp(ip: string): DeviceView | undefined;
  /** Events about one device, oldest first, at most `limit` of the newest. */
  timeline(id: DeviceId, limit: number): readonly Event[];
  /** Every Event after one, in their order; at most `limit`. */
  events(after: number, limit: number): readonly Event[];
  /** What happened on the site before an Event, newest first; `show` undefined is all of it. */
  journal(show: Show | undefined, before: number, limit: number): JournalPage;
  /** The inventory as it stood at an instant that is over. Takes seconds where the journal is long. */
  past(at: number): Promise<PastInventory>;
  health(): Health;
  /** What the box sees of the network and what it cannot see. Looks at every device. */
  coverage(): Coverage;
  /** What we may ask on the wire by ourselves, and what came of it. */
  probes(): ProbingState;
  /** The trust anchors, and what one that is staged would let in. */
  readonly trust: {
    anchors(): readonly ShownAnchor[];
    preview(sha256: string): Promise<AnchorPreview | undefined>;
    /** Attestation keys that TPMs of devices enrolled. Looks at every device, as `fileLists` does. */
    enrolled(): readonly ShownEnrolled[];
    /** Which files devices of a class may run. */
    fileLists(): readonly ShownFileList[];
    fileList(name: string): FileList | undefined;
  };
  /** All sets of reference values, where each stands, and the baselines. Looks at every device. */
  references(): ReferenceList;
  /** A set with all that it lists; undefined when nobody holds it any more. */
  reference(key: string): ReferenceSet | undefined;
  /** Brings a signed file of reference values; its sets are staged. */
  addReferences(by: string, reason: string, brought: BroughtFile): Promise<CommandAnswer>;
  /** Resolves when the Event is committed (or when the command was refused). */
  command(by: string, reason: string, command: Command): Promise<CommandAnswer>;
  /** Records who signed in. */
  note(user: string, from: string): void;
  /** Records who may sign in, as what, or no more. */
  noteUser(event: UserEvent): void;
  /** Calls `listener` with the ids that changed, at most 4 times a second. Returns the way to stop. */
  subscribe(listener: (changed: readonly DeviceId[]) => void): () => void;
};

export type { CommandAnswer };
