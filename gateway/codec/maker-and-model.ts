import { bacnetVendors, cipVendors, profinetVendors } from './industrial-vendors.ts';

/** Makers whose devices begin their free text with the name. */
const makers: ReadonlySet<string> = new Set([cipVendors, profinetVendors, bacnetVendors].flatMap(table => Object.values(table)));
/** What stands between the maker's name and the first word for something else. Without a digit it is no model. */
const modelWords =
  /^(?: (?:AG|GmbH|SE|KG|Inc|Ltd|Corp|Co)\b\.?)* ([\w][\w ./+-]{1,47}?)(?=$| ?[,;(]| (?:FW|F\/W|HW|SW|S\/N|SN|V\d|firmware|hardware|software|version|serial|rev)\b)/i;

/** Maker and model at the start of free text, as agents and pages write it: `Schneider Electric Modicon M340 V3.1`. Undefined when no known maker stands there. */
export function makerAndModel(text: string): { readonly maker: string; readonly model?: string } | undefined {
  const maker = [...makers].find(name => text.startsWith(name) && !/\w/.test(text[name.length] ?? ''));
  if (maker === undefined) return undefined;
  const model = modelWords.exec(text.slice(maker.length))?.[1];
  return { maker, ...(model === undefined || !/\d/.test(model) ? {} : { model }) };
}
