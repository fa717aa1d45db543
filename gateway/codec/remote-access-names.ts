/**
 * Domains that only programs and boxes for remote access ask for, by the name that people know. From what their makers tell
 * firewall administrators to open, and their own sites. A domain stands for all names below it.
 */
export const remoteAccessDomains: { readonly [domain: string]: string } = {
  'teamviewer.com': 'TeamViewer',
  'net.anydesk.com': 'AnyDesk',
  'tailscale.com': 'Tailscale',
  'tailscale.io': 'Tailscale',
  'zerotier.com': 'ZeroTier',
  'netbird.io': 'NetBird',
  'twingate.com': 'Twingate',
  'rustdesk.com': 'RustDesk',
  'splashtop.com': 'Splashtop',
  'logmein.com': 'LogMeIn',
  'logmeinrescue.com': 'LogMeIn Rescue',
  'screenconnect.com': 'ScreenConnect',
  'beyondtrustcloud.com': 'BeyondTrust',
  'dwservice.net': 'DWService',
  'remotedesktop-pa.googleapis.com': 'Chrome Remote Desktop',
  'realvnc.com': 'RealVNC',
  'parsec.app': 'Parsec',
  'ngrok.com': 'ngrok',
  'ngrok-agent.com': 'ngrok',
  'argotunnel.com': 'Cloudflare Tunnel',
  'cftunnel.com': 'Cloudflare Tunnel',
  'talk2m.com': 'Ewon Talk2M',
  'secomea.com': 'Secomea',
  'ixon.cloud': 'IXON',
  'mbconnect24.net': 'mbCONNECT24',
  'rms.teltonika-networks.com': 'Teltonika RMS',
  'cradlepointecm.com': 'Cradlepoint NetCloud',
  'jetkvm.com': 'JetKVM',
  'goodcloud.xyz': 'GL.iNet GoodCloud',
  'pikvm.org': 'PiKVM',
  'tinypilotkvm.com': 'TinyPilot',
};

/** Subjects of the certificates that such programs make for themselves, and show to each other on any port. */
const subjects: { readonly [subject: string]: string } = { 'CN=AnyDesk Client': 'AnyDesk' };

/** The product that shows a certificate with this subject, if any. */
export const remoteAccessSubject = (subject: string): string | undefined =>
  Object.hasOwn(subjects, subject) ? subjects[subject] : undefined;

const products = new Map(Object.entries(remoteAccessDomains));

/** The product that asks for this name (in lower case), if any. */
export function remoteAccessProduct(name: string): string | undefined {
  for (let at = 0; at >= 0; ) {
    const product = products.get(name.slice(at));
    if (product !== undefined) return product;
    const dot = name.indexOf('.', at);
    at = dot < 0 ? -1 : dot + 1;
  }
  return undefined;
}
