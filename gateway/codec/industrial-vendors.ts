/**
 * Vendor ids that industrial protocols carry: those that are common on plant LANs, from the public registers of ODVA (CIP vendor ids), PI
 * (manufacturer ids of PROFIBUS and PROFINET) and ASHRAE (bacnet.org, assigned vendor ids), in short form. Others print as `unknown-<n>`.
 */
export const cipVendors = {
  1: 'Rockwell Automation',
  26: 'Festo',
  40: 'WAGO',
  44: 'Yaskawa',
  46: 'ABB',
  47: 'Omron',
  90: 'HMS Industrial Networks',
  97: 'Danfoss',
  108: 'Beckhoff',
  145: 'Siemens',
  161: 'Mitsubishi Electric',
  243: 'Schneider Electric',
  283: 'Hilscher',
  562: 'Phoenix Contact',
  678: 'Cognex',
  808: 'SICK',
} as const;

export const profinetVendors = {
  0x002a: 'Siemens',
  0x00b0: 'Phoenix Contact',
  0x010a: 'SEW-EURODRIVE',
  0x010c: 'HMS Industrial Networks',
  0x011d: 'WAGO',
} as const;

export const bacnetVendors = {
  0: 'ASHRAE',
  1: 'NIST',
  2: 'The Trane Company',
  3: 'Daikin Applied',
  5: 'Johnson Controls',
  7: 'Siemens',
  8: 'Delta Controls',
  10: 'Schneider Electric',
  17: 'Honeywell',
  18: 'Alerton',
  24: 'Automated Logic',
  35: 'Reliable Controls',
  36: 'Tridium',
} as const;

/** Entry of a table of codes, `unknown-<n>` when it has none. */
export const nameOf = (table: { readonly [code: number]: string }, code: number): string => table[code] ?? `unknown-${code}`;
