/** A length of time as people type it, `30m`, `4h`, `2d`, `90s`, in milliseconds; undefined when it is none or not above zero. */
export function readSpan(text: string): number | undefined {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(s|m|min|h|d)$/.exec(text.trim()) ?? [];
  if (amount === undefined || unit === undefined) return undefined;
  const millis = Number(amount) * { s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 }[unit as 's' | 'm' | 'min' | 'h' | 'd'];
  return millis > 0 && Number.isFinite(millis) ? Math.round(millis) : undefined;
}

/** An instant as people type it, RFC 3339, `2026-03-01` (its end in UTC) or `2026-03-01T18:00Z`, in milliseconds since 1970 UTC; undefined when it is none. */
export function readInstant(text: string): number | undefined {
  if (/^\d{4}-\d\d-\d\d$/.test(text)) return instant(`${text}T23:59:59.999Z`);
  return /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/.test(text) ? instant(text.replace(' ', 'T')) : undefined;
}

function instant(text: string): number | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : at;
}
