import type { AttestedIdentity, Evidence } from '../../model/attestation.ts';
import { sameBytes } from '../../codec/bytes.ts';
import { decodeMultiTcbInfo, decodeTcbInfo, decodeUeid, diceArc, diceOids, type TcbInfo } from '../../codec/dice.ts';
import { latin1 } from '../../codec/der.ts';
import { DecodeError } from '../../codec/reader.ts';
import { attribute, attributeTypes, printable } from '../../codec/x509-name.ts';
import { sameName } from '../../codec/x509-name-match.ts';
import { type Certificate, decodeCertificate } from '../../codec/x509.ts';
import { appraiseChain } from '../appraise.ts';
import type { Checks } from '../checks.ts';
import type { ChainClaims, MeasuredClaim } from '../claims.ts';
import { checkSize, sha256 } from '../evidence.ts';
import { checkPath, type Path } from '../path.ts';
import { type Context, scheme } from '../scheme.ts';
import type { Trust } from '../trust.ts';

/**
 * The certificate chain of a TLS server: an IDevID (IEEE 802.1AR) or a DICE chain (TCG DICE Attestation Architecture), whose leaf key
 * signed our handshake. Evidence is the union of the measurements over the whole path, each said by the key that signed its certificate.
 */
export const tlsX509 = scheme<ChainClaims>({
  name: 'tls-x509',
  spec: 'RFC 8446 §4.4.2, IEEE 802.1AR, TCG DICE Attestation Architecture 1.1',
  mediaTypes: ['application/vnd.sallyport.x509-chain'],
  freshBy: 'handshake',
  isEvidence,
  unverifiedLeaf,
  verify,
  appraise: appraiseChain,
});

function verify(evidence: Evidence, { trust, keys, now }: Context, checks: Checks): ChainClaims {
  checkSize(evidence.certificates);
  const chain = evidence.certificates.map(decodeCertificate);
  // Measurements of all certificates are read first: one that cannot be read is an error, never "no measurements".
  const contents = new Map(chain.map(certificate => [certificate, contentOf(certificate)]));
  checks.pass('readable', `${chain.length} certificates`);
  const path = checkPath(chain, trust.anchors, now, keys, trust.revocation);
  const extra = chain.filter(c => !path.certificates.includes(c) && !sameBytes(c.der, path.anchor.certificate.der)).length;
  const found = `up to ${path.anchor.name}${extra === 0 ? '' : `; ${extra} unrelated certificates take no part`}`;
  const untold = path.revocation?.filter(r => r.status === 'unknown') ?? [];
  if (untold.length === 0) checks.pass('chain', found);
  // Its anchor lets that pass, so it costs no admission; but nobody must take it for good.
  else
    checks.pass('chain', `${found}; nothing tells whether ${untold.length} of its certificates are revoked`, {
      seen: 'revocation unknown',
    });

  const measured = path.certificates.flatMap((certificate, i) => {
    const signer = path.certificates[i + 1] ?? path.anchor.certificate;
    const by = { key: sha256(signer.spki), name: signer.subject.text };
    return (contents.get(certificate)?.infos ?? []).map((info): MeasuredClaim => ({ ...info, by }));
  });
  const identity = identityOf(path, measured);
  checks.pass('identity', identity.subject, identity.serial === undefined ? {} : { seen: printable(identity.serial) });
  return {
    identity,
    anchor: path.anchor,
    measured,
    unappraised: path.certificates.flatMap(c => contents.get(c)?.unappraised ?? []),
    pathEnds: identity.notAfter,
  };
}

type Content = { readonly infos: readonly TcbInfo[]; readonly unappraised: readonly string[] };

/** The DICE extensions of one certificate. Throws DecodeError. */
function contentOf(certificate: Certificate): Content {
  const infos: TcbInfo[] = [];
  const unappraised: string[] = [];
  for (const { oid, value } of certificate.extensions) {
    if (oid === diceOids.tcbInfo) infos.push(decodeTcbInfo(value));
    else if (oid === diceOids.multiTcbInfo) infos.push(...decodeMultiTcbInfo(value));
    else if (oid === diceOids.ueid) decodeUeid(value);
    else if (measuring.has(oid)) unappraised.push(measuring.get(oid) ?? oid);
  }
  if (infos.some(info => info.hasRegisters)) unappraised.push('integrity registers');
  return { infos, unappraised };
}

