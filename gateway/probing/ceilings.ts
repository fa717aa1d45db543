/** How gently we ask, as discovery on OT networks needs it. The schedule keeps to these by orders, the edge once more by messages. */
export const ceilings = {
  /** Messages that may leave, a second. */
  perDevice: 1,
  perSegment: 5,
  perBox: 20,
  /** Probes under way at once, over the whole box. */
  running: 32,
  /** Between the end of one probe of a device and the next, whatever the protocol. Milliseconds, as all that follows. */
  betweenProbesMs: 10_000,
  /** A device that answered is asked the same again after so long, unless a person asks. */
  againMs: 86_400_000,
  /** Broadcast probes of an armed zone, and by how much each round may come later, so that no two boxes or kinds keep step. */
  broadcastEveryMs: 900_000,
  jitterMs: 90_000,
  /** How soon after arming the first round begins, at most. */
  firstWithinMs: 3_000,
  /** A device is listened to for so long before it is asked: who was talking can be missed. */
  listenFirstMs: 10_000,
  /** Only a device that was heard so lately is asked: the bridge still knows its port, so that nobody else gets the question. */
  heardWithinMs: 60_000,
  /** A device that talked and goes quiet within so long after a probe was hurt by it. */
  hurtWithinMs: 60_000,
  /** Quiet: nothing for five times its usual gap, within these bounds. */
  quietMs: { least: 15_000, most: 60_000 },
  /** A probe of one device whose outcome never came is given up after this; a broadcast one so long after it was stopped. */
  lostMs: 120_000,
  /** What a person asked for now is tried for so long. */
  askedForMs: 600_000,
  /** Addresses of a /22: the widest sweep without an explicit word. */
  sweep: 1_022,
  /** And of a /20: the widest one at all. */
  wideSweep: 4_094,
} as const;
