/** What the suites want refused and we accept, each with its reason: rules for issuers, whose breach gives nobody a privilege. Old devices break many. */
export const accepted: readonly (readonly [RegExp, string])[] = [
  [/^crl::crlnumber/, 'RFC 5280 §5.2.3: that the extension is marked as critical changes nothing of what the CRL says'],
  [/^rfc5280::root-non-critical-basic-constraints$/, 'RFC 5280 §4.2.1.9: whether it is marked changes nothing, for we always read it'],
  [/^rfc5280::leaf-ku-keycertsign$/, 'RFC 5280 §4.2.1.9: a leaf without the CA bit issues nothing, whatever its key usage says'],
  [/^(rfc5280|webpki)::aki::/, 'RFC 5280 §4.2.1.1: key identifiers help to find an issuer and decide nothing; the signature does'],
  [/^rfc5280::ski::/, 'RFC 5280 §4.2.1.2: as with the identifier of the authority'],
  [/^rfc5280::nc::not-allowed-in-ee/, 'RFC 5280 §4.2.1.10: constraints of a certificate that issues nothing constrain nothing'],
  [/^rfc5280::nc::permitted-dns-match-noncritical$/, 'RFC 5280 §4.2.1.10: not marked as critical, and honoured all the same'],
  [/^rfc5280::pc::ica-noncritical-pc$/, 'RFC 5280 §4.2.1.11: not marked as critical, and honoured all the same'],
  [/^rfc5280::ca-empty-subject$/, 'RFC 5280 §4.1.2.6: names are compared as they are, and two empty ones are equal; the signature decides'],
  [/^rfc5280::san::noncritical/, 'RFC 5280 §4.2.1.6: whether it is marked changes nothing, for we always read it'],
  [/^rfc5280::serial::/, 'RFC 5280 §4.1.2.2: readers are to cope with such serial numbers'],
  [/^webpki::ca-as-leaf$/, 'Baseline Requirements §7.1.2.7: a device may well show a certificate that is a CA (DICE)'],
  [/^webpki::ee-basicconstraints-ca$/, 'Baseline Requirements §7.1.2.7: as above'],
  [/^webpki::malformed-aia$/, 'Baseline Requirements §7.1.2.7: where to ask is read by who asks'],
  [/^webpki::san::san-critical/, 'Baseline Requirements §7.1.2.7: whether it is marked changes nothing'],
  [/^webpki::forbidden-rsa-not-divisible-by-8/, 'Baseline Requirements §6.1.5: 2,052 bits are no weaker than 2,048'],
  [/^webpki::cn::/, 'Baseline Requirements §7.1.4.3: the common name is never looked at'],
  [/^webpki::eku::/, 'Baseline Requirements §7.1.2.7: how a purpose is marked, and that it is there at all'],
  [/^webpki::san::public-suffix/, 'which suffixes belong to nobody is a list that changes; no device is known by such a name'],
];

/** What the suites want accepted and we refuse. */
export const refused: readonly (readonly [RegExp, string])[] = [
  [/^pkits::signature::4\.1\.[45]/, 'DSA is not in the list of algorithms that we allow'],
];
