/** Does something as this user, and is root again; nothing changes for whoever is not root. */
export function asUser<T>(uid: number, gid: number, act: () => T): T {
  const { setegid, seteuid } = process;
  if (process.getuid?.() !== 0 || setegid === undefined || seteuid === undefined) return act();
  setegid(gid);
  seteuid(uid);
  try {
    return act();
  } finally {
    seteuid(0);
    setegid(0);
  }
}
