/** The verbs of the CLI that ask a running gateway. */
export const clientVerbs = [
  'devices',
  'why',
  'attest',
  'approve',
  'quarantine',
  'release',
  'link',
  'unlink',
  'set',
  'pause',
  'zone',
  'probes',
  'trust',
  'reference',
  'export',
  'coverage',
  'journal',
  'user',
] as const;
export type ClientVerb = (typeof clientVerbs)[number];

const device = 'DEVICE is an id (d7), a MAC in any spelling, an IP address, a serial or a hostname.';
const common = `  --data DIR       data folder of the gateway (default /var/lib/sallyport)
  --json           the answer as JSON
  --help           this text`;
const codes = 'Exit codes: 0 good, 1 wrong call or failure of ours, 2 findings, 3 contraindicated or denied, 4 nothing known.';

/** What `--help` prints. */
export const help: Record<ClientVerb, string> = {
  devices: `Usage: sallyport devices [options]

Lists every device: state, name, MAC, address, port, what it proved, what is allowed, what the network does, and why.

${common}

${codes} The worst device decides.
`,
  why: `Usage: sallyport why DEVICE [options]

Says in one sentence what the device is, what it proved, which rule decided and what the network does; then each check in order.
What it proved is of its last challenge: sallyport attest DEVICE challenges it now.
${device}

${common}

${codes}
`,
  attest: `Usage: sallyport attest DEVICE [--wait] [--reason TEXT] [options]

Challenges a device now and prints what came of it: each check in its order, what the device proved, and what to do next. Waits for one
answer, 20 seconds at most.
${device}

  --wait           ask again until the device has been judged, for 10 minutes at most: for one that sleeps
  --reason TEXT    3 to 500 characters, kept in the journal (default: asked on the command line)
${common}

Exit codes: 0 affirming, 1 wrong call or failure of ours, 2 warning, 3 contraindicated, 4 nothing was proved, or no answer
`,
  user: `Usage: sallyport user [list]
       sallyport user add NAME [--role ROLE] --reason TEXT
       sallyport user role NAME ROLE --reason TEXT
       sallyport user remove NAME --reason TEXT
       sallyport user token NAME [--role ROLE] [--for SPAN] --reason TEXT
       sallyport user revoke NAME --reason TEXT

Says who may sign in on the page, and as what. ROLE is one of
  viewer           sees and exports everything, changes nothing
  operator         also decides about devices: approve, waive, quarantine, release, attest, link, set fields, pause; stops probes, and says
                   which devices are asked now or never
  admin            also zones, arming probes, whom the gateway trusts, reference values and baselines, and users
add gives a one-time code for one name, with which that person opens the account there and sets a password; who forgot a password is
removed and added again. A new role or a removal counts at once, also for what is open. The last admin stays admin.
token makes a token for a program, told once, for the header "Authorization: Bearer TOKEN" (what changes something needs "x-sallyport: 1"
as well); where two persons are needed it is none.
Only who may open the control socket (root, who is admin) lets people and programs in. Accounts older than roles are admin.

  --role ROLE      as what (default: add operator, token viewer)
  --for SPAN       how long the token is good: 12h, 90d (default), at most 366d
  --reason TEXT    3 to 500 characters, kept in the journal
${common}

Exit codes: 0 good or done, 1 refused or failed, 4 nobody, or nobody of that name
`,
  journal: `Usage: sallyport journal [alarms|people|gateway] [--limit N] [options]

Prints what happened on the site, the newest last: alarms, what people decided and why, and how the gateway itself fared. Alarms tell
people and cut nothing. What a device said and how it was judged stands in its own timeline (the page, or sallyport why DEVICE --json).

  --limit N        as many of the newest; at most 10000 (default 50)
${common}

Exit codes: 0 good, 1 wrong call or failure of ours, 4 nothing of that happened
`,
  coverage: `Usage: sallyport coverage [options]

Says what cannot be seen from here, a sentence each with what to do about it: ports that several devices share, switches and
access points of others, hosts behind routers, VLANs of which only broadcast arrives.

${common}

Exit codes: 0 nothing but what the set-up says, 1 wrong call or failure of ours, 2 something is not seen, 4 nothing known
`,
  approve: `Usage: sallyport approve DEVICE --for 4h|--until INSTANT|--for-good --reason TEXT [options]

Lets a device use the network that cannot prove itself. The approval lapses when it shows failed Evidence or another key.
${device}

  --for SPAN       30m, 4h, 2d
  --until INSTANT  2026-03-01 (its end in UTC) or 2026-03-01T18:00Z
  --for-good       without an end
  --reason TEXT    3 to 500 characters, kept in the journal
${common}

Exit codes: 0 done, 1 refused or failed, 4 no such device
`,
  quarantine: `Usage: sallyport quarantine DEVICE --reason TEXT [options]

Cuts a device from the network until somebody releases it. A device with several interfaces is cut at all of them, or at one: which is
asked for.
${device}

  --all            every interface that counts as this device; they are listed when neither this nor --alone is given
  --alone          this interface only
  --reason TEXT    3 to 500 characters, kept in the journal
${common}

Exit codes: 0 done, 1 refused or failed, 4 no such device
`,
  release: `Usage: sallyport release DEVICE --reason TEXT [options]

Ends a person's decision about a device (approval, waiver or block): rules and proof alone decide from then on. Interfaces that were cut
together are released together.
${device}

  --reason TEXT    3 to 500 characters, kept in the journal
${common}

Exit codes: 0 done, 1 refused or failed, 4 no such device
`,
  link: `Usage: sallyport link DEVICE DEVICE --reason TEXT [options]

Counts two rows as one device, as a host with two network cards is: a quarantine of one cuts both. It lets neither in.
${device}

  --reason TEXT    3 to 500 characters, kept in the journal
${common}

Exit codes: 0 done, 1 refused or failed, 4 no such device
`,
  unlink: `Usage: sallyport unlink DEVICE --reason TEXT [options]

Takes a row out of the device that it was counted to. What it says alike with the others links them no more.
${device}

  --reason TEXT    3 to 500 characters, kept in the journal
${common}

Exit codes: 0 done, 1 refused or failed, 4 no such device
`,
  set: `Usage: sallyport set DEVICE FIELD VALUE --reason TEXT [options]
       sallyport set DEVICE FIELD --unlock --reason TEXT [options]

Sets a field of a device and locks it: what is observed is shown beside it and does not replace it. --unlock gives it back to what is
observed.
FIELD is hostname, kind, vendor, model or location.
${device}

  --unlock         no VALUE: what is observed stands again
  --reason TEXT    3 to 500 characters, kept in the journal
${common}

Exit codes: 0 done, 1 refused or failed, 4 no such device
`,
  pause: `Usage: sallyport pause --for 30m --reason TEXT [options]
       sallyport pause --off --reason TEXT [options]

Pauses enforcement on the whole site: every device passes. It ends by itself, or with --off.

  --for SPAN       10m, 2h; at most 24h (default 30m)
  --off            end the pause now
  --reason TEXT    3 to 500 characters, kept in the journal
${common}

Exit codes: 0 done, 1 refused or failed
`,
  zone: `Usage: sallyport zone [list] [options]
       sallyport zone show ZONE
       sallyport zone set ZONE observe|enforce [--yes] --reason TEXT

Says what each zone does with its devices, and whom its mode cuts. observe records and cuts nothing; enforce holds what is pending and
quarantines what is denied. set says first whom it would cut, or let pass; without --yes it only says that. Zones themselves (ports, VLANs,
challenges) stand in settings.json; a mode that is set here counts more than the one there, also after a restart.

  --yes            do it
  --reason TEXT    3 to 500 characters, kept in the journal with who did it
${common}

Exit codes: 0 good or done, 1 refused or failed, 2 not done yet: say --yes, 4 no such zone
`,
  probes: `Usage: sallyport probes [options]
       sallyport probes arm ZONE --for 1h --reason TEXT [--mode broadcast|known-devices] [--wide]
       sallyport probes stop [--zone ZONE] [--reason TEXT]
       sallyport probes never DEVICE --reason TEXT [--off]
       sallyport probes ask DEVICE --reason TEXT

Shows what the gateway asks on the wire by itself: which zones are armed, by whom and until when, what runs, who is left alone and why,
and how the last probes ended. Nothing is ever asked before a person arms a zone; a stop works at once and holds until somebody arms again.
${device}

  arm              broadcast: questions to everybody; known-devices: also to devices that were seen to speak the protocol
  never            nobody asks this device anything, attestation challenges included; --off allows it again
  ask              asks a device now all that it can be asked, though it was asked today
  --for SPAN       30m, 2h; at most 8h (default 1h)
  --mode MODE      default broadcast
  --wide           sweep more than 1022 addresses too
  --zone ZONE      stop there only
  --reason TEXT    3 to 500 characters, kept in the journal
${common}

Exit codes: 0 good, 1 refused or failed, 2 something is armed, 4 no such device
`,
  trust: `Usage: sallyport trust [list]
       sallyport trust show ANCHOR
       sallyport trust add FILE.pem --source TEXT --reason TEXT [--name NAME] [--uses LIST] [--vendor TEXT] [--zone LIST]
                       [--until INSTANT] [--note TEXT]
       sallyport trust add KEY.pem --source TEXT --reason TEXT [--name NAME] [--most warning|affirming] [--max-age SPAN]
                       [--audience TEXT] [--vendor TEXT] [--zone LIST] [--until INSTANT] [--note TEXT]
       sallyport trust approve ANCHOR --reason TEXT [--yes]
       sallyport trust remove ANCHOR --reason TEXT
       sallyport trust expire ANCHOR [--until INSTANT] --reason TEXT
       sallyport trust enrolled [list | show DEVICE | forget DEVICE --reason TEXT]

Whose certificates are believed: anchors in files of policies/anchors, which are changed there, and those that people bring here. One
person adds an anchor, another approves it after seeing which devices it would newly admit; without --yes it only shows that. Either
takes it away. A public key instead of a certificate is that of another Verifier, whose Attestation Results (EAR) then count: the same
two persons.
ANCHOR is a name, or 8 or more digits of its SHA-256.
TPMs of devices enrol attestation keys by themselves: enrolled lists them. One that is forgotten proves nothing any more; the device is
asked anew, and its TPM may enrol again. DEVICE is its id, or the name under which it enrolled.

  --source TEXT    where it came from; --note TEXT: how its fingerprint was checked
  --name NAME      how people call it (default: the name of the file)
  --uses LIST      identity (default), attest, tpm-ek, reference-signer, matter-paa, cd-signer, cd-signer-test; identity,attest for
                   a CA that also certifies keys which sign tokens (EAT, PSA) or SPDM measurements
  --vendor TEXT    the vendor that it speaks for, in place of the O of its subject
  --model TEXT     the model of devices below it that attest by TPM or token and whose certificates name none
  --most STATUS    the best that a Verifier's word gives a device: warning (default) or affirming
  --max-age SPAN   how old its results may be: 10m, 1h (default), at most 7d; --audience TEXT: whom they must be for, if they say
  --zone LIST      zones in which it counts (default: all)
  --until INSTANT  2027-03-01 (its end in UTC) or 2027-03-01T18:00Z; expire without it: now. Later than before is refused
  --reason TEXT    3 to 500 characters, kept in the journal
${common}

Exit codes: 0 good or done, 1 refused or failed, 2 something waits for approval or has ended, 4 no such anchor or key
`,
  reference: `Usage: sallyport reference [list] [options]
       sallyport reference show SET
       sallyport reference diff SET SET
       sallyport reference add FILE [--signature FILE] --reason TEXT
       sallyport reference activate SET [--replaces SET ... [--for 7d] | --beside] --reason TEXT
       sallyport reference expire SET --reason TEXT
       sallyport reference revoke SET --reason TEXT
       sallyport reference baseline DEVICE --reason TEXT

Says which firmware is known to be good, who signed for it and where each set stands: staged, active, superseded or revoked.
SET is its key or the beginning of it, or its file where that holds one set. list and show know the lists of files that devices may run
(X.ima.yaml) too, by file or by where one stands in it. Files of policies/reference-values are in force by themselves;
an update (SUIT) of a class that has reference values already waits to be activated.
${device}

  add              a .json, .corim or .suit file whose signature is good, up to 45 kB; it is staged
  activate         puts it into force; with --replaces and --for old and new are accepted until then, and the old no more after that
  expire           accepted no more: devices that measure it are denied as too old
  revoke           counts as bad: devices that leaned on it fail at once, are judged again and challenged anew
  baseline         what the device measures today is its good state, where nobody signs for it: a warning as long as it stays so
  --for SPAN       12h, 7d; at most 90d
  --beside         it takes nobody's place, though others of its class are in force
  --signature FILE detached signature, where the file carries none
  --reason TEXT    3 to 500 characters, kept in the journal
${common}

Exit codes: 0 good, 1 refused or failed, 2 not in force or different, 3 revoked, 4 nothing known
`,
  export: `Usage: sallyport export [--format csv|jsonl|cyclonedx|ear|journal] [--as-of INSTANT] [--output FILE] [options]

Writes the inventory: each row with the four axes, the reason code, the rule, who allowed it until when, digest seen and expected.
With --as-of as it stood then: what was on the net, what it had proved, who had let it in and until when. It is folded from the journal,
whose hash chain is followed on the way; the last event and its hash are said on standard error. The journal keeps no sightings: presence
is empty then, and last_seen is the latest event that the device caused. Where no gateway answers, it is folded
from the journal in its folder.

  --format NAME    csv (RFC 4180, safe for spreadsheets), jsonl (lossless), cyclonedx (1.6, JSON: a device each, what it measured as
                   firmware inside, what it proved as claims), or ear: a signed Attestation Result for each device whose
                   proof still counts, as JSON Lines; the key stands at /.well-known/jwks.json of the page; or journal: every event as
                   JSON Lines, its hash = SHA-256 of prev and of {"at","body","seq"} with sorted keys and no spaces. Default csv
  --as-of INSTANT  2026-03-01 (its end in UTC) or 2026-03-01T18:00Z; csv, jsonl and cyclonedx only
  --output FILE    a file of mode 0600 instead of the standard output
  --data DIR       data folder of the gateway (default /var/lib/sallyport)
  --help           this text

Exit codes: 0 good, 1 wrong call or failure of ours, 4 nothing known
`,
};
