import { openWhole, tags } from '../../codec/der.ts';
import { DecodeError } from '../../codec/reader.ts';
import { extensionOids } from '../../codec/x509-extension.ts';
import { generalNames } from '../../codec/x509-general-name.ts';
import { attribute } from '../../codec/x509-name.ts';
import type { Certificate } from '../../codec/x509.ts';

/** The machine that a TPM stands in. What is absent the certificate does not say. */
export type Platform = { readonly vendor?: string; readonly model?: string; readonly serial?: string };

/** Attributes of the platform in a directory name: TCG Platform Certificate Profile 1.1 §3, and before them those of TCG Credential Profiles 1.2 §3.2.9. */
const types = {
  vendor: ['2.23.133.5.1.1', '2.23.133.2.4'],
  model: ['2.23.133.5.1.4', '2.23.133.2.5'],
  serial: ['2.23.133.5.1.6'],
} as const;
const maxText = 200;

/**
 * What the CA of a TPM key says of the machine, in the directory names of subjectAltName. The names of the TPM itself (manufacturer, part, firmware) are not it:
 * one part is in the machines of many vendors. Throws DecodeError.
 */
export function platformIn({ extensions }: Certificate): Platform {
  const value = extensions.find(({ oid }) => oid === extensionOids.subjectAltName)?.value;
  if (value === undefined) return {};
  const names = generalNames(openWhole(value, tags.sequence, 'subjectAltName')).flatMap(one =>
    one.kind === 'directory' ? [one.name] : [],
  );
  const said = (field: keyof typeof types): string | undefined => {
    const text = types[field].flatMap(type => names.flatMap(name => attribute(name, type) ?? []))[0];
    if (text !== undefined && text.length > maxText)
      throw new DecodeError(`Cannot read platform: its ${field} has ${text.length} characters`);
    return text === '' ? undefined : text;
  };
  const [vendor, model, serial] = [said('vendor'), said('model'), said('serial')];
  return {
    ...(vendor === undefined ? {} : { vendor }),
    ...(model === undefined ? {} : { model }),
    ...(serial === undefined ? {} : { serial }),
  };
}
