import { counted } from '../model/counted.ts';
import type { FileList, ShownFileList } from '../model/trust.ts';

/** Words about lists of files that devices may run, the same on the page and on the command line. They come of files: show them through `visibleText`. */
export const fileListSubject = ({ vendor, model, files, excludes }: ShownFileList): string =>
  `${vendor} ${model}, ${counted(files, 'file')}${excludes.length === 0 ? '' : `, all but ${excludes.join(', ')}`}`;

export const fileListDevices = ({ judged, odd }: ShownFileList): string =>
  judged === 0 ? 'no device is judged by it' : `${counted(judged, 'device')} judged by it, ${odd === 0 ? 'all good' : `${odd} not`}`;

/** One line for each file and digest. */
export const fileListLines = ({ files, excludes }: FileList): readonly string[] => [
  ...files.flatMap(([path, digests]) => digests.map(digest => `${path} ${digest}`)),
  ...excludes.map(path => `not judged: ${path}`),
];
