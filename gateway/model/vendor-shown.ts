import type { Device } from './device.ts';

/**
 * Who is shown as the vendor of a device that proved none: whom a person named, else whom it names itself, else whom the registry has for its
 * address, where a block keeps the name of the company that once took it. Untrusted; rules go by the registry.
 */
export const vendorShown = ({ vendor, maker }: Device['fields']): string | undefined =>
  (vendor?.locked === true ? vendor : (maker ?? vendor))?.value;
