/** `1 device`, `2 devices`, `2 addresses`: a number with what it counts. */
export const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : what.endsWith('s') ? 'es' : 's'}`;
