/** The same name on the page and on the command line is one person. Who is root can be anybody: this guards against slips and one stolen account. */
export const personOf = (by: string): string => by.replace(/^local:/, '').toLowerCase();

/** What a person or a token may do, each all that the one before may: `viewer` reads and exports, `operator` decides about devices, `admin` all else. */
export const userRoles = ['viewer', 'operator', 'admin'] as const;
export type UserRole = (typeof userRoles)[number];

/** True iff who has this role may do what needs that one. */
export const mayDo = (role: UserRole, needed: UserRole): boolean => userRoles.indexOf(role) >= userRoles.indexOf(needed);
