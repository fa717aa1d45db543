import type { DetectionRule } from './rule.ts';

/** Every rule. A new one is one file here and one line in this list. */
export const detectionRules: readonly DetectionRule[] = [];
