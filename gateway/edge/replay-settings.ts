import type { Settings } from '../model/settings.ts';

/** The settings of a replay: one port, listening only, so that nothing is challenged or enforced. */
export const replaySettings: Settings = {
  dataFolder: '',
  policyFolders: [],
  network: { kind: 'listen', ports: ['file'] },
  page: { host: '127.0.0.1', port: 0 },
  attestation: { host: '127.0.0.1', port: 0 },
  zones: [
    {
      name: 'capture',
      mode: 'observe',
      default: true,
      challenge: false,
      challengePorts: [],
      evidenceTtlSeconds: 3600,
      graceSeconds: 900,
      otherwise: 'hold',
    },
  ],
  browseMdns: false,
};
