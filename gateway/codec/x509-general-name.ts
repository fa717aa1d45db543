import { type DerReader, type Element, inside } from './der.ts';
import { DecodeError } from './reader.ts';
import { type Name, name } from './x509-name.ts';

/**
 * One GeneralName (RFC 5280 §4.2.1.6) as it stands: whether a DNS name, an address or a mailbox is well formed is for whoever compares it.
 * Text is one character for one octet. `opaque` are forms that nobody compares: x400Address, ediPartyName, registeredID.
 */
export type GeneralName =
  | { readonly kind: 'dns' | 'email' | 'uri'; readonly value: string }
  /** 4 or 16 octets in a certificate, 8 or 32 (address and mask) in a constraint. */
  | { readonly kind: 'ip'; readonly octets: Uint8Array }
  | { readonly kind: 'directory'; readonly name: Name }
  /** `der` is the value with its tag. */
  | { readonly kind: 'other'; readonly type: string; readonly der: Uint8Array }
  | { readonly kind: 'opaque'; readonly tag: number; readonly der: Uint8Array };

/** Most names in one list. */
const maxNames = 2048;

/** All names of a GeneralNames, whose SEQUENCE was opened. */
export function generalNames(list: DerReader): readonly GeneralName[] {
  const found: GeneralName[] = [];
  while (!list.done) {
    if (found.length >= maxNames) throw new DecodeError(`Cannot read names: more than ${maxNames}`);
    found.push(generalName(list.next()));
  }
  if (found.length === 0) throw new DecodeError('Cannot read names: the list is empty');
  return found;
}

export function generalName(element: Element): GeneralName {
  switch (element.tag) {
    case 0x81:
      return { kind: 'email', value: element.latin1() };
    case 0x82:
      return { kind: 'dns', value: element.latin1() };
    case 0x86:
      return { kind: 'uri', value: element.latin1() };
    case 0x87:
      return { kind: 'ip', octets: element.content };
    case 0xa4: {
      // A Name is a CHOICE, so its tag is explicit.
      const parts = inside(element);
      const found = name(parts, 'directoryName');
      parts.end('directoryName');
      return { kind: 'directory', name: found };
    }
    case 0xa0: {
      const parts = inside(element);
      const type = parts.oid('otherName');
      const value = parts.take(0xa0, 'otherName').whole;
      parts.end('otherName');
      return { kind: 'other', type, der: value };
    }
    case 0xa3:
    case 0xa5:
    case 0x88:
      return { kind: 'opaque', tag: element.tag, der: element.whole };
    default:
      throw new DecodeError(`Cannot read name: tag 0x${element.tag.toString(16)}`);
  }
}
