import type { EventBody } from '../model/event.ts';

/** Events about reference values. */
export type ReferenceEvent = Extract<
  EventBody,
  {
    readonly kind:
      | 'reference-found'
      | 'reference-gone'
      | 'reference-added'
      | 'reference-activated'
      | 'reference-expired'
      | 'reference-revoked'
      | 'reference-withdrawn'
      | 'baseline-taken';
  }
>;

/** One of them in words. */
export function describeReference(body: ReferenceEvent): string {
  switch (body.kind) {
    case 'reference-found':
      return `reference values ${body.set.id} found, ${body.state}: ${body.why}`;
    case 'reference-gone':
      return `reference values ${body.key}: their file is gone`;
    case 'reference-added':
      return `${body.by} brought ${body.file} with ${body.sets.length} reference sets: ${body.reason}`;
    case 'reference-activated': {
      const end = body.until === undefined ? 'at once' : `after ${new Date(body.until).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
      const old = body.replaces.length === 0 ? '' : `, in place of ${body.replaces.join(', ')}, which end ${end}`;
      return `${body.by} put reference values ${body.key} into force${old}: ${body.reason}`;
    }
    case 'reference-expired':
      return `${body.by} ended reference values ${body.key}: ${body.reason}`;
    case 'reference-revoked':
      return `${body.by} revoked reference values ${body.key}: ${body.reason}`;
    case 'reference-withdrawn':
      return `${body.detail} [${body.code}]`;
    case 'baseline-taken':
      return `${body.by} took what it measures as its baseline: ${body.reason}`;
  }
}
