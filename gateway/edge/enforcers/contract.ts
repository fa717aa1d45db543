import type { Hex } from '../../model/address.ts';
import type { ReplyLane, RuleSet } from '../../model/rule-set.ts';
import type { FromEnforcer } from '../messages.ts';

/** What brings a RuleSet into force. One file and one line in `index.ts` each. */
export type Enforcer = {
  readonly name: string;
  /** Starts with what is in force as it is; `report` gets what was read back. In `folder` it keeps what the next boot of the machine brings into force; absent: nothing. */
  start(report: (message: FromEnforcer) => void, folder: string | undefined): Enforcement;
};

/** A running enforcer. Nothing throws; what fails is reported. A RuleSet that a newer one overtakes may be skipped. */
export type Enforcement = {
  enforce(ruleSet: RuleSet, hash: Hex): void;
  openLane(id: string, lane: ReplyLane): void;
  closeLane(id: string): void;
  /** Ends our own processes and leaves everything in force. */
  stop(): void;
};
