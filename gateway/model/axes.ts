/** What the device proved: the AR4SI tier (draft-ietf-rats-ar4si §2.3.2). Public API. */
export const attestationStatuses = ['none', 'affirming', 'warning', 'contraindicated'] as const;
export type AttestationStatus = (typeof attestationStatuses)[number];

/** Assurance ladder: 0 nothing, 1 self-report, 2 key continuity, 3 vendor-rooted identity, 4 measured firmware, 5 + signed reference value, fresh. */
export type Assurance = 0 | 1 | 2 | 3 | 4 | 5;

/** What people and policy allow. `admitted`: a rule admits it; `approved`, `waived`, `blocked`: a person did; `denied`: a rule or failed Evidence did. */
export const admissions = ['pending', 'admitted', 'approved', 'waived', 'denied', 'blocked'] as const;
export type Admission = (typeof admissions)[number];

/** What the network really does, read back. `would-*`: the zone only observes. `dropped`: cut at its port before the forwarding table learns it. */
export const enforcements = ['open', 'held', 'quarantined', 'dropped', 'would-hold', 'would-quarantine', 'applying', 'drifted'] as const;
export type Enforcement = (typeof enforcements)[number];

/** Whether it is there: `silent` sent nothing for the zone's age; `offline`: its port has no link. */
export const presences = ['online', 'silent', 'offline'] as const;
export type Presence = (typeof presences)[number];

/** The headline that screens derive from the four axes. It is never stored. */
export const badges = ['trusted', 'approved', 'waived', 'pending', 'quarantined', 'offline'] as const;
export type Badge = (typeof badges)[number];

export function badge(a: { attestation: AttestationStatus; admission: Admission; enforcement: Enforcement; presence: Presence }): Badge {
  if (a.admission === 'denied' || a.admission === 'blocked' || a.enforcement === 'dropped') return 'quarantined';
  if (a.presence === 'offline') return 'offline';
  if (a.admission === 'pending') return 'pending';
  if (a.admission === 'waived') return 'waived';
  return a.admission === 'approved' ? 'approved' : 'trusted';
}
