const faults: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'part of the path is no folder',
  EISDIR: 'it is a folder',
  EACCES: 'you may not open it',
  EPERM: 'you may not open it',
  ENOSPC: 'the disk is full',
  EROFS: 'its file system is read-only',
  ELOOP: 'its links lead in a circle',
};

/** What is wrong with a file, in words, by the code of the system's error; where there are no words, its own. */
export const fileFault = (error: Error): string =>
  ('code' in error && typeof error.code === 'string' ? faults[error.code] : undefined) ?? error.message;
