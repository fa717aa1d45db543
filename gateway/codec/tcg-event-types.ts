/** Event types of a measured boot (TCG PC Client Platform Firmware Profile §10.4.1). The type itself is never measured: whoever sends the log may change it. */
const tcgEventTypes: { readonly [type: number]: string } = {
  0x00: 'preboot-cert',
  0x01: 'post-code',
  0x02: 'unused',
  0x03: 'no-action',
  0x04: 'separator',
  0x05: 'action',
  0x06: 'event-tag',
  0x07: 's-crtm-contents',
  0x08: 's-crtm-version',
  0x09: 'cpu-microcode',
  0x0a: 'platform-config-flags',
  0x0b: 'table-of-devices',
  0x0c: 'compact-hash',
  0x0d: 'ipl',
  0x0e: 'ipl-partition-data',
  0x0f: 'nonhost-code',
  0x10: 'nonhost-config',
  0x11: 'nonhost-info',
  0x12: 'omit-boot-device-events',
  0x80000001: 'efi-variable-driver-config',
  0x80000002: 'efi-variable-boot',
  0x80000003: 'efi-boot-services-application',
  0x80000004: 'efi-boot-services-driver',
  0x80000005: 'efi-runtime-services-driver',
  0x80000006: 'efi-gpt-event',
  0x80000007: 'efi-action',
  0x80000008: 'efi-platform-firmware-blob',
  0x80000009: 'efi-handoff-tables',
  0x8000000a: 'efi-platform-firmware-blob2',
  0x8000000b: 'efi-handoff-tables2',
  0x8000000c: 'efi-variable-boot2',
  0x8000000d: 'efi-gpt-event2',
  0x80000010: 'efi-hcrtm-event',
  0x800000e0: 'efi-variable-authority',
  0x800000e1: 'efi-spdm-firmware-blob',
  0x800000e2: 'efi-spdm-firmware-config',
  0x800000e3: 'efi-spdm-device-policy',
  0x800000e4: 'efi-spdm-device-authority',
};

export const noAction = 0x03;
export const separator = 0x04;

/** The name of a type, `unknown-<n>` when the profile has none. */
export const tcgEventType = (type: number): string => tcgEventTypes[type] ?? `unknown-${type}`;