/** Extensions that carry measurements in forms that nothing appraises yet. */
const measuring: ReadonlyMap<string, string> = new Map([
  [diceOids.multiTcbInfoComp, 'MultiTcbInfoComp'],
  ['2.23.133.5.4.6', 'UCCS Evidence'],
  ['2.23.133.5.4.7', 'manifest Evidence'],
  [diceOids.conceptualMessageWrapper, 'conceptual message wrapper'],
  ['1.3.6.1.5.5.7.1.35', 'conceptual message wrapper'],
  [diceOids.openDiceInput, 'Open DICE input'],
]);

/** Longest serial, UTF-16 units: X.520 allows 64 in a name, RFC 4108 any length. */
const maxSerial = 255;

/** Serial as 802.1AR has it: in the subject, else in the HardwareModuleName. */
const serialOf = (certificate: Certificate): string | undefined =>
  attribute(certificate.subject, attributeTypes.serialNumber) ?? certificate.hardwareModule?.serial;

/**
 * The certificate that stands for the device: the highest below the anchor that names an instance (serial or UEID). Nothing below it can
 * change it, since its issuer is the vendor. Without one: the issuer of the highest measurement (DICE DeviceID), else the leaf.
 */
function deviceCertificate(path: Path): Certificate {
  const { certificates } = path;
  const names = (c: Certificate): boolean => serialOf(c) !== undefined || c.extensions.some(e => e.oid === diceOids.ueid);
  const named = certificates.findLast(names);
  const measured = certificates.findLastIndex(hasDice);
  const found = named ?? (measured < 0 ? certificates[0] : (certificates[measured + 1] ?? certificates[measured]));
  return found ?? path.anchor.certificate;
}

function identityOf(path: Path, measured: readonly MeasuredClaim[]): AttestedIdentity {
  const device = deviceCertificate(path);
  const leaf = path.certificates[0] ?? device;
  const serial = serialOf(device);
  if (serial !== undefined && serial.length > maxSerial) throw new DecodeError(`Cannot read serial: ${serial.length} characters`);
  // The outermost layer is the one that people know the device by: certificates stand leaf first.
  const named = measured.find(c => c.model !== undefined) ?? measured[0];
  return {
    ...(serial === undefined ? {} : { serial }),
    subject: device.subject.text,
    issuer: device.issuer.text,
    deviceKey: sha256(device.spki),
    leafKey: sha256(leaf.spki),
    anchor: path.anchor.name,
    ...(named?.vendor === undefined ? {} : { vendor: named.vendor }),
    ...(named?.model === undefined ? {} : { model: named.model }),
    ...(named?.version === undefined ? {} : { version: named.version }),
    ...(named?.svn === undefined ? {} : { svn: named.svn.toString() }),
    notAfter: Math.min(...path.certificates.map(c => c.notAfter)),
  };
}

/** DICE extensions, or a DICE key purpose in extendedKeyUsage (Caliptra) or certificatePolicies (Oxide). */
const hasDice = (c: Certificate): boolean =>
  c.extensions.some(e => e.oid.startsWith(diceArc) || e.oid === diceOids.openDiceInput) ||
  [...c.extendedKeyUsage, ...c.policies].some(oid => oid.startsWith(diceArc));

/** DER of the OIDs that mark Evidence, for certificates that cannot be read: 2.23.133.5.4, Open DICE, HardwareModuleName. */
const marks = ['\x67\x81\x05\x05\x04', '\x2b\x06\x01\x04\x01\xd6\x79\x02\x01\x18', '\x2b\x06\x01\x05\x05\x07\x08\x04'];

/**
 * Whether a chain that failed claims to be Evidence: DICE content or a HardwareModuleName anywhere; or a serial number in a chain that
 * names one of our anchors. A serial number alone is found in printers' self-signed certificates too.
 */
function isEvidence(evidence: Evidence, trust: Trust): boolean {
  return evidence.certificates.some(der => {
    const certificate = tryDecode(der);
    if (certificate === undefined) return marks.some(mark => latin1(der).includes(mark));
    if (hasDice(certificate) || certificate.hardwareModule !== undefined) return true;
    return serialOf(certificate) !== undefined && trust.anchors.some(a => sameName(a.certificate.subject, certificate.issuer));
  });
}

function unverifiedLeaf(evidence: Evidence): { readonly leafKey?: string; readonly subject?: string } {
  const leaf = tryDecode(evidence.certificates[0] ?? new Uint8Array());
  return leaf === undefined ? {} : { leafKey: sha256(leaf.spki), subject: leaf.subject.text };
}

function tryDecode(der: Uint8Array): Certificate | undefined {
  try {
    return decodeCertificate(der);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return undefined;
  }
}
