/**
 * The one table of reason codes. Public API: the same string in page, CLI, exports, metrics and docs; never renamed.
 * The text says in plain words what it means; `next` says what a person can do.
 */
export const reasons = {
  SIGNED_AND_EXPECTED: { text: 'proved its firmware by certificate and is expected here', next: 'nothing to do' },
  NOT_EXPECTED: {
    text: 'proved its firmware, but nobody listed its serial or key',
    next: 'approve it, or add its serial to policies/expected',
  },
  APPROVED: { text: 'a person allowed it', next: 'nothing to do until the approval ends' },
  WAIVED: { text: 'a person excused a failed check for a time', next: 'mend the device before the waiver ends' },
  BLOCKED: { text: 'a person cut it off', next: 'release it when it is mended' },
  POLICY_ADMIT: { text: 'a policy rule admits it', next: 'nothing to do' },
  POLICY_HOLD: { text: 'a policy rule holds it', next: 'approve it, or change the rule' },
  POLICY_DENY: { text: 'a policy rule forbids it', next: 'remove the device, or approve it' },
  ZONE_DEFAULT: { text: 'no rule matched; the zone decides', next: 'approve it, or write a rule' },
  AWAITING_CHALLENGE: { text: 'has not been challenged yet', next: 'wait a few seconds, or challenge again' },
  NO_EVIDENCE: { text: 'speaks TLS but has no attestation Evidence', next: 'approve it by hand' },
  CANNOT_ATTEST: { text: 'cannot attest: it offers no TLS on the challenge ports', next: 'approve it by hand' },
  NO_RESPONSE: { text: 'did not answer the challenge', next: 'check the device and challenge again' },
  STEALTH_DEVICE: { text: 'seen by the forwarding table or by frames only; it never announced an address', next: 'find it at its port' },
  MAC_CLONED: { text: 'uses an address that belongs to a device on another port', next: 'find the clone at its port' },
  KEY_SEEN_ELSEWHERE: { text: 'showed a device key that another device proved', next: 'find the copy or the relay' },
  KEY_CHANGED: { text: 'its key is not the key it was approved with', next: 'approve it again if it was replaced' },
  IDENTITY_MISMATCH: { text: 'its certificates name another device', next: 'check the serial on the label' },
  EVIDENCE_EXPIRED: { text: 'its proof is too old', next: 'challenge again' },
  EVIDENCE_MALFORMED: { text: 'its Evidence cannot be read', next: 'report it to the vendor' },
  CHAIN_UNTRUSTED: { text: 'its certificate chain ends at no trust anchor of ours', next: "add the vendor's anchor if you trust it" },
  CHAIN_INCOMPLETE: { text: 'its certificates do not link up by name and signature', next: 'report it to the vendor' },
  SIGNATURE_INVALID: { text: 'a signature in its chain is wrong', next: 'treat it as tampered with' },
  ALGORITHM_REFUSED: { text: 'its chain uses an algorithm or key that is too weak', next: 'update the device' },
  CERT_EXPIRED: { text: 'a certificate has ended', next: 'renew it on the device' },
  CERT_NOT_YET_VALID: { text: 'a certificate is not valid yet', next: 'check the clocks' },
  CERT_NOT_CA: { text: 'a certificate that is no CA signed another', next: 'treat it as tampered with' },
  PATH_TOO_LONG: { text: "the chain is longer than its CA's path length allows", next: 'report it to the vendor' },
  KEY_USAGE_WRONG: { text: 'a key is used for what its certificate does not allow', next: 'report it to the vendor' },
  CRITICAL_EXTENSION_UNKNOWN: { text: 'a certificate has a critical extension that we do not know', next: 'report it to the vendor' },
  HANDSHAKE_NOT_FRESH: { text: 'the handshake proves no fresh possession of the key', next: 'challenge again' },
  NO_MEASUREMENTS: { text: 'proved who it is, but carries no firmware measurement', next: 'approve it by hand' },
  DIGEST_UNKNOWN: { text: 'its measured firmware is in no signed list', next: 'install known firmware, or have the list extended' },
  REFERENCE_MISSING: { text: 'there are no reference values for its model', next: 'add signed reference values for the model' },
  VERSION_DENIED: { text: 'its security version is below the floor', next: 'update the device' },
  DEBUG_ENABLED: { text: 'its measurements say that it is in debug or recovery mode, or not secured', next: 'secure the device' },
  ENFORCEMENT_PAUSED: { text: 'a person paused enforcement', next: 'resume when ready' },
  ENFORCEMENT_DRIFTED: { text: 'the network did not do what was decided', next: 'see the enforcer on the health line' },
  VERIFIER_FAILED: { text: 'we failed to judge it; this is our fault', next: 'report it with the journal' },
} as const satisfies Record<string, { text: string; next: string }>;

/** One of the public reason codes. */
export type ReasonCode = keyof typeof reasons;
export const reasonCodes = Object.keys(reasons) as readonly ReasonCode[];
