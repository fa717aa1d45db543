/** A whole number from 0 to below `most` that looks random and is always the same for the same text (FNV-1a): the machine rolls no dice. */
export function jitter(text: string, most: number): number {
  let hash = 0x811c9dc5;
  for (let n = 0; n < text.length; n++) hash = Math.imul(hash ^ text.charCodeAt(n), 0x01000193) >>> 0;
  return hash % Math.max(1, Math.floor(most));
}
